/**
 * BGP on a gateway. Towards the outside: exactly the aggregates, told by prefix and by the protocol that made them, while somebody on the
 * fabric is heard (beacon.ts); and from there exactly the default route. Towards the fabric: the default route, while the outside gives us one. Without
 * reflectors the gateway reflects between its hosts.
 *
 * A gateway that is drained says the same, but as the last resort: everybody prefers another, and comes back if there is none.
 *
 * The unreachable routes of all ranges, private included, are BIRD's here, so that an aggregate is never announced
 * without the route that ends traffic for its unassigned addresses.
 */
import type { DataCenter, Gateway, Machine, Rack } from "../datacenter/data-center.ts";
import { gatewaysHear, hubsOf, peersBy } from "../datacenter/peering.ts";
import { coreHosts, racksOf } from "../datacenter/racks.ts";
import { coreInterfaces, segmentsOf } from "../datacenter/segments.ts";
import type { Segment } from "../datacenter/segments.ts";
import { assignedIncluded } from "./assigned.ts";
import type { Believed } from "./assigned.ts";
import { BEACON, isBeacon } from "./beacon.ts";
import { bfdWatching } from "./bfd.ts";
import {
  FABRIC_ROUTES,
  guarded,
  limits,
  fabricChannel,
  fabricSession,
  fabricTemplate,
  kernelProtocol,
  preamble,
  PROMPT,
  routerId,
  TIMERS,
} from "./bgp.ts";
import { addressOn, channelsOf, heardByAll, hopsOn, routeClasses } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { meshSessions } from "./bgp-mesh.ts";
import { hasNeighbours, metricFunctions, metricTold } from "./bgp-metric.ts";
import { anyOf, block, netIsAny, text } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { sharedPool } from "./pnat-pool.ts";
import { fromHost, fromTor } from "./reflector.ts";

/** The text of a gateway's bird.conf. */
export function gatewayBird(dc: DataCenter, gateway: Gateway, believed: Believed = "in the ranges"): string {
  const channels = channelsOf(dc);
  return text([
    ...preamble(dc, gateway),
    ...channels.flatMap(routeClasses),
    ...(hasNeighbours(dc) ? channels.flatMap((channel) => [...metricFunctions(channel), byGateway(channel, gateway)]) : []),
    gatewaysHear(dc) ? assignedIncluded(believed) : undefined,
    ...channels.flatMap((channel) => origins(channel, poolsIn(dc, gateway, channel))),
    ...channels.map((channel) => kernelProtocol(channel, { policy: ["import none;", toKernel(channel)] })),
    providersBfd(gateway),
    ...segmentsOf(dc).flatMap((segment) => [
      fabricTemplate(
        dc,
        segment.at(gateway),
        channels.map((channel) => fabricChannel(dc, segment.at(gateway), { channel, policy: fabricPolicy(dc, channel, gateway) })),
        segment.number,
      ),
      ...fabricSessions(dc, gateway, { channels, believed, segment }),
    ]),
    ...channels.map((channel) => upstreamSession(dc, gateway, channel)),
  ]);
}

/**
 * Our own prefixes, each under the name of what may be done with it. What is announced may be a part of a range; the rest of it
 * ends here as well. What is announced leads, to BIRD, where the beacon comes from: a gateway that is cut off from the fabric, and not
 * from the provider, would otherwise go on drawing traffic that it cannot deliver.
 */
function origins({ family, name, ranges, announced }: Channel, pools: readonly string[]): readonly Line[] {
  const statics = (protocol: string, prefixes: readonly string[], way = "unreachable") =>
    prefixes.length === 0
      ? undefined
      : block(`protocol static ${protocol}${family}`, [`${name};`, ...prefixes.map((prefix) => `route ${prefix} ${way};`)]);
  return [
    statics("announced", announced, `recursive ${BEACON[family]}`),
    statics(
      "internal",
      ranges.filter((range) => !announced.includes(range)),
    ),
    statics("pool", pools),
  ];
}

/** To the kernel our prefixes end here. Pool addresses are the gateway's own: it must not be told that they are unreachable. */
function toKernel(channel: Channel): Line {
  const { family } = channel;
  const origin = block(`if proto = "announced${family}" || proto = "internal${family}" then`, ["dest = RTD_UNREACHABLE;", "accept;"]);
  return block("export filter", [`if ${isBeacon(channel)} then reject;`, "if source = RTS_BGP then accept;", origin, "reject;"]).concat(
    ";",
  );
}

function poolsIn(dc: DataCenter, gateway: Gateway, { family }: Channel): readonly string[] {
  return family === 4 ? sharedPool(dc, gateway) : [];
}

