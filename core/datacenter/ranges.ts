/**
 * The declared ranges, as far as there are any: of each kind the one that addresses are given from, and the one that retires, which is
 * routed, translated, announced and ended as ever, until nobody has an address of it.
 */
import type { Cidr } from "../net/prefix.ts";
import type { DataCenter, Range6, Ranges, RangesOfKinds } from "./data-center.ts";

export type Ranged = Pick<DataCenter, "ranges">;

/** Every range that VMs have addresses in, reachable from outside or not. */
export function rangesOf(dc: Ranged): readonly Cidr[] {
  return [...publicRanges(dc), ...privateRanges(dc), ...ipv6Ranges(dc).map(({ whole }) => whole)];
}

export function publicRanges({ ranges }: Ranged): readonly Cidr[] {
  return ofKind(ranges, "public");
}

/** What gateways translate. */
export function privateRanges({ ranges }: Ranged): readonly Cidr[] {
  return ofKind(ranges, "private");
}

export function ipv6Ranges({ ranges }: Ranged): readonly Range6[] {
  return ofKind(ranges, "ipv6");
}

/** Those from which nobody is given another address. */
export function retiringRanges({ ranges }: Ranged): readonly Cidr[] {
  return ranges.retiring === undefined ? [] : rangesOf({ ranges: ranges.retiring });
}

function ofKind<K extends keyof RangesOfKinds>(ranges: Ranges, kind: K): readonly NonNullable<RangesOfKinds[K]>[] {
  const both: readonly (RangesOfKinds[K] | undefined)[] = [ranges[kind], ranges.retiring?.[kind]];
  return both.filter((range) => range !== undefined);
}
