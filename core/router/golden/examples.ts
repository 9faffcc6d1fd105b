/** Routers whose configurations are kept as files, to be read by people, and the platforms that are tested by their own words alone. */
import { dataCenterOf } from "../../intent/bgp-variants.ts";
import type { DataCenter } from "../../datacenter/data-center.ts";
import { routerConfigOf } from "../derive.ts";
import { eos } from "../eos/eos.ts";
import { iosxe } from "../iosxe/iosxe.ts";
import { junos } from "../junos/junos.ts";
import type { Platform } from "../platform.ts";
import type { Neighbor, RouterConfig } from "../router-config.ts";
import { racked } from "../../intent/bgp-topologies.ts";
import { srlinux } from "../srlinux/srlinux.ts";
import { vyos } from "../vyos/vyos.ts";

export const VENDORS: readonly Platform[] = [junos, iosxe, eos, vyos, srlinux];

export interface Example {
  readonly name: string;
  readonly dc: DataCenter;
  readonly config: RouterConfig;
}

export const EXAMPLES: readonly Example[] = [
  example("gateway", dataCenterOf("guide"), "gw1"),
  example("gateway-with-options", dataCenterOf("full cone, some not translated, logged"), "gw1"),
  example("gateway-with-ports", dataCenterOf("ports of each VM"), "gw1"),
  example("reflector", dataCenterOf("two of everything"), "rr1"),
  example("gateway-without-reflectors", dataCenterOf("pool inside the public range, direct peering"), "gw1"),
  example("tor", racked("racks with an AS each"), "tor1"),
  example("reflector-of-racks", racked("racks with an AS each"), "rr1"),
];

/** For platforms that know a neighbour by the port that it is on. */
export const ON_PORTS: Example = example("tor-unnumbered", racked("unnumbered racks with an AS each"), "tor1");

function example(name: string, dc: DataCenter, router: string): Example {
  const config = routerConfigOf(dc, router);
  if (config === undefined) throw new Error(`${dc.name} has no ${router}`);
  return { name, dc, config: withEverything(config) };
}

/** Whatever a session may be told besides: BFD everywhere, GTSM and a password towards the provider. */
export function withEverything(config: RouterConfig): RouterConfig {
  const guarded = { password: "declared", gtsm: "one hop" } as const;
  const neighbors = config.neighbors.map((neighbor): Neighbor => ({
    ...neighbor,
    bfd: { interval: 300, multiplier: 3 },
    ...(neighbor.role === "provider" ? guarded : {}),
  }));
  return { ...config, neighbors };
}

/** How each platform calls the interfaces, where its own words are to be seen. */
export const PORTS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  junos: [
    ["fab0", "ge-0/0/0"],
    ["wan0", "ge-0/0/1"],
    ["rack0", "irb.101"],
  ],
  iosxe: [
    ["fab0", "GigabitEthernet0/0/0"],
    ["wan0", "GigabitEthernet0/0/1"],
    ["rack0", "Vlan101"],
  ],
  eos: [
    ["fab0", "Ethernet1"],
    ["wan0", "Ethernet2"],
    ["rack0", "Vlan101"],
  ],
  vyos: [
    ["fab0", "eth0"],
    ["wan0", "eth1"],
    ["rack0", "eth2"],
    ["swp1", "eth3"],
    ["swp2", "eth4"],
  ],
  srlinux: [
    ["fab0", "ethernet-1/1"],
    ["wan0", "ethernet-1/2"],
    ["rack0", "irb0.101"],
  ],
};
