/**
 * Addresses with a meaning of their own, from IANA's special-purpose registries (RFC 6890) and multicast space:
 * those that no machine may have, and those that no router of the Internet carries.
 */
import { familyOf } from "../net/address.ts";
import { covers, overlaps, readCidr } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";

export type Special = "private" | "shared" | "documentation" | "benchmarking" | "ula" | "transition" | "not global unicast";

/** Overlapping one of these is always a mistake. */
const UNUSABLE: readonly (readonly [string, string])[] = [
  ["0.0.0.0/8", '"this network" (RFC 791)'],
  ["127.0.0.0/8", "loopback (RFC 1122)"],
  ["169.254.0.0/16", "link-local, where the metadata address lives (RFC 3927)"],
  ["224.0.0.0/4", "multicast (RFC 5771)"],
  ["240.0.0.0/4", "reserved (RFC 1112)"],
  ["::/8", "reserved, with loopback and IPv4-mapped (RFC 4291)"],
  ["fe80::/10", "link-local (RFC 4291)"],
  ["ff00::/8", "multicast (RFC 4291)"],
];

const NOT_GLOBAL: readonly (readonly [string, Special, string])[] = [
  ["10.0.0.0/8", "private", "private space (RFC 1918)"],
  ["172.16.0.0/12", "private", "private space (RFC 1918)"],
  ["192.168.0.0/16", "private", "private space (RFC 1918)"],
  ["100.64.0.0/10", "shared", "space shared by carriers' NATs (RFC 6598)"],
  ["192.0.2.0/24", "documentation", "documentation space (RFC 5737)"],
  ["198.51.100.0/24", "documentation", "documentation space (RFC 5737)"],
  ["203.0.113.0/24", "documentation", "documentation space (RFC 5737)"],
  ["198.18.0.0/15", "benchmarking", "benchmarking space (RFC 2544)"],
  ["2001:db8::/32", "documentation", "documentation space (RFC 3849)"],
  ["3fff::/20", "documentation", "documentation space (RFC 9637)"],
  ["fc00::/7", "ula", "unique local space (RFC 4193)"],
  ["2001:2::/48", "benchmarking", "benchmarking space (RFC 5180)"],
  ["2002::/16", "transition", "6to4 space (RFC 3056)"],
];

const unusable = UNUSABLE.map(([text, name]) => ({ prefix: known(text), name }));
const notGlobal = NOT_GLOBAL.map(([text, use, name]) => ({ prefix: known(text), use, name }));
const globalUnicast6 = known("2000::/3");

/** Why no machine may have addresses of this prefix; undefined when they may. */
export function unusableFor(prefix: Cidr): string | undefined {
  const hit = unusable.find((special) => overlaps(special.prefix, prefix));
  return hit === undefined ? undefined : `overlaps ${hit.prefix}, ${hit.name}`;
}

/** What kind of space that the Internet does not carry this prefix lies in; undefined when it is global. */
export function notGlobalBecause(prefix: Cidr): { readonly use: Special; readonly name: string } | undefined {
  const hit = notGlobal.find((special) => covers(special.prefix, prefix));
  if (hit !== undefined) return hit;
  if (familyOf(prefix) === 4 || covers(globalUnicast6, prefix)) return undefined;
  return { use: "not global unicast", name: `outside ${globalUnicast6} (RFC 4291)` };
}

function known(text: string): Cidr {
  const prefix = readCidr(text);
  if (prefix === undefined) throw new Error(`not a prefix: ${text}`);
  return prefix;
}
