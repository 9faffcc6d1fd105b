/** Routers whose configurations are kept as files, to be read by people, and the platforms that are tested by their own words alone. */
import { dataCenterOf } from "../../intent/bgp-variants.ts";
import type { Variant } from "../../intent/bgp-variants.ts";
import { routerConfigOf } from "../derive.ts";
import { eos } from "../eos/eos.ts";
import { iosxe } from "../iosxe/iosxe.ts";
import { junos } from "../junos/junos.ts";
import type { Platform } from "../platform.ts";
import type { Neighbor, RouterConfig } from "../router-config.ts";
import { srlinux } from "../srlinux/srlinux.ts";
import { vyos } from "../vyos/vyos.ts";

export const VENDORS: readonly Platform[] = [junos, iosxe, eos, vyos, srlinux];

export interface Example {
  /** `direct-gw1` */
  readonly name: string;
  readonly variant: Variant;
  readonly config: RouterConfig;
}

const KEPT: readonly (readonly [name: string, variant: Variant, router: string])[] = [
  ["gateway", "guide", "gw1"],
  ["reflector", "two of everything", "rr1"],
  ["gateway-without-reflectors", "pool inside the public range, direct peering", "gw1"],
];

export const EXAMPLES: readonly Example[] = KEPT.map(([name, variant, router]) => {
  const config = routerConfigOf(dataCenterOf(variant), router);
  if (config === undefined) throw new Error(`${variant} has no ${router}`);
  return { name, variant, config: withEverything(config) };
});

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
  ],
  iosxe: [
    ["fab0", "GigabitEthernet0/0/0"],
    ["wan0", "GigabitEthernet0/0/1"],
  ],
  eos: [
    ["fab0", "Ethernet1"],
    ["wan0", "Ethernet2"],
  ],
  vyos: [
    ["fab0", "eth0"],
    ["wan0", "eth1"],
  ],
  srlinux: [
    ["fab0", "ethernet-1/1"],
    ["wan0", "ethernet-1/2"],
  ],
};
