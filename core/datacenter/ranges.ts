/** The declared ranges, as far as there are any. */
import type { Cidr } from "../net/prefix.ts";
import type { DataCenter } from "./data-center.ts";

/** Every range that VMs have addresses in, reachable from outside or not. */
export function rangesOf({ ranges }: Pick<DataCenter, "ranges">): readonly Cidr[] {
  return [ranges.public, ranges.private, ranges.ipv6?.whole].filter((range) => range !== undefined);
}
