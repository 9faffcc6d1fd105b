/**
 * The block of a new subnet: the one that is said, or one that a pool has left. What a pool has left is free in the whole
 * cloud, so that a subnet cut out of a pool is never refused for lying on another.
 */
import { rangesOf } from "../datacenter/ranges.ts";
import { widthOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import { contains, covers, lengthOf, sizeOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { common, firstFit, without } from "../net/prefix-set.ts";
import { maySee } from "../policy/may.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { invalidInput } from "./refusals.ts";
import { sharingFor } from "./sharing.ts";
import type { NewSubnet } from "./subnet.ts";
import { defaultPool } from "./subnetpool-checks.ts";
import * as refusal from "./subnetpool-refusals.ts";
import { subnetpool } from "./subnetpool.ts";
import type { Subnetpool } from "./subnetpool.ts";

export interface Block {
  readonly cidr: Cidr;
  /** The pool that it was cut out of. */
  readonly subnetpool_id: string | null;
}

export function blockFor(cloud: Cloud, input: NewSubnet, who: Who): Result<Block> {
  const { cidr, prefixlen } = input;
  const pool = poolFor(cloud, input, who);
  if (!pool.ok) return pool;
  if (pool.value !== undefined && pool.value.ip_version !== input.ip_version)
    return refused(refusal.otherFamily(input.ip_version, pool.value.ip_version));
  if (typeof cidr === "string" && prefixlen !== undefined) return refused(refusal.blockAndLength);
  if (pool.value === undefined) return typeof cidr === "string" ? ok({ cidr, subnetpool_id: null }) : refused(refusal.noBlock);
  const cut = typeof cidr === "string" ? namedBlock(cloud, pool.value, { cidr, input }) : someBlock(cloud, pool.value, input);
  return cut.ok ? ok({ cidr: cut.value, subnetpool_id: pool.value.id }) : cut;
}

/** The pool that is said; a pool that the asker cannot see is not there. */
function poolFor(
  cloud: Cloud,
  { subnetpool_id: id, use_default_subnetpool: usual, ip_version: family }: NewSubnet,
  who: Who,
): Result<Subnetpool | undefined> {
  if (usual && id !== null) return refused(refusal.twoPools);
  if (!usual && id === null) return ok(undefined);
  const pool = id === null ? defaultPool(cloud, family) : cloud.get("subnetpool", id);
  if (pool !== undefined && sees(cloud, pool, who)) return ok(pool);
  return refused(id === null ? refusal.noDefaultPool(family) : refusal.poolNotFound(id));
}

function sees(cloud: Cloud, pool: Subnetpool, who: Who): boolean {
  const target = { owner: pool.project_id, ...sharingFor(cloud, pool.id, who) };
  return maySee(subnetpool, { who, target, policy: cloud.settings.policy });
}

function namedBlock(cloud: Cloud, pool: Subnetpool, { cidr, input }: { readonly cidr: Cidr; readonly input: NewSubnet }): Result<Cidr> {
  const wrong = wrongLength(cloud, pool, { length: lengthOf(cidr), project: input.project_id });
  if (wrong !== undefined) return refused(wrong);
  const fits = freeOf(cloud, pool).some((free) => covers(free, cidr));
  return fits ? ok(cidr) : refused(refusal.notAllocated("Cannot allocate requested subnet from the available set of prefixes"));
}

function someBlock(cloud: Cloud, pool: Subnetpool, input: NewSubnet): Result<Cidr> {
  if (input.allocation_pools !== undefined) return refused(refusal.poolsOfUnknownBlock);
  const length = input.prefixlen ?? Number(pool.default_prefixlen);
  const wrong = wrongLength(cloud, pool, { length, project: input.project_id });
  if (wrong !== undefined) return refused(wrong);
  const cidr = firstFit(freeOf(cloud, pool), length);
  if (cidr === undefined) return refused(refusal.notAllocated(`Insufficient prefix space to allocate subnet size /${length}`));
  const { gateway_ip: gateway } = input;
  const outside = typeof gateway === "string" && !contains(cidr, gateway);
  return outside
    ? refused(invalidInput(`gateway_ip ${gateway} does not lie in ${cidr}, the block that the pool has for the subnet`))
    : ok(cidr);
}

interface Wanted {
  readonly length: number;
  readonly project: string;
}

function wrongLength(cloud: Cloud, pool: Subnetpool, { length, project }: Wanted): Refusal | undefined {
  const [least, most] = [Number(pool.min_prefixlen), Number(pool.max_prefixlen)];
  if (length > most) return refusal.tooSmall(length, most);
  if (length < least) return refusal.tooLarge(length, least);
  // 0 is no limit here, other than in quotas: so Neutron has it.
  if (pool.default_quota === null || pool.default_quota === 0) return undefined;
  const family = pool.ip_version;
  const used = [...cloud.by("subnet", "subnetpool_id", pool.id)].filter((subnet) => subnet.project_id === project);
  const addresses = used.reduce((sum, { cidr }) => sum + sizeOf(cidr), 1n << BigInt(widthOf(family) - length));
  return addresses > BigInt(pool.default_quota) * UNIT[family] ? refusal.overPoolQuota : undefined;
}

/** What one of a pool's quota is, in addresses. */
const UNIT: Readonly<Record<Family, bigint>> = { 4: 1n, 6: 1n << 64n };

/** What subnets may have of the pool. */
function freeOf(cloud: Cloud, pool: Subnetpool): readonly Cidr[] {
  const applied = cloud.settings.undeclaredSubnets === "refused" ? cloud.get("datacenter", "this") : undefined;
  const declared = applied === undefined ? pool.prefixes : common(pool.prefixes, rangesOf(applied));
  // Those of its network are of this pool, or of one in its scope, which has none of its addresses.
  const others = cloud.settings.overlappingSubnets === "refused" ? cloud.all("subnet") : cloud.by("subnet", "subnetpool_id", pool.id);
  return without(
    declared,
    [...others].map(({ cidr }) => cidr),
  );
}