/** `next hop self ebgp`: the default route leads here, reflected routes go on naming their host. */
function fabricPolicy(dc: DataCenter, channel: Channel, gateway: Gateway): readonly Line[] {
  const options = ["next hop self ebgp;", "gateway direct;", "add paths rx;"];
  if (hubsOf(dc).length === 0) return options;
  return [
    `import where ${ofOthers(channel).join(" || ")};`,
    `export where ${ownRoutes(dc, channel, gateway).join(" || ")};`,
    ...options,
    ...limits(FABRIC_ROUTES),
  ];
}

/** What others have said of themselves, told on. */
function ofOthers(channel: Channel): readonly string[] {
  return [...heardByAll(channel), ...netIsAny(channel.pools, `POOLS${channel.family}`)];
}

function ownRoutes(dc: DataCenter, channel: Channel, gateway: Gateway): readonly string[] {
  return [isDefault(channel), ...isPool(dc, gateway, channel)];
}

/** Always true: what came from the provider is reached by the gateway itself, also where other next hops are kept. */
function byGateway({ family }: Channel, gateway: Gateway): string {
  return block(`function by_gateway${family}()`, [`bgp_next_hop = ${addressOn(gateway, family)};`, "return true;"]);
}

/** Told on: a rack of another AS is heard by eBGP, and is reached by its own router, not by the gateway that tells of it. */
function keptHops(dc: DataCenter): readonly Line[] {
  return hasNeighbours(dc) ? ["next hop self off;", "next hop keep;"] : [];
}

/** In parentheses: to BIRD, `&&` binds no tighter than `||`. */
function isDefault({ family, anywhere }: Channel): string {
  return `(net = ${anywhere} && proto = "upstream${family}")`;
}

function isPool(dc: DataCenter, gateway: Gateway, channel: Channel): readonly string[] {
  return poolsIn(dc, gateway, channel).length > 0 ? [`proto = "pool${channel.family}"`] : [];
}

function fabricSessions(dc: DataCenter, gateway: Gateway, hearing: Hearing): readonly string[] {
  const { segment } = hearing;
  return [
    ...(peersBy(dc, "reflectors") ? dc.reflectors.map((peer) => reflectorSession(dc, peer, hearing)) : []),
    ...(peersBy(dc, "direct") ? reflected(dc, gateway, hearing) : []),
    ...(peersBy(dc, "mesh") && segment.number === 1 ? inMesh(dc, gateway, hearing) : []),
  ];
}

/** It tells what others have said, and the beacon. */
function reflectorSession(dc: DataCenter, peer: Machine, { channels, segment }: Hearing): string {
  const heard = (channel: Channel) =>
    block(channel.name, [`import where ${[...ofOthers(channel), isBeacon(channel)].join(" || ")};`]).concat(";");
  return fabricSession(dc, segment.at(peer), { role: "reflector", lines: [...PROMPT, ...channels.map(heard)], segment: segment.number });
}

function inMesh(dc: DataCenter, gateway: Gateway, { channels, believed }: Hearing): readonly string[] {
  return meshSessions(dc, gateway, channels, {
    believed,
    said: (channel) => anyOf(ownRoutes(dc, channel, gateway)),
    heard: () => [],
    also: (channel) => [isBeacon(channel)],
  });
}

/** Sessions of those between whom this gateway reflects. */
function reflected(dc: DataCenter, gateway: Gateway, { channels, believed, segment }: Hearing): readonly string[] {
  const others = dc.gateways.filter(({ name }) => name !== gateway.name);
  return [
    ...coreHosts(dc).map((peer) => clientSession(dc, gateway, { peer: segment.at(peer), channels, believed, segment })),
    ...racksOf(dc).map((rack) => torSession(dc, gateway, { rack, channels, believed, segment })),
    ...others.map((peer) => peerSession(dc, gateway, { peer: segment.at(peer), channels, segment })),
  ];
}

/** A provider that says it answers is watched by this gateway's own BIRD; those of the fabric, by the process beside it. */
function providersBfd({ upstream }: Gateway): Line {
  return bfdWatching(upstream.bfd === undefined ? [] : [{ interface: upstream.interface, bfd: upstream.bfd }]);
}

interface Hearing {
  readonly channels: readonly Channel[];
  readonly believed: Believed;
  readonly segment: Segment;
}

interface DirectPeer {
  /** As it is seen on that segment. */
  readonly peer: Machine;
  readonly channels: readonly Channel[];
  readonly segment: Segment;
}

/** A host without reflectors: it is told of the other hosts' endpoints too. */
function clientSession(dc: DataCenter, gateway: Gateway, { peer, channels, believed, segment }: DirectPeer & Hearing): string {
  const policy = (channel: Channel) =>
    block(channel.name, [
      ...fromHost(channel, { host: peer, believed, also: [isBeacon(channel)] }),
      `export where ${toldToEdges(dc, channel, segment)};`,
      ...keptHops(dc),
      "add paths tx;",
    ]).concat(";");
  const lines = [...PROMPT, ...clientOf(dc, gateway), ...channels.map(policy)];
  return fabricSession(dc, peer, { role: "host", lines, segment: segment.number });
}

