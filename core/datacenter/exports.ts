/**
 * What the world may hear of the data centre. A positive list of whole aggregates: a range that is added later leaks
 * nothing until it is added here, and `private` cannot be added at all.
 */
import type { Cidr } from "../net/prefix.ts";
import type { DataCenter } from "./data-center.ts";

/** Exactly what the gateways announce by eBGP: the public range and the IPv6 range, or its external half. */
export function exportsOf({ ranges }: Pick<DataCenter, "ranges">): readonly Cidr[] {
  const { ipv6 } = ranges;
  const announced6 = ipv6?.announced === "external half" ? ipv6.external : ipv6?.whole;
  return [ranges.public, announced6].filter((prefix) => prefix !== undefined);
}
