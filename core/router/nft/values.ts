/** Addresses, protocols and types of ICMP, as nft writes them, as spans of numbers. */
import { bitsOf, readIp } from "../../net/address.ts";
import { lastOf, firstOf, readCidr } from "../../net/prefix.ts";
import type { NumberField, Span } from "./model.ts";

/** By name, as nft prints them; by number they are understood as well. */
const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, "ipv6-icmp": 58, icmpv6: 58, sctp: 132, udplite: 136 };
const ICMP: Readonly<Record<string, number>> = {
  "echo-reply": 0,
  "destination-unreachable": 3,
  redirect: 5,
  "echo-request": 8,
  "time-exceeded": 11,
  "parameter-problem": 12,
};
const ICMPV6: Readonly<Record<string, number>> = {
  "destination-unreachable": 1,
  "packet-too-big": 2,
  "time-exceeded": 3,
  "parameter-problem": 4,
  "echo-request": 128,
  "echo-reply": 129,
};
const NAMES: Readonly<Partial<Record<NumberField, Readonly<Record<string, number>>>>> = {
  l4proto: PROTOCOLS,
  "icmp type": ICMP,
  "icmpv6 type": ICMPV6,
};

export const protocolNamed = (name: string): number | undefined => PROTOCOLS[name];

/** `10.65.0.0/16`, `198.51.100.8-198.51.100.11`, `tcp`, `1024-2047`; undefined for what is none. */
export function spanOf(field: NumberField, text: string): Span | undefined {
  const named = NAMES[field]?.[text];
  if (named !== undefined) return { low: BigInt(named), high: BigInt(named) };
  const prefix = text.includes("/") ? readCidr(text) : undefined;
  if (prefix !== undefined) return { low: bitsOf(firstOf(prefix)), high: bitsOf(lastOf(prefix)) };
  const [first = "", last = first, more] = text.split("-");
  const [low, high] = [numberOf(field, first), numberOf(field, last)];
  return low === undefined || high === undefined || more !== undefined || low > high ? undefined : { low, high };
}

function numberOf(field: NumberField, text: string): bigint | undefined {
  if (field !== "saddr" && field !== "daddr") return /^\d+$/.test(text) ? BigInt(text) : undefined;
  const ip = readIp(text);
  return ip && bitsOf(ip);
}

/** Undefined as soon as one is none. */
export function spansOf(field: NumberField, texts: readonly string[]): readonly Span[] | undefined {
  const spans = texts.map((text) => spanOf(field, text));
  return spans.length > 0 && spans.every((span) => span !== undefined) ? spans : undefined;
}

/** nft's names for places among the hooks; by number they are understood as well. */
const PRIORITIES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, dstnat: -100, filter: 0, security: 50, srcnat: 100 };

/** `srcnat + 10`, `-300`. */
export function priorityOf(text: string): number | undefined {
  const [, name = "", sign, more] = /^(-?\w+)(?: ([+-]) (\d+))?$/.exec(text) ?? [];
  const base = PRIORITIES[name] ?? (/^-?\d+$/.test(name) ? Number(name) : undefined);
  return base === undefined ? undefined : base + (sign === undefined ? 0 : Number(`${sign}${more}`));
}
