/** Addresses that the data centre needs for itself. Whoever else had one would be taken for a machine of the fabric, or for a gateway. */
import type { Ip } from "../net/address.ts";
import { compareIp, familyOf } from "../net/address.ts";
import { firstOf, lastOf, prefixOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { DataCenter } from "./data-center.ts";
import { machinePrefixes } from "./racks.ts";

/** Both ends included, of one family. */
export interface Stretch {
  readonly start: Ip;
  readonly end: Ip;
}

/** The fabric, the links to providers, and what stands in for the private range outside, which may lie in the public one. */
export function ownAddresses(dc: Pick<DataCenter, "fabric" | "racks" | "gateways">): readonly Stretch[] {
  const { gateways } = dc;
  const links = gateways.flatMap(({ upstream }) => [upstream.ipv4, upstream.ipv6].map((session) => session?.local));
  const prefixes = [...machinePrefixes(dc), ...links.map((local) => local && prefixOf(local.ip, local.length))];
  const stretches = prefixes.flatMap((prefix) => (prefix === undefined ? [] : [stretchOf(prefix)]));
  return [...stretches, ...gateways.flatMap(({ pnat }) => pnat ?? [])];
}

function stretchOf(prefix: Cidr): Stretch {
  return { start: firstOf(prefix), end: lastOf(prefix) };
}

export function meets(one: Stretch, other: Stretch): boolean {
  return familyOf(one.start) === familyOf(other.start) && compareIp(one.start, other.end) <= 0 && compareIp(other.start, one.end) <= 0;
}
