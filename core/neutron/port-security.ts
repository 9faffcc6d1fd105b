/** What port security is about: the groups that a port is in, the addresses that it may send from. */
import { contains, firstOf, readCidr } from "../net/prefix.ts";
import type { Mac } from "../net/mac.ts";
import { isAdmin } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { AddressPair } from "./port-types.ts";
import type { Port } from "./port.ts";
import * as refusal from "./refusals.ts";
import { groupNotFound, mixedGroups as refusedMix } from "./security-group-refusals.ts";
import { isSharedWith } from "./sharing.ts";

const MOST_PAIRS = 10;

/** Devices of the network itself are trusted: they have no groups and no port security. */
export function isTrusted(deviceOwner: string): boolean {
  return deviceOwner.startsWith("network:");
}

/** What is given on creation and on change must fit together. */
export function wrongSecurity(
  port: Pick<Port, "port_security_enabled" | "security_groups" | "allowed_address_pairs">,
): Refusal | undefined {
  if (port.port_security_enabled) return undefined;
  if (port.security_groups.length > 0) return refusal.securityNeeded;
  return port.allowed_address_pairs.length > 0 ? refusal.securityNeededForPairs : undefined;
}

/** The first group that is not there for whoever asks. */
export function unknownGroup(cloud: Cloud, port: Pick<Port, "security_groups" | "project_id">, who: Who): Refusal | undefined {
  const unknown = port.security_groups.find((id) => {
    const group = cloud.get("security_group", id);
    if (group === undefined) return true;
    const mayUse = (project: string) => group.project_id === project || isSharedWith(cloud, id, project);
    return !(isAdmin(who) || mayUse(port.project_id) || mayUse(who.project));
  });
  return unknown === undefined ? undefined : groupNotFound(unknown);
}

/** Replies to a port either pass or need rules: its groups agree on it. */
export function mixedGroups(cloud: Cloud, { security_groups: ids }: Pick<Port, "security_groups">): Refusal | undefined {
  const kinds = new Set(ids.flatMap((id) => cloud.get("security_group", id)?.stateful ?? []));
  return kinds.size > 1 ? refusedMix : undefined;
}

/** Pairs with their MAC: the port's own where none is given. */
export function completePairs(pairs: readonly AddressPair[], own: Mac): Result<readonly AddressPair[]> {
  if (pairs.length > MOST_PAIRS) return refused(refusal.tooManyPairs(MOST_PAIRS));
  const seen = new Set<string>();
  for (const pair of pairs) {
    const name = `${pair.mac_address ?? own} ${pair.ip_address}`;
    if (seen.has(name)) return refused(refusal.duplicatePair(pair.mac_address ?? "None", pair.ip_address));
    seen.add(name);
    const multicast = multicastOf(pair);
    if (multicast !== undefined) return refused(refusal.multicastPair(multicast));
  }
  return ok(pairs.map((pair) => ({ mac_address: own, ...pair })));
}

const MULTICAST = ["224.0.0.0/4", "ff00::/8"].map((text) => readCidr(text));

/** The address of a pair that stands for many receivers. */
function multicastOf({ ip_address: address, mac_address: mac }: AddressPair): string | undefined {
  if (mac !== undefined && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) return mac;
  const prefix = readCidr(address.includes("/") ? address : `${address}/${address.includes(":") ? 128 : 32}`);
  return prefix !== undefined && MULTICAST.some((block) => block !== undefined && contains(block, firstOf(prefix))) ? address : undefined;
}
