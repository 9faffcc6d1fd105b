/** What is decided about address scopes, and what they mean for the subnets of a network. */
import type { Family } from "../net/address.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { AddressScope, AddressScopePatch, NewAddressScope } from "./address-scope.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { ownTarget, removal } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";
import { endOfSharing, isSharedWith, isSharedWithAll, sharedTarget, sharingWrites } from "./sharing.ts";
import * as refusal from "./subnetpool-refusals.ts";
import type { Subnet } from "./subnet.ts";

export const addressScopeDecisions: Rules<"address_scope"> = {
  table: "address_scope",
  notFound: refusal.scopeNotFound,
  target: sharedTarget,
  targetOfNew: ownTarget,
  computed: (cloud, row, { who }) => ({ shared: isSharedWith(cloud, row.id, who.project) }),
  create,
  update,
  delete: remove,
};

function create(cloud: Cloud, { shared, ...said }: NewAddressScope, { fresh }: Ask): Result<Change<AddressScope>> {
  const row: AddressScope = { id: fresh.uuid(), ...said };
  return ok({ row, also: sharingWrites(cloud, { type: "address_scope", object: row }, { shared, fresh }) });
}

function update(cloud: Cloud, row: AddressScope, { shared, ...said }: AddressScopePatch, { fresh }: Ask): Result<Change<AddressScope>> {
  if (shared === false && isSharedWithAll(cloud, row.id)) return refused(refusal.scopeStaysShared(row.id));
  return ok({ row: { ...row, ...said }, also: sharingWrites(cloud, { type: "address_scope", object: row }, { shared, fresh }) });
}

function remove(cloud: Cloud, row: AddressScope): Result<readonly RowWrite[]> {
  if (cloud.count("subnetpool", "address_scope_id", row.id) > 0) return refused(refusal.scopeInUse(row.id));
  return ok([...endOfSharing(cloud, row.id), removal("address_scope", row.id)]);
}

/** Null: its block is from no pool, or from one that is in no scope. */
function scopeOf(cloud: Cloud, { subnetpool_id: pool }: Pick<Subnet, "subnetpool_id">): string | null {
  return pool === null ? null : (cloud.get("subnetpool", pool)?.address_scope_id ?? null);
}

/** The scope of a network's subnets of one family: all of them have the same. */
export function scopeOfNetwork(cloud: Cloud, network: string, family: Family): string | null {
  for (const subnet of cloud.by("subnet", "network_id", network)) if (subnet.ip_version === family) return scopeOf(cloud, subnet);
  return null;
}

/** Subnets of one family on one network are of one scope; without a scope of one pool, or of none. */
export function strangerOn(cloud: Cloud, row: Subnet): Refusal | undefined {
  const scope = scopeOf(cloud, row);
  for (const other of cloud.by("subnet", "network_id", row.network_id)) {
    if (other.id === row.id || other.ip_version !== row.ip_version) continue;
    if (scopeOf(cloud, other) !== scope) return refusal.otherScope;
    if (scope === null && other.subnetpool_id !== row.subnetpool_id) return refusal.otherPool;
  }
  return undefined;
}
