/** A host in racks: a session with the router of each, over the link that leads there; and its own address, where that is on no link. */
import type { DataCenter, Host, Machine, Rack, Uplink } from "../datacenter/data-center.ts";
import { asnOf, hasLoopback, HOST_LINK_LOCAL, rackNamed, TOR_LINK_LOCAL } from "../datacenter/racks.ts";
import type { Attached } from "../datacenter/racks.ts";
import type { Ip } from "../net/address.ts";
import { hostPrefix } from "../net/prefix.ts";
import { guarded, sessionTemplate } from "./bgp.ts";
import { addressOn, sessionFamily } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { block, protocolName } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";

/** A host, seen on one of its links. */
export function onLink({ host, uplink: { ipv4, ipv6 } }: Attached): Machine {
  return { name: host.name, ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) };
}

/** A router, seen on the segment of its rack. */
export function inRack({ tor: { name, rack4, rack6 } }: Rack): Machine {
  return { name, ...(rack4 && { ipv4: rack4 }), ...(rack6 && { ipv6: rack6 }) };
}

/** The route to the host itself, which it tells its routers. */
export function loopbackRoute({ family, name }: Channel, host: Host): Line {
  if (!hasLoopback(host)) return undefined;
  return block(`protocol static loopback${family}`, [`${name};`, `route ${hostPrefix(addressOn(host, family))} via "lo";`]);
}

/** A condition: is it that route? */
export const isLoopback = ({ family }: Channel) => `proto = "loopback${family}"`;

interface Uplinked {
  readonly uplinks: readonly Uplink[];
  readonly channels: readonly Channel[];
  /** What is heard and told in a channel, on whichever link. */
  readonly policy: (channel: Channel) => readonly Line[];
}

export function uplinkSessions(dc: DataCenter, host: Host, { uplinks, channels, policy }: Uplinked): readonly Line[] {
  const exchange = (channel: Channel) => block(channel.name, policy(channel)).concat(";");
  return [
    presence(dc, uplinks),
    sessionTemplate("uplink", { lines: [...guarded(dc.fabric.guard), ...channels.map(exchange)] }),
    ...uplinks.map((uplink) => {
      const rack = rackNamed(dc, uplink.rack);
      const lines =
        rack.peering === "numbered" ? numbered(dc, rack, onLink({ host, uplink }), channels) : unnumbered(dc, rack, uplink, channels);
      return block(`protocol bgp '${protocolName("tor", rack.tor.name)}' from uplink`, lines);
    }),
  ];
}

/** The links on which it has to be seen by an address that its router knows it by. */
export function shownOn(dc: DataCenter, { uplinks = [] }: Host): ReadonlyMap<string, Ip> {
  return new Map(uplinks.filter((uplink) => isAsked(dc, uplink)).map((uplink) => [uplink.interface, HOST_LINK_LOCAL]));
}

function isAsked(dc: DataCenter, { rack }: Uplink): boolean {
  const { peering, tor } = rackNamed(dc, rack);
  return peering === "unnumbered" && tor.platform !== undefined && tor.platform !== "bird";
}

/**
 * Routers other than BIRD learn who is at the other end of a port from router advertisements (RFC 4861). A host offers itself to nobody as a
 * router by them, and tells of no prefix.
 */
function presence(dc: DataCenter, uplinks: readonly Uplink[]): Line {
  const asking = uplinks.filter((uplink) => isAsked(dc, uplink));
  const pace = ["min ra interval 3;", "max ra interval 4;", "default lifetime 0;", "prefix ::/0 { skip; };"];
  const links = asking.map((uplink) => block(`interface ${JSON.stringify(uplink.interface)}`, pace).concat(";"));
  return links.length === 0 ? undefined : block("protocol radv presence", links);
}

/** The family that the session does not run over is told its next hop explicitly. */
function numbered(dc: DataCenter, rack: Rack, own: Machine, channels: readonly Channel[]): readonly Line[] {
  const [asn, over] = [asnOf(dc, rack), sessionFamily(dc)];
  return [
    `local ${addressOn(own, over)} as ${asn};`,
    `neighbor ${addressOn(inRack(rack), over)} as ${asn};`,
    ...channels
      .filter(({ family }) => family !== over)
      .map(({ family, name }) => block(name, [`next hop address ${addressOn(own, family)};`]).concat(";")),
  ];
}

/** RFC 8950: IPv4 by way of a link-local address, the same on every such link. */
function unnumbered(dc: DataCenter, rack: Rack, uplink: Uplink, channels: readonly Channel[]): readonly Line[] {
  const asn = asnOf(dc, rack);
  return [
    `local ${HOST_LINK_LOCAL} as ${asn};`,
    `neighbor ${TOR_LINK_LOCAL} as ${asn};`,
    `interface ${JSON.stringify(uplink.interface)};`,
    ...channels.filter(({ family }) => family === 4).map(({ name }) => block(name, ["extended next hop on;"]).concat(";")),
  ];
}
