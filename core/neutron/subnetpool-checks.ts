/** What a subnet pool may not be, by itself and beside the others. */
import { familyOf, widthOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import { common, compacted, without } from "../net/prefix-set.ts";
import { isAdmin } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import { maySee } from "../policy/may.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { addressScopeDecisions, strangerOn } from "./address-scope-decisions.ts";
import { addressScope } from "./address-scope.ts";
import type { Cloud } from "./cloud.ts";
import { invalidInput } from "./refusals.ts";
import { write } from "./rules.ts";
import type { Ask } from "./rules.ts";
import * as refusal from "./subnetpool-refusals.ts";
import type { Subnetpool, SubnetpoolPatch } from "./subnetpool.ts";

/** A pool, and what is said of it. */
export interface Changing {
  readonly row: Subnetpool;
  readonly patch: SubnetpoolPatch;
}

/** The pool as it would be, with everything checked but that it only grows. */
export function changedPool(cloud: Cloud, { row, patch }: Changing, { who }: Pick<Ask, "who">): Result<Subnetpool> {
  const blocks = prefixesOf(patch.prefixes ?? row.prefixes);
  if (!blocks.ok) return blocks;
  if (blocks.value.ip_version !== row.ip_version) return refused(refusal.mixedPrefixes);
  const lengths = lengthsOf(row.ip_version, { ...row, ...patch });
  if (!lengths.ok) return lengths;
  const next: Subnetpool = { ...row, ...patch, ...lengths.value, ...blocks.value };
  const wrong =
    secondDefault(cloud, next) ?? changesOthersScope(cloud, row, who) ?? wrongScope(cloud, next, who) ?? partsNetworks(cloud, row, next);
  return wrong === undefined ? ok(next) : refused(wrong);
}

/** The family of a pool's prefixes, and these in as few as can be. */
export interface Prefixes {
  readonly ip_version: Family;
  readonly prefixes: readonly Cidr[];
}

export function prefixesOf(said: readonly Cidr[]): Result<Prefixes> {
  const [first] = said;
  if (first === undefined) return refused(refusal.noPrefixes);
  if (said.some((prefix) => familyOf(prefix) !== familyOf(first))) return refused(refusal.mixedPrefixes);
  return ok({ ip_version: familyOf(first), prefixes: compacted(said) });
}

/** Lengths of blocks, as texts; what is not said follows from the family. */
export interface Lengths {
  readonly min_prefixlen: string;
  readonly max_prefixlen: string;
  readonly default_prefixlen: string;
}

const LEAST = { 4: "8", 6: "64" } as const;

export function lengthsOf(family: Family, { min_prefixlen: least = LEAST[family], ...said }: Partial<Lengths>): Result<Lengths> {
  const { max_prefixlen: most = String(widthOf(family)), default_prefixlen: usual = least } = said;
  const lengths: Lengths = { min_prefixlen: least, max_prefixlen: most, default_prefixlen: usual };
  const [min, max, middle] = [bound(lengths, "min_prefixlen"), bound(lengths, "max_prefixlen"), bound(lengths, "default_prefixlen")];
  if (min.length > max.length) return refused(refusal.wrongBounds(min, max));
  const end = { name: "ip_version_max", length: widthOf(family) };
  if (max.length > end.length) return refused(refusal.wrongBounds(max, end));
  if (middle.length < min.length) return refused(refusal.wrongBounds(middle, min));
  return middle.length > max.length ? refused(refusal.wrongBounds(middle, max)) : ok(lengths);
}

function bound(lengths: Lengths, name: keyof Lengths): refusal.Bound {
  return { name, length: Number(lengths[name]) };
}

/** One pool of each family can be the default. */
export function secondDefault(cloud: Cloud, pool: Subnetpool): Refusal | undefined {
  const other = pool.is_default ? defaultPool(cloud, pool.ip_version) : undefined;
  if (other === undefined || other.id === pool.id) return undefined;
  return invalidInput("A default subnetpool for this IP family has already been set. Only one default may exist per IP family");
}

export function defaultPool(cloud: Cloud, family: Family): Subnetpool | undefined {
  for (const pool of cloud.all("subnetpool")) if (pool.is_default && pool.ip_version === family) return pool;
  return undefined;
}

/** The scope that the pool is to be in: seen by who asks, of its family, with no address of the pool in another pool. */
export function wrongScope(cloud: Cloud, pool: Subnetpool, who: Who): Refusal | undefined {
  if (pool.address_scope_id === null) return undefined;
  const scope = cloud.get("address_scope", pool.address_scope_id);
  if (
    scope === undefined ||
    !maySee(addressScope, {
      who,
      target: { ...addressScopeDecisions.target(cloud, scope, who), fields: scope },
      policy: cloud.settings.policy,
    })
  )
    return refusal.scopeNotFound(pool.address_scope_id);
  if (scope.ip_version !== pool.ip_version) return refusal.scopeOfOtherFamily(pool.id, scope);
  for (const other of cloud.by("subnetpool", "address_scope_id", scope.id))
    if (other.id !== pool.id && common(other.prefixes, pool.prefixes).length > 0) return refusal.scopeConflict;
  return undefined;
}

/** A pool in the scope of another project is changed by administrators alone: its owner might overlap what others have there. */
export function changesOthersScope(cloud: Cloud, pool: Subnetpool, who: Who): Refusal | undefined {
  const scope = pool.address_scope_id === null ? undefined : cloud.get("address_scope", pool.address_scope_id);
  if (scope === undefined || isAdmin(who) || scope.project_id === who.project) return undefined;
  return refusal.wrongPoolUpdate(`subnetpool ${pool.id} cannot be updated when associated with shared address scope ${scope.id}`);
}

/** With the pool, its subnets change their scope; the others on their networks do not. */
export function partsNetworks(cloud: Cloud, before: Subnetpool, next: Subnetpool): Refusal | undefined {
  if (before.address_scope_id === next.address_scope_id) return undefined;
  return cloud.attempt((put) => {
    put([write("subnetpool", next.id, next)]);
    for (const subnet of cloud.by("subnet", "subnetpool_id", next.id)) {
      const wrong = strangerOn(cloud, subnet);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  });
}

/** Blocks that were cut out of the pool stay in it. */
export function losesBlocks(cloud: Cloud, next: Subnetpool): Refusal | undefined {
  const blocks = [...cloud.by("subnet", "subnetpool_id", next.id)].map(({ cidr }) => cidr);
  const [lost] = without(blocks, next.prefixes);
  return lost === undefined ? undefined : refusal.wrongPrefixes(`${lost} is in use by a subnet`);
}
