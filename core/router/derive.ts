/**
 * From the data centre to the configuration of one router: who it speaks with, what it takes from each and tells each, what ends at it,
 * and what it translates. The policies say what BIRD's filters on our own machines say (core/intent); the proof holds both to the
 * same rules.
 */
import { bfdPace } from "../datacenter/bfd-pace.ts";
import type { DataCenter, Gateway, Machine, Rack } from "../datacenter/data-center.ts";
import { untranslatedTowards } from "../datacenter/pnat-scope.ts";
import { asnOf, attachedTo, racksOf, torsOf } from "../datacenter/racks.ts";
import { privateRanges } from "../datacenter/ranges.ts";
import type { Speaker } from "../datacenter/sessions.ts";
import { beaconPrefix, edgesTellGateways } from "../intent/beacon.ts";
import { PROMPT_SECONDS, routerId, SECONDS } from "../intent/bgp.ts";
import { addressOn, channelsOf, sessionFamily } from "../intent/bgp-channel.ts";
import type { Channel } from "../intent/bgp-channel.ts";
import { inRack } from "../intent/bgp-uplink.ts";
import { poolOf, sharedPool } from "../intent/pnat-pool.ts";
import { lengthOf } from "../net/prefix.ts";
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import { gatewayPolicies } from "./gateway-policies.ts";
import type { Condition, Policy } from "./policy.ts";
import { peersOf } from "./peers.ts";
import type { Peer } from "./peers.ts";
import { reflectorPolicies } from "./reflector-policies.ts";
import { torPolicies } from "./tor-policies.ts";
import type { Neighbor, NeighborFamily, Originated, Pnat, RouterConfig, RouterInterface, RouterRole } from "./router-config.ts";
import { aggregatesOf, colourOf, coloursOf, setName, vocabularyOf } from "./vocabulary.ts";
import type { Colour } from "./vocabulary.ts";

/** What a router takes from a neighbour and tells it, in one family. */
export interface Exchange extends Omit<NeighborFamily, "family" | "import" | "export" | "localNextHop"> {
  readonly import: Policy;
  readonly export: Policy;
}

/** The configuration of the gateway, reflector or top-of-rack router of that name; undefined when the data centre has none. */
export function routerConfigOf(dc: DataCenter, name: string): RouterConfig | undefined {
  const gateway = dc.gateways.find((machine) => machine.name === name);
  if (gateway !== undefined) return gatewayConfig(dc, gateway);
  const reflector = dc.reflectors.find((machine) => machine.name === name);
  if (reflector !== undefined) return reflectorConfig(dc, reflector);
  const rack = racksOf(dc).find(({ tor }) => tor.name === name);
  return rack && torConfig(dc, rack);
}

/** Every router that a configuration can be derived for. */
export function routersOf(dc: DataCenter): readonly { readonly name: string; readonly role: RouterRole }[] {
  return [
    ...dc.gateways.map(({ name }) => ({ name, role: "gateway" as const })),
    ...dc.reflectors.map(({ name }) => ({ name, role: "reflector" as const })),
    ...torsOf(dc).map(({ name }) => ({ name, role: "tor" as const })),
  ];
}

function gatewayConfig(dc: DataCenter, gateway: Gateway): RouterConfig {
  const channels = channelsOf(dc);
  const reflects = dc.fabric.peering === "direct" ? { clusterId: routerId(dc, gateway) } : {};
  const aggregates = channels.flatMap((channel) => aggregatesOf(dc, channel));
  const pools = channels.some(({ family }) => family === 4) ? sharedPool(dc, gateway) : [];
  const pnat = pnatOf(dc, gateway);
  return {
    ...shellOf(dc, gateway, "gateway"),
    ...reflects,
    ...spoken(dc, gateway, (channel, peer) => gatewayPolicies(dc, gateway, { channel, peer })),
    interfaces: [fabricInterface(dc, gateway), uplinkOf(gateway)],
    statics: [
      ...aggregates.map(({ prefix, colour }) => ({
        prefix,
        about: colour === "announced" ? "announced outside" : "never announced outside",
      })),
      ...pools.map((prefix) => ({ prefix, about: "own PNAT pool" })),
    ],
    originated: [
      ...aggregates
        .filter(({ colour }) => colour === "announced")
        .map(({ prefix, colour }) => ({ prefix, community: colourOf(dc, colour), whileHeard: setName("BEACON", familyOf(prefix)) })),
      ...pools.map((prefix): Originated => ({ prefix, community: colourOf(dc, "pool") })),
    ],
    routes: "forwards",
    ...(pnat === undefined ? {} : { pnat }),
  };
}

