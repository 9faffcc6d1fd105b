/**
 * What the world may hear of the data centre. A positive list of whole aggregates: a range that is added later leaks
 * nothing until it is added here, and `private` cannot be added at all.
 */
import type { Cidr } from "../net/prefix.ts";
import { ipv6Ranges, publicRanges } from "./ranges.ts";
import type { Ranged } from "./ranges.ts";

/** Exactly what the gateways announce by eBGP: the public range and the IPv6 range, or its external half. */
export function exportsOf(dc: Ranged): readonly Cidr[] {
  const announced6 = ipv6Ranges(dc).map(({ announced, external, whole }) => (announced === "external half" ? external : whole));
  return [...publicRanges(dc), ...announced6];
}
