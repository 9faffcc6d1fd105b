/**
 * BGP on a top-of-rack router: it tells the core where its hosts' endpoints are, as if they were on itself, and its hosts of all
 * others and of the default route. For its hosts it is a reflector, whatever it is to others.
 *
 * The unreachable routes of all ranges are BIRD's here: traffic for an address that nobody has ends at the first router.
 */
import type { DataCenter, Rack } from "../datacenter/data-center.ts";
import { hubsOf, peersBy } from "../datacenter/peering.ts";
import { asnOf, attachedTo, hasLoopback, HOST_LINK_LOCAL, TOR_LINK_LOCAL } from "../datacenter/racks.ts";
import type { Attached } from "../datacenter/racks.ts";
import { hostPrefix } from "../net/prefix.ts";
import { askedAgain, assignedIncluded, assignedTo } from "./assigned.ts";
import type { Believed } from "./assigned.ts";
import { beaconRoute, edgesTellGateways, isOwnBeacon } from "./beacon.ts";
import {
  fabricChannel,
  fabricSession,
  fabricTemplate,
  HOST_ROUTES,
  guarded,
  limits,
  kernelProtocol,
  preamble,
  PROMPT,
  sessionTemplate,
} from "./bgp.ts";
import { placesOf } from "./bgp-believed.ts";
import { addressOn, channelsOf, heardByAll, routeClasses, sessionFamily } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { meshSessions } from "./bgp-mesh.ts";
import type { MeshRole } from "./bgp-mesh.ts";
import { asFar, asNear, distanceFunctions, hasNeighbours, metricFunctions, metricHeard, metricTold } from "./bgp-metric.ts";
import { allOf, anyOf, block, netIsAny, protocolName, text } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { inRack, onLink } from "./bgp-uplink.ts";

/** The text of a top-of-rack router's bird.conf. */
export function torBird(dc: DataCenter, rack: Rack, believed: Believed = "in the ranges"): string {
  const channels = channelsOf(dc);
  return text([
    ...preamble(dc, rack.tor),
    ...channels.flatMap(routeClasses),
    assignedIncluded(believed),
    ...channels.flatMap(distanceFunctions),
    ...(hasNeighbours(dc) ? channels.flatMap(metricFunctions) : []),
    ...channels.flatMap((channel) => [aggregates(channel), firstSteps(dc, rack, channel)]),
    segments(dc, rack, channels),
    ...(edgesTellGateways(dc) ? channels.map(beaconRoute) : []),
    ...channels.map((channel) => kernelProtocol(channel, { policy: ["import none;", toKernel(dc, channel)] })),
    ...towardsCore(dc, rack, { channels, believed }),
    ...towardsHosts(dc, rack, { channels, believed }),
  ]);
}

/** The beacon is for gateways, and for no packets. */
function toKernel(dc: DataCenter, { family }: Channel): Line {
  const beacon = edgesTellGateways(dc) ? ` && proto != "beacon${family}"` : "";
  return `export where source ~ [ RTS_BGP, RTS_STATIC ]${beacon};`;
}

function aggregates({ family, name, ranges }: Channel): string {
  return block(`protocol static internal${family}`, [`${name};`, ...ranges.map((range) => `route ${range} unreachable;`)]);
}

/** The segments that it is on, told to those on the other side for as long as their interface is up. */
function segments({ fabric }: DataCenter, { ipv4, ipv6, tor }: Rack, channels: readonly Channel[]): string {
  const interfaces = [tor.uplink, tor.interface].filter((name) => name !== undefined).map((name) => JSON.stringify(name));
  const known = ({ family, name }: Channel) => {
    const nets = (family === 4 ? [fabric.ipv4, ipv4] : [fabric.ipv6, ipv6]).filter((prefix) => prefix !== undefined);
    return block(name, [`import where ${anyOf(netIsAny(nets))};`]).concat(";");
  };
  return block("protocol direct segments", [...channels.map(known), `interface ${interfaces.join(", ")};`]);
}

/** Everything that it says is reached through itself; what it hears of endpoints gives way to what its own hosts say. */
function towardsCore(dc: DataCenter, rack: Rack, { channels, believed }: Hearing): readonly string[] {
  const policy = {
    believed,
    said: (channel: Channel, to: MeshRole) => saidToCore(dc, rack, { channel, to }),
    heard: (channel: Channel) => [asFar(channel)],
  };
  const options = ["next hop self;", "gateway direct;", "add paths on;"];
  const external = rack.asn !== undefined;
  const exchange = (channel: Channel) => {
    const known = anyOf([...heardByAll(channel), `net = ${channel.anywhere}`]);
    return [
      `import where ${allOf([known, ...(external ? [metricHeard(channel)] : []), ...policy.heard(channel)])};`,
      `export where ${allOf([policy.said(channel, "gateway"), ...(external ? [metricTold(channel)] : [])])};`,
      ...options,
    ];
  };
  const hubs = hubsOf(dc);
  const template = fabricTemplate(
    dc,
    rack.tor,
    channels.map((channel) => fabricChannel(dc, rack.tor, { channel, policy: hubs.length > 0 ? exchange(channel) : options })),
  );
  return [
    template,
    ...hubs.flatMap(({ role, machines }) =>
      machines.map((peer) => fabricSession(dc, peer, { role, lines: role === "gateway" ? PROMPT : [] })),
    ),
    ...(peersBy(dc, "mesh") ? meshSessions(dc, rack.tor, channels, policy) : []),
  ];
}

