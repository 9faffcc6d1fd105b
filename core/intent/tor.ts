/** A Linux router at the top of a rack: it forwards, speaks BGP (tor-bgp) and filters nothing; what VMs may do is their hosts' part. */
import type { DataCenter, Rack } from "../datacenter/data-center.ts";
import { attachedTo, racksOf } from "../datacenter/racks.ts";
import type { View } from "../feed/item.ts";
import type { Sysctl } from "../kinds/sysctl.ts";
import { bfdAnswering } from "./bfd.ts";
import { birdIntent } from "./bgp.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { routerSysctls } from "./gateway.ts";
import { merge, NOTHING } from "./intent.ts";
import type { Intent } from "./intent.ts";
import { torBird } from "./tor-bgp.ts";

/** Everything that the router named `host` must hold: nothing until it is known which data centre it is of. */
export function compileTor({ datacenter: dc }: View, host: string): Intent {
  const rack = dc === undefined ? undefined : racksOf(dc).find(({ tor }) => tor.name === host);
  if (dc === undefined || rack === undefined) return NOTHING;
  const interfaces = interfacesOf(dc, rack);
  return merge([
    {
      links: caused(
        BY_DATACENTER,
        interfaces.map((name) => ({ name })),
      ),
      sysctls: caused(BY_DATACENTER, [...routerSysctls(interfaces), ...SHARING]),
    },
    birdIntent(
      { bgp: torBird(dc, rack), bfd: torBfd(dc, rack) },
      interfaces.map((name) => `link/${name}` as const),
    ),
  ]);
}

/** What answers those of the core that ask whether this router is there. */
function torBfd(dc: DataCenter, { tor }: Rack): string | undefined {
  const { peering } = dc.fabric;
  const peers = peering === "mesh" ? [] : peering === "direct" ? dc.gateways : dc.reflectors;
  return bfdAnswering(
    dc,
    peers.map((peer) => ({ interface: tor.uplink, own: tor, peer })),
  );
}

/** The core's, and its rack's: one for all hosts, or one for each. */
function interfacesOf(dc: DataCenter, rack: Rack): readonly string[] {
  const { uplink, interface: segment } = rack.tor;
  const ports = attachedTo(dc, rack).map(({ uplink: { port } }) => port);
  return [uplink, segment, ...ports].filter((name) => name !== undefined);
}

/** Of several ways, one per flow: by addresses and ports. */
export const SHARING: readonly Sysctl[] = [
  { path: "net/ipv4/fib_multipath_hash_policy", value: "1" },
  { path: "net/ipv6/fib_multipath_hash_policy", value: "1" },
];