/** What a host or a top-of-rack router is told: what others have said, and the way out. */
function toldToEdges(dc: DataCenter, channel: Channel, segment: Segment): string {
  const out = hasNeighbours(dc) ? `(${isDefault(channel)} && by_gateway${channel.family}())` : isDefault(channel);
  return `(source = RTS_BGP && ${anyOf(heardByAll(channel))}${hopsOn(dc, channel, segment)}) || ${out}`;
}

function clientOf(dc: DataCenter, gateway: Gateway): readonly Line[] {
  return ["passive;", "rr client;", `rr cluster id ${routerId(dc, gateway)};`];
}

/** A top-of-rack router without reflectors. */
function torSession(dc: DataCenter, gateway: Gateway, { rack, channels, believed, segment }: { readonly rack: Rack } & Hearing): string {
  const policy = (channel: Channel) => {
    const told = toldToEdges(dc, channel, segment);
    const said = rack.asn === undefined ? told : `(${told}) && ${metricTold(channel)}`;
    return block(channel.name, [
      ...fromTor(dc, channel, { rack, believed, also: [isBeacon(channel)] }),
      `export where ${said};`,
      ...keptHops(dc),
      "add paths tx;",
    ]).concat(";");
  };
  const kind = rack.asn === undefined ? clientOf(dc, gateway) : ["passive;"];
  return fabricSession(dc, rack.tor, { role: "tor", lines: [...PROMPT, ...kind, ...channels.map(policy)] });
}

/**
 * Another gateway without reflectors: they reflect, so they are one another's peers (RFC 4456, section 6). A host whose session to
 * one of them is down stays reachable through it, and each hears where the other's pool is.
 */
function peerSession(dc: DataCenter, gateway: Gateway, { peer, channels, segment }: DirectPeer): string {
  const policy = (channel: Channel) => {
    const { name } = channel;
    const said = [`(source = RTS_BGP && ${anyOf(heardByAll(channel))}${hopsOn(dc, channel, segment)})`, ...isPool(dc, gateway, channel)];
    return block(name, [`export where ${said.join(" || ")};`, ...keptHops(dc)]).concat(";");
  };
  return fabricSession(dc, peer, { role: "gateway", lines: [...PROMPT, ...channels.map(policy)], segment: segment.number });
}

/**
 * eBGP with the provider, one session per family. Both ways by positive list: from a provider that sends everything it
 * knows, or our own addresses, we still take the default route alone.
 */
function upstreamSession(dc: DataCenter, { upstream, drained }: Gateway, channel: Channel): string | undefined {
  const { family, name, anywhere, announced } = channel;
  const session = family === 4 ? upstream.ipv4 : upstream.ipv6;
  if (session === undefined) return undefined;
  const ours = announced.length > 0 ? `${anyOf(netIsAny(announced))} && proto = "announced${family}" && ${isHeard(dc)}` : undefined;
  const [heard, told] = drained
    ? [lastResort(`net = ${anywhere}`, ["bgp_local_pref = 0;"]), ours && lastResort(ours, shunned(dc))]
    : [`where net = ${anywhere}`, ours && `where ${ours}`];
  return block(`protocol bgp upstream${family}`, [
    `local ${session.local.ip} as ${dc.fabric.asn};`,
    `neighbor ${session.peer} as ${upstream.asn};`,
    upstream.bfd && "bfd on;",
    "graceful restart on;",
    "graceful restart time 30;",
    ...TIMERS,
    ...guarded(upstream.guard),
    block(name, [`import ${heard};`, "import limit 1 action block;", `export ${told ?? "none"};`]).concat(";"),
  ]);
}

/**
 * It leads to the fabric: the beacon that it is looked up by was heard there. Where it is not, the lookup finds nothing, or the provider's
 * default route.
 */
const isHeard = (dc: DataCenter) => anyOf(coreInterfaces(dc).map((link) => `ifname = ${JSON.stringify(link)}`));

/** A filter that takes what is positively meant, and lowers it below all others. */
function lastResort(which: string, lowered: readonly Line[]): string {
  return block("filter", [block(`if ${which} then`, [...lowered, "accept;"]), "reject;"]);
}

/** By the length of the path, and for whoever heeds it by the community of RFC 8326: GRACEFUL_SHUTDOWN. */
function shunned({ fabric }: DataCenter): readonly Line[] {
  return [...Array.from({ length: 3 }, () => `bgp_path.prepend(${fabric.asn});`), "bgp_community.add((65535,0));"];
}
