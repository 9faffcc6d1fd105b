/**
 * The core segments: one, or two that every machine is on, each by an interface of its own and at the same place in both. Each is a fabric by
 * itself: sessions of its own, and no next hop of the other; so what is cut off one of them is lost there and nowhere else.
 */
import { bitsOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { addressAt, contains, firstOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { DataCenter, Link, Machine } from "./data-center.ts";

export interface Segment extends Link {
  readonly number: 1 | 2;
  /** A machine as it is seen there: with its addresses on that segment. */
  readonly at: <M extends Machine>(machine: M) => M;
}

type Segmented = Pick<DataCenter, "fabric">;

export function segmentsOf({ fabric }: Segmented): readonly Segment[] {
  const { second, interface: link, ipv4, ipv6 } = fabric;
  const first: Segment = { number: 1, interface: link, ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }), at: (machine) => machine };
  return second === undefined
    ? [first]
    : [first, { ...second, number: 2, at: (machine) => ({ ...machine, ...placedOn({ fabric }, second, machine) }) }];
}

/** As far from the beginning as on the first. */
function placedOn({ fabric }: Segmented, second: Link, { ipv4, ipv6 }: Machine): Pick<Machine, "ipv4" | "ipv6"> {
  const [four, six] = [moved(ipv4, fabric.ipv4, second.ipv4), moved(ipv6, fabric.ipv6, second.ipv6)];
  return { ...(four && { ipv4: four }), ...(six && { ipv6: six }) };
}

function moved(ip: Ip | undefined, from: Cidr | undefined, to: Cidr | undefined): Ip | undefined {
  return ip === undefined || from === undefined || to === undefined ? undefined : addressAt(to, bitsOf(ip) - bitsOf(firstOf(from)));
}

/** The one on which that address is, if any. */
export function segmentWith(dc: Segmented, ip: Ip): Segment | undefined {
  return segmentsOf(dc).find(({ ipv4, ipv6 }) => [ipv4, ipv6].some((prefix) => prefix !== undefined && contains(prefix, ip)));
}

/** The interfaces by which machines are on them. */
export function coreInterfaces(dc: Segmented): readonly string[] {
  return segmentsOf(dc).map((segment) => segment.interface);
}
