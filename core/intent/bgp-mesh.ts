/** A full mesh on the core segment: all speak with all, each says its own and is believed that. */
import type { DataCenter, Machine } from "../datacenter/data-center.ts";
import { peersBy } from "../datacenter/peering.ts";
import { attachedTo, coreHosts, racksOf } from "../datacenter/racks.ts";
import { askedAgain } from "./assigned.ts";
import type { Believed } from "./assigned.ts";
import { asnOn, fabricSession, HOST_ROUTES, limits, PROMPT } from "./bgp.ts";
import { believedOfGateway, believedOfHost, believedOfTor } from "./bgp-believed.ts";
import type { Channel } from "./bgp-channel.ts";
import { metricHeard, metricTold } from "./bgp-metric.ts";
import { allOf, block } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";

export type MeshRole = "host" | "tor" | "gateway";

interface Peer {
  readonly machine: Machine;
  readonly role: MeshRole;
  readonly believed: (channel: Channel) => string;
  /** How many endpoint routes it may announce per family. */
  readonly limit: number;
  /** Of one that speaks for endpoints. */
  readonly asked?: Line;
}

/** As conditions: what a speaker says of itself, and what it does with what it hears and believes. */
export interface MeshPolicy {
  readonly believed: Believed;
  readonly said: (channel: Channel, to: MeshRole) => string;
  readonly heard: (channel: Channel) => readonly string[];
  /** What it believes of hosts and routers of racks besides, as conditions. */
  readonly also?: (channel: Channel) => readonly string[];
}

/** The sessions of one speaker; of two, the one that comes first connects. */
export function meshSessions(dc: DataCenter, self: Machine, channels: readonly Channel[], policy: MeshPolicy): readonly string[] {
  const peers = peersOf(dc, policy);
  const own = peers.findIndex(({ machine }) => machine.name === self.name);
  return peers.flatMap((peer, index) => {
    // While gateways reflect beside the mesh, sessions with them are another matter.
    const reflecting = peersBy(dc, "direct") && [peer.role, peers[own]?.role].includes("gateway");
    if (index === own || reflecting) return [];
    const external = asnOn(dc, peer.machine) !== asnOn(dc, self);
    return fabricSession(dc, peer.machine, {
      role: peer.role,
      lines: [
        index < own ? "passive;" : undefined,
        ...(peer.role === "gateway" || peers[own]?.role === "gateway" ? PROMPT : []),
        ...channels.map((channel) => exchange(channel, peer, { ...policy, external })),
      ],
    });
  });
}

function exchange(
  channel: Channel,
  { role, believed, limit, asked }: Peer,
  { said, heard, external }: MeshPolicy & { readonly external: boolean },
): string {
  const onImport = allOf([believed(channel), ...(external ? [metricHeard(channel)] : []), ...heard(channel)]);
  const onExport = allOf([said(channel, role), ...(external ? [metricTold(channel)] : [])]);
  return block(channel.name, [asked, `import where ${onImport};`, ...limits(limit), `export where ${onExport};`]).concat(";");
}

function peersOf(dc: DataCenter, { believed, also = () => [] }: Pick<MeshPolicy, "believed" | "also">): readonly Peer[] {
  const asked = askedAgain(believed);
  return [
    ...coreHosts(dc).map((machine): Peer => {
      return {
        machine,
        role: "host",
        limit: HOST_ROUTES,
        asked,
        believed: (channel) => believedOfHost(channel, { host: machine, believed, also: also(channel) }),
      };
    }),
    ...racksOf(dc).map((rack): Peer => {
      const limit = HOST_ROUTES * Math.max(1, attachedTo(dc, rack).length);
      return {
        machine: rack.tor,
        role: "tor",
        limit,
        asked,
        believed: (channel) => believedOfTor(dc, channel, { rack, believed, also: also(channel) }),
      };
    }),
    ...dc.gateways.map((gateway): Peer => {
      return { machine: gateway, role: "gateway", limit: HOST_ROUTES, believed: (channel) => believedOfGateway(dc, channel, gateway) };
    }),
  ];
}