/** What comes from its own side, and that is: by another interface than the one to the core. */
function saidToCore(dc: DataCenter, rack: Rack, { channel, to }: { readonly channel: Channel; readonly to: MeshRole }): string {
  const { family } = channel;
  const segment = family === 4 ? rack.ipv4 : rack.ipv6;
  const own = anyOf([`endpoint${family}()`, ...placesOf(dc, channel, rack)]);
  const heard = `(source = RTS_BGP && ifname != ${JSON.stringify(rack.tor.uplink)} && ${own})`;
  return anyOf([
    heard,
    ...(segment === undefined ? [] : [`(source = RTS_DEVICE && net = ${segment})`]),
    ...(edgesTellGateways(dc) && to === "gateway" ? [isOwnBeacon(channel)] : []),
  ]);
}

interface Hearing {
  readonly channels: readonly Channel[];
  readonly believed: Believed;
}

function towardsHosts(dc: DataCenter, rack: Rack, { channels, believed }: Hearing): readonly Line[] {
  const hosts = attachedTo(dc, rack);
  const numbered = rack.peering === "numbered";
  const exchange = (channel: Channel) =>
    block(channel.name, [...(numbered ? numberedHops(dc, rack, channel) : unnumberedHops(channel)), saidToHosts(rack, channel)]).concat(
      ";",
    );
  return [
    ...(numbered ? channels.map((channel) => byRouter(rack, channel)) : []),
    sessionTemplate("rack", {
      lines: [...guarded(dc.fabric.guard), "passive;", "rr client;", ...channels.map(exchange)],
    }),
    ...hosts.map((attached) => hostSession(dc, rack, { attached, channels, believed })),
  ];
}

/** What is beyond the core is reached by the router; a host of the same segment is reached as it says. */
function byRouter(rack: Rack, { family }: Channel): string {
  return block(`function by_router${family}()`, [
    `if source = RTS_BGP && ifname = ${JSON.stringify(rack.tor.uplink)} then bgp_next_hop = ${addressOn(inRack(rack), family)};`,
    "return true;",
  ]);
}

function saidToHosts(rack: Rack, channel: Channel): string {
  const known = anyOf([...heardByAll(channel), `net = ${channel.anywhere}`]);
  const far = `(source = RTS_BGP || ifname = ${JSON.stringify(rack.tor.uplink)})`;
  return `export where ${allOf([known, far, ...(rack.peering === "numbered" ? [`by_router${channel.family}()`] : [])])};`;
}

function numberedHops(dc: DataCenter, rack: Rack, { family }: Channel): readonly Line[] {
  return [family === sessionFamily(dc) ? undefined : `next hop address ${addressOn(inRack(rack), family)};`, "gateway direct;"];
}

function unnumberedHops({ family }: Channel): readonly Line[] {
  return [family === 4 ? "extended next hop on;" : undefined, "next hop self;", "gateway direct;"];
}

interface HostSide extends Hearing {
  readonly attached: Attached;
}

/** In an unnumbered rack all hosts have the same address: each is known by the port that it is on. */
function hostSession(dc: DataCenter, rack: Rack, { attached, channels, believed }: HostSide): string {
  const { host, uplink } = attached;
  const asn = asnOf(dc, rack);
  const over = sessionFamily(dc);
  const ends =
    rack.peering === "numbered"
      ? [`local ${addressOn(inRack(rack), over)} as ${asn};`, `neighbor ${addressOn(onLink(attached), over)} as ${asn};`]
      : [`local ${TOR_LINK_LOCAL} as ${asn};`, `neighbor ${HOST_LINK_LOCAL} as ${asn};`, `interface ${JSON.stringify(uplink.port)};`];
  const heard = (channel: Channel) => {
    const { family } = channel;
    const endpoints = `endpoint${family}()${assignedTo(channel, host.name, believed)}`;
    const loopback = hasLoopback(host) ? [`net = ${hostPrefix(addressOn(host, family))}`] : [];
    const here =
      rack.peering === "numbered" ? `bgp_next_hop = ${addressOn(onLink(attached), family)}` : `ifname = ${JSON.stringify(uplink.port)}`;
    return block(channel.name, [
      askedAgain(believed),
      `import where ${allOf([anyOf([believed === "assigned" ? `(${endpoints})` : endpoints, ...loopback]), here, asNear(channel)])};`,
      ...limits(HOST_ROUTES),
    ]).concat(";");
  };
  return block(`protocol bgp '${protocolName("host", host.name)}' from rack`, [...ends, ...channels.map(heard)]);
}

/**
 * The way to a host's loopback before its BGP has told it, which it cannot before its agent has heard from a controller. It is told to
 * nobody, and gives way to whatever BGP says.
 */
function firstSteps(dc: DataCenter, rack: Rack, { family, name }: Channel): Line {
  const routes = attachedTo(dc, rack)
    .filter(({ host }) => hasLoopback(host))
    .map((attached) => {
      const hop = rack.peering === "numbered" ? addressOn(onLink(attached), family) : `${HOST_LINK_LOCAL}%'${attached.uplink.port}'`;
      return `route ${hostPrefix(addressOn(attached.host, family))} via ${hop};`;
    });
  return routes.length === 0
    ? undefined
    : block(`protocol static hosts${family}`, [block(name, ["preference 50;"]).concat(";"), ...routes]);
}
