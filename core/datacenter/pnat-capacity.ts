/** What a PNAT pool is enough for: an address has 64,512 ports, for each protocol and destination anew. */
import { sizeOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { addressesFor, PORTS } from "./pnat-blocks.ts";
import { spanSize } from "./span.ts";
import type { Span } from "./span.ts";

export interface Capacity {
  /** As many as the ranges have addresses. */
  readonly vms: number;
  readonly addresses: number;
  /** Connections that each VM may have at a time to one destination, with all VMs up. */
  readonly ports_per_vm: number;
  /** Are they its own, or shared by whoever comes first? */
  readonly own: boolean;
  /** Addresses that a pool needs for so many. */
  readonly enough: readonly { readonly ports_per_vm: number; readonly addresses: number }[];
}

/** What RFC 6888 leaves open, and operators of carrier NATs give: from a busy guest to a busy proxy. */
const USUAL = [252, 1008, 4032] as const;

export function capacityOf(ranges: readonly Cidr[], pool: Span, ports: number | undefined): Capacity {
  const [vms, addresses] = [Number(ranges.reduce((sum, range) => sum + sizeOf(range), 0n)), Number(spanSize(pool))];
  const asked = ports === undefined ? USUAL : [ports];
  return {
    vms,
    addresses,
    ports_per_vm: ports ?? Math.floor((addresses * PORTS) / vms),
    own: ports !== undefined,
    enough: asked.map((each) => ({
      ports_per_vm: each,
      addresses: ports === undefined ? shared(vms, each) : Number(addressesFor(ranges, each)),
    })),
  };
}

function shared(vms: number, ports: number): number {
  return Math.ceil((vms * ports) / PORTS);
}
