/** Where port-NAT ends: destinations that see a VM's private address as it is. */
import type { Cidr } from "../net/prefix.ts";
import type { DataCenter } from "./data-center.ts";
import { machinePrefixes } from "./racks.ts";
import { privateRanges, publicRanges } from "./ranges.ts";

/** The ranges, wherever machines have their addresses, and what is declared besides (`pnat.untranslated`). */
export function untranslatedTowards(dc: Pick<DataCenter, "ranges" | "fabric" | "racks" | "pnat">): readonly Cidr[] {
  return [...publicRanges(dc), ...privateRanges(dc), ...machinePrefixes(dc, 4), ...(dc.pnat?.untranslated ?? [])];
}
