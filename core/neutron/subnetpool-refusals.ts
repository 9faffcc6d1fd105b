/** What is refused of subnet pools and address scopes: Neutron's exception classes and texts. */
import { badResource } from "../resource/refusals.ts";
import type { Refusal } from "../result.ts";

const bad = (type: string, message: string): Refusal => ({ status: 400, type, message });
const absent = (type: string, message: string): Refusal => ({ status: 404, type, message });
const conflict = (type: string, message: string): Refusal => ({ status: 409, type, message });

// Pools.
export const poolNotFound = (id: string) => absent("SubnetPoolNotFound", `Subnet pool ${id} could not be found.`);
export const noPrefixes = bad("EmptySubnetPoolPrefixList", "Empty subnet pool prefix list.");
export const mixedPrefixes = bad("PrefixVersionMismatch", "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.");

export interface Bound {
  readonly name: string;
  readonly length: number;
}

export const wrongBounds = (one: Bound, other: Bound) =>
  bad("IllegalSubnetPoolPrefixBounds", `Illegal prefix bounds: ${one.name}=${one.length}, ${other.name}=${other.length}.`);
export const wrongPrefixes = (reason: string) => bad("IllegalSubnetPoolPrefixUpdate", `Illegal update to prefixes: ${reason}.`);
export const wrongPoolUpdate = (reason: string) => bad("IllegalSubnetPoolUpdate", `Illegal subnetpool update : ${reason}.`);
export const poolInUse = bad("SubnetPoolDeleteError", "Unable to delete subnet pool: Subnet pool has existing allocations.");

// What subnets want of pools.
export const noDefaultPool = (family: number) => badResource("subnets", `No default subnetpool found for IPv${family}`);
export const twoPools = badResource("subnets", "subnetpool_id and use_default_subnetpool cannot both be specified");
export const otherFamily = (family: number, pool: number) =>
  badResource("subnets", `Cannot allocate IPv${family} subnet from IPv${pool} subnet pool`);
export const blockAndLength = badResource("subnets", "cidr and prefixlen must not be supplied together");
export const noBlock = badResource("subnets", "a subnetpool must be specified in the absence of a cidr");
export const poolsOfUnknownBlock = badResource("subnets", "allocation_pools allowed only for specific subnet requests");
export const noDelegation = badResource("subnets", "prefixes are not delegated here: a pool is declared, or the cidr is");
export const tooLarge = (length: number, least: number) =>
  bad("MinPrefixSubnetAllocationError", `Unable to allocate subnet with prefix length ${length}, minimum allowed prefix is ${least}.`);
export const tooSmall = (length: number, most: number) =>
  bad("MaxPrefixSubnetAllocationError", `Unable to allocate subnet with prefix length ${length}, maximum allowed prefix is ${most}.`);
/** Neutron answers 500, as if it were its own fault; it is a conflict with what is there. */
export const notAllocated = (reason: string) => conflict("SubnetAllocationError", `Failed to allocate subnet: ${reason}.`);
export const overPoolQuota = conflict("SubnetPoolQuotaExceeded", "Per-project subnet pool prefix quota exceeded.");

// Scopes.
export const scopeNotFound = (id: string) => absent("AddressScopeNotFound", `Address scope ${id} could not be found.`);
export const scopeInUse = (id: string) =>
  conflict(
    "AddressScopeInUse",
    `Unable to complete operation on address scope ${id}. There are one or more subnet pools in use on the address scope.`,
  );
export const scopeStaysShared = (id: string) =>
  bad("AddressScopeUpdateError", `Unable to update address scope ${id} : Shared address scope can't be unshared.`);
export const scopeOfOtherFamily = (pool: string, scope: { readonly id: string; readonly ip_version: number }) =>
  bad(
    "IllegalSubnetPoolIpVersionAssociationToAddressScope",
    `Illegal subnetpool association: subnetpool ${pool} cannot associate with address scope ${scope.id} ` +
      `because subnetpool ip_version is not ${scope.ip_version}.`,
  );
export const scopeConflict = conflict(
  "AddressScopePrefixConflict",
  "Failed to associate address scope: subnetpools within an address scope must have unique prefixes.",
);
export const otherScope = bad(
  "NetworkAddressScopeAffinityError",
  "Subnets of the same address family hosted on the same network must all participate in the same address scope.",
);
export const otherPool = bad(
  "NetworkSubnetPoolAffinityError",
  "Subnets hosted on the same network must be allocated from the same subnet pool.",
);
