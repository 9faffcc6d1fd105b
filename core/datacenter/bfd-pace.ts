/**
 * How often BFD's packets are sent. In a mesh everybody watches everybody: the more there are, the slower, so that a machine sends some
 * five hundred packets a second, and not thousands; and never so slow that one that is gone would stay in the tables for a second.
 */
import type { Bfd, DataCenter } from "./data-center.ts";
import { peersBy } from "./peering.ts";
import { coreHosts, racksOf } from "./racks.ts";

/** Milliseconds between packets for each neighbour in a mesh: five hundred packets a second in all. */
const EACH_MS = 2;
/** With three packets missing, gone within 0.6 s. */
const SLOWEST: Bfd = { interval: 200, multiplier: 3 };

/** As it is spoken on the fabric; undefined: it is not. */
export function bfdPace(dc: Pick<DataCenter, "fabric" | "hosts" | "racks" | "gateways">): Bfd | undefined {
  const { bfd } = dc.fabric;
  if (bfd === undefined || !peersBy(dc, "mesh")) return bfd;
  const neighbours = coreHosts(dc).length + racksOf(dc).length + dc.gateways.length - 1;
  const interval = Math.min(SLOWEST.interval, EACH_MS * neighbours);
  if (interval <= bfd.interval) return bfd;
  const most = Math.floor((SLOWEST.interval * SLOWEST.multiplier) / interval);
  return { interval, multiplier: Math.min(bfd.multiplier, most) };
}

/** Milliseconds after the last packet until the other end is taken for gone. */
export function detectionTime({ interval, multiplier }: Bfd): number {
  return interval * multiplier;
}
