/** A Linux router at the top of a rack: it forwards, speaks BGP (tor-bgp) and filters nothing; what VMs may do is their hosts' part. */
import type { DataCenter, Rack } from "../datacenter/data-center.ts";
import { peersBy } from "../datacenter/peering.ts";
import { attachedTo, racksOf } from "../datacenter/racks.ts";
import type { View } from "../feed/item.ts";
import type { Sysctl } from "../kinds/sysctl.ts";
import { assignedSets, onCore } from "./assigned.ts";
import { bfdBird } from "./bfd.ts";
import { birdIntent } from "./bgp.ts";
import type { Speech } from "./bgp.ts";
import { channelsOf } from "./bgp-channel.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { routerSysctls } from "./gateway.ts";
import { merge, NOTHING } from "./intent.ts";
import type { Intent } from "./intent.ts";
import { torBird } from "./tor-bgp.ts";

/** Everything that the router named `host` must hold: nothing until it is known which data centre it is of. */
export function compileTor({ datacenter: dc, assignments }: View, host: string): Intent {
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
      speechOf(dc, rack, assignments),
      interfaces.map((name) => `link/${name}` as const),
    ),
  ]);
}

/** A host is believed of what is assigned to it, where somebody says what that is. */
function speechOf(dc: DataCenter, rack: Rack, assignments: View["assignments"]): Speech {
  const bfd = bfdBird(dc, rack.tor.name);
  if (assignments === undefined) return { bgp: torBird(dc, rack), bfd };
  return { bgp: torBird(dc, rack, "assigned"), assigned: assignedInRack(dc, rack, assignments), bfd };
}

/** What each host of a rack may announce; in a mesh, each neighbour on the core segment too. */
export function assignedInRack(dc: DataCenter, rack: Rack, assignments: NonNullable<View["assignments"]>): string {
  const hosts = attachedTo(dc, rack).map(({ host: { name } }) => ({ name, hosts: [name] }));
  return assignedSets([...hosts, ...(peersBy(dc, "mesh") ? onCore(dc) : [])], channelsOf(dc), assignments);
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
