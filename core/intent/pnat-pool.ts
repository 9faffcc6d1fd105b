/** The addresses that stand in for the private range outside, as lists and prefixes. */
import type { DataCenter, Gateway } from "../datacenter/data-center.ts";
import { privateRanges, publicRanges } from "../datacenter/ranges.ts";
import { bitsOf, ipOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { perValue } from "./memo.ts";
import { contains, firstOf, lastOf, prefixOf, sizeOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";

export type Pool = NonNullable<Gateway["pnat"]>;

/** A gateway's pool, if it has anything to stand in for. */
export function poolOf(dc: DataCenter, gateway: Gateway): Pool | undefined {
  return privateRanges(dc).length === 0 ? undefined : gateway.pnat;
}

/** Every address of a pool, ascending. */
export function addressesOf({ start, end }: Pool): readonly Ip[] {
  const first = bitsOf(start);
  return Array.from({ length: Number(bitsOf(end) - first) + 1 }, (_, at) => ipOf(4, first + BigInt(at)));
}

/** The fewest prefixes that hold exactly the pool. */
export function prefixesOf({ start, end }: Pool): readonly Cidr[] {
  const prefixes: Cidr[] = [];
  for (let at = bitsOf(start); at <= bitsOf(end);) {
    const widest = widestAt(ipOf(4, at), end);
    prefixes.push(widest);
    at += sizeOf(widest);
  }
  return prefixes;
}

/** The widest prefix that begins at `start` and ends no later than `end`. */
function widestAt(start: Ip, end: Ip): Cidr {
  let length = 32;
  while (length > 0) {
    const wider = prefixOf(start, length - 1);
    if (firstOf(wider) !== start || bitsOf(lastOf(wider)) > bitsOf(end)) break;
    length--;
  }
  return prefixOf(start, length);
}

/** Is the pool a part of the public range? Then what is translated comes back with the public aggregate, maybe by another gateway. */
export function insidePublic(dc: DataCenter, { start, end }: Pool): boolean {
  return publicRanges(dc).some((range) => contains(range, start) && contains(range, end));
}

/** Prefixes of all pools that lie inside the public range. */
export const sharedPools = perValue((dc: DataCenter): readonly Cidr[] => dc.gateways.flatMap((gateway) => sharedPool(dc, gateway)));

/** Prefixes of this gateway's pool, if it lies inside the public range. */
export function sharedPool(dc: DataCenter, gateway: Gateway): readonly Cidr[] {
  const pool = poolOf(dc, gateway);
  return pool !== undefined && insidePublic(dc, pool) ? prefixesOf(pool) : [];
}