function reflectorConfig(dc: DataCenter, reflector: Machine): RouterConfig {
  return {
    ...shellOf(dc, reflector, "reflector"),
    clusterId: routerId(dc, reflector),
    ...spoken(dc, reflector, (channel, peer) => reflectorPolicies(dc, { channel, peer })),
    interfaces: [fabricInterface(dc, reflector)],
    ...beacons(dc),
    routes: "reflects",
  };
}

/** For gateways: nobody else is told. */
function beacons(dc: DataCenter): Pick<RouterConfig, "statics" | "originated"> {
  const prefixes = channelsOf(dc).map(({ family }) => beaconPrefix(family));
  return {
    statics: prefixes.map((prefix) => ({ prefix, about: "the beacon: gateways are announced outside while they hear it" })),
    originated: prefixes.map((prefix) => ({ prefix, community: colourOf(dc, "beacon") })),
  };
}

/** To its hosts it is a reflector, whatever it is to others. */
function torConfig(dc: DataCenter, rack: Rack): RouterConfig {
  const { tor } = rack;
  const channels = channelsOf(dc);
  const segments = channels.flatMap(({ family }) => (family === 4 ? rack.ipv4 : rack.ipv6) ?? []);
  return {
    ...shellOf(dc, tor, "tor"),
    asn: asnOf(dc, rack),
    clusterId: routerId(dc, tor),
    ...spoken(dc, tor, (channel, peer) => torPolicies(dc, rack, { channel, peer }), inRack(rack)),
    interfaces: torInterfaces(dc, rack),
    statics: [
      ...channels.flatMap(({ ranges }) => ranges).map((prefix) => ({ prefix, about: "no endpoint of it is known" })),
      ...(edgesTellGateways(dc) ? beacons(dc).statics : []),
    ],
    originated: [
      ...segments.map((prefix): Originated => ({ prefix, community: colourOf(dc, "segment") })),
      ...(edgesTellGateways(dc) ? beacons(dc).originated : []),
    ],
    routes: "forwards",
  };
}

function torInterfaces(dc: DataCenter, rack: Rack): readonly RouterInterface[] {
  const { uplink, interface: segment, rack4, rack6 } = rack.tor;
  const on = (ip: Ip | undefined, prefix: Cidr | undefined) =>
    ip === undefined || prefix === undefined ? [] : [{ ip, length: lengthOf(prefix) }];
  const ports = attachedTo(dc, rack).flatMap(({ uplink: { port } }) => port ?? []);
  return [
    { ...fabricInterface(dc, rack.tor), name: uplink },
    ...(segment === undefined
      ? []
      : [{ name: segment, side: "rack" as const, addresses: [...on(rack4, rack.ipv4), ...on(rack6, rack.ipv6)] }]),
    ...ports.map((name) => ({ name, side: "rack" as const, addresses: [] })),
  ];
}

function shellOf(dc: DataCenter, machine: Machine, role: RouterRole) {
  return {
    name: machine.name,
    role,
    site: dc.name,
    asn: dc.fabric.asn,
    routerId: routerId(dc, machine),
    communities: coloursOf(dc).filter(({ name }) => !UNUSED[role].includes(name)),
  };
}

/** Colours that a router has no use for. */
const UNUSED: Readonly<Record<RouterRole, readonly Colour[]>> = {
  gateway: ["from-rack", "segment", "beacon"],
  reflector: ["from-rack", "segment"],
  tor: [],
};

/** Neighbours, the policies that they name, and the sets that these name, each once. */
function spoken(
  dc: DataCenter,
  machine: Machine,
  exchange: (channel: Channel, peer: Peer) => Exchange,
  /** As hosts of a rack see it. */
  towardsHosts: Machine = machine,
): Pick<RouterConfig, "neighbors" | "policies" | "prefixSets"> {
  const policies = new Map<string, Policy>();
  const channels = channelsOf(dc);
  const neighbors = peersOf(dc, machine.name).map((peer): Neighbor => {
    const carried = channels.filter(({ family }) => peer.session.carries.includes(family));
    const families = carried.map((channel): NeighborFamily => {
      const { import: taken, export: told, ...rest } = exchange(channel, peer);
      for (const policy of [taken, told]) policies.set(policy.name, policy);
      const other = peer.role !== "provider" && channel.family !== sessionFamily(dc);
      const self = peer.session.kind === "tor client" ? towardsHosts : machine;
      const nextHop = other && peer.own.interface === undefined ? { localNextHop: addressOn(self, channel.family) } : {};
      return { family: channel.family, import: taken.name, export: told.name, ...rest, ...nextHop };
    });
    return { ...sessionWith(dc, peer), ...watchedBy(dc, machine, peer), ...guardedBy(dc, machine, peer), families };
  });
  const named = new Set([...policies.values()].flatMap(({ terms }) => terms.flatMap(({ when }) => when.flatMap(setNamed))));
  return { neighbors, policies: [...policies.values()], prefixSets: vocabularyOf(dc).filter(({ name }) => named.has(name)) };
}

