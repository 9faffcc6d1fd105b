/** What a security group rule says, in one form for whoever writes it down for a packet filter, and whoever asks it of a flow. */
import type { GroupRule } from "../feed/item.ts";
import type { Family } from "../net/address.ts";
import { familyOf } from "../net/address.ts";
import { lengthOf } from "../net/prefix.ts";

/** TCP, UDP, DCCP, SCTP, UDP-Lite: their headers begin with source and destination port. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);
const ICMP: Readonly<Record<Family, number>> = { 4: 1, 6: 58 };

/** Undefined parts match everything. */
export interface Meaning {
  readonly family: Family;
  readonly protocol?: number;
  readonly ports?: Ports;
  readonly icmp?: { readonly type: number; readonly code?: number };
  readonly remote: Remote | undefined;
}

export type Ports = readonly [low: number, high: number];
export type Remote = Exclude<GroupRule["remote"], null>;

/**
 * Undefined for a rule that says what nobody can mean: it allows nothing.
 *
 * IPv6's extension headers (hop-by-hop, routing, fragment, options) are no protocols of a packet's own: it is judged by what comes after
 * them. A rule that names one matches a packet that has nothing else, which nobody sends and Linux takes for invalid; to let whatever
 * carries such a header through would open everything to everybody who puts one in front.
 */
export function meaningOf({ family, protocol, port_range_min: min, port_range_max: max, remote: said }: GroupRule): Meaning | undefined {
  if (said !== null && "prefix" in said && familyOf(said.prefix) !== family) return undefined;
  const everything = said === null || ("prefix" in said && lengthOf(said.prefix) === 0);
  const about = { family, remote: everything ? undefined : said };
  // Neutron stores "ip" and "hopopt" as 0, and every driver takes that for any protocol.
  if (protocol === null || protocol === 0) return min === null && max === null ? about : undefined;
  // "icmp" in a rule for IPv6 means ICMPv6, in Neutron as well.
  if (protocol === 1 || protocol === 58) return { ...about, protocol: ICMP[family], ...icmpOf(min, max) };
  if (min === null && max === null) return { ...about, protocol };
  if (!WITH_PORTS.has(protocol) || min === null || max === null || min > max) return undefined;
  return { ...about, protocol, ports: [min, max] };
}

/** A code without a type cannot be declared (Neutron refuses it). */
function icmpOf(type: number | null, code: number | null): Pick<Meaning, "icmp"> {
  return type === null ? {} : { icmp: { type, ...(code === null ? {} : { code }) } };
}