function setNamed(condition: Condition): readonly string[] {
  return "prefixes" in condition ? [condition.prefixes] : [];
}

function sessionWith(dc: DataCenter, { role, own, other, connects, session }: Peer): Omit<Neighbor, "families"> {
  const { connectRetry, restart } = SECONDS;
  const { hold, keepalive } = isPrompt(dc, session) ? PROMPT_SECONDS : SECONDS;
  return {
    name: other.name,
    role,
    ...ends(own, other),
    localAsn: own.asn,
    asn: other.asn,
    connects,
    timers: { hold, keepalive, connectRetry },
    gracefulRestart: { time: restart },
  };
}

/** A gateway's on the fabric: so long it may be announced while it hears nobody. */
function isPrompt({ gateways }: DataCenter, { near, far, kind }: Peer["session"]): boolean {
  const withGateway = [near, far].some(({ name }) => gateways.some((gateway) => gateway.name === name));
  return withGateway && kind !== "customer";
}

/** BFD with whom it is spoken: with all of the fabric, and with a provider that speaks it. */
function watchedBy(dc: DataCenter, { name }: Machine, { role }: Peer): Pick<Neighbor, "bfd"> {
  const upstream = dc.gateways.find((gateway) => gateway.name === name)?.upstream;
  const bfd = role === "provider" ? upstream?.bfd : bfdPace(dc);
  return bfd === undefined ? {} : { bfd };
}

/** What is said of a session that is guarded. */
function guardedBy(dc: DataCenter, { name }: Machine, { role }: Peer): Pick<Neighbor, "password" | "gtsm"> {
  const upstream = dc.gateways.find((gateway) => gateway.name === name)?.upstream;
  const guard = role === "provider" ? upstream?.guard : dc.fabric.guard;
  return { ...(guard?.password_file && { password: "declared" }), ...(guard?.ttl_security && { gtsm: "one hop" }) };
}

function ends(own: Speaker, other: Speaker): Pick<Neighbor, "address" | "interface" | "local"> {
  const local = own.ip;
  if (local === undefined) throw new Error(`${own.name} speaks from an address that is not known before it does`);
  // On links of their own all have the same address at the other end: it is the interface that tells them apart.
  if (own.interface !== undefined) return { local, interface: own.interface };
  return { local, ...(other.ip !== undefined && { address: other.ip }) };
}

function fabricInterface({ fabric }: DataCenter, machine: Machine): RouterInterface {
  const addresses = [
    ...(fabric.ipv4 === undefined || machine.ipv4 === undefined ? [] : [{ ip: machine.ipv4, length: lengthOf(fabric.ipv4) }]),
    ...(fabric.ipv6 === undefined || machine.ipv6 === undefined ? [] : [{ ip: machine.ipv6, length: lengthOf(fabric.ipv6) }]),
  ];
  return { name: fabric.interface, side: "fabric", addresses };
}

function uplinkOf({ upstream }: Gateway): RouterInterface {
  return { name: upstream.interface, side: "outside", addresses: [upstream.ipv4, upstream.ipv6].flatMap((link) => link?.local ?? []) };
}

function pnatOf(dc: DataCenter, gateway: Gateway): Pnat | undefined {
  const pool = poolOf(dc, gateway);
  const sources = privateRanges(dc);
  if (pool === undefined || sources.length === 0) return undefined;
  const { untranslated = [], ports_per_vm: ports, filtering, log } = dc.pnat ?? {};
  return {
    sources,
    except: untranslatedTowards(dc),
    spared: untranslated,
    pool,
    inside: dc.fabric.interface,
    uplink: gateway.upstream.interface,
    ...(ports === undefined ? {} : { ports }),
    ...(filtering === undefined ? {} : { filtering }),
    ...(log === undefined ? {} : { log }),
  };
}
