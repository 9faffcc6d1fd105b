/**
 * Every BGP session of the data centre. On the core segment hosts, top-of-rack routers and gateways speak with each reflector;
 * without reflectors, hosts and routers with each gateway, or all with all. Who speaks with a reflector and is of its AS is its
 * client; those who reflect are one another's peers (RFC 4456, section 6). A host in a rack is a client of its router, whatever
 * that is to others. Where there are two core segments, all of this is twice, once on each. A session carries every family; it runs over
 * IPv4 where the fabric has it, and in an unnumbered rack over link-local addresses (RFC 8950). Towards its provider a gateway has one session per family.
 */
import { familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import type { DataCenter, Gateway, Machine, Rack } from "./data-center.ts";
import { peersBy } from "./peering.ts";
import { asnOf, attachedTo, coreHosts, HOST_LINK_LOCAL, racksOf, TOR_LINK_LOCAL } from "./racks.ts";
import type { Attached } from "./racks.ts";
import { rangesOf } from "./ranges.ts";
import { segmentsOf } from "./segments.ts";

export interface Speaker {
  readonly name: string;
  readonly ip: Ip;
  /** Its interface, where the session runs over link-local addresses. */
  readonly interface?: string;
  readonly asn: number;
}

/** What `near` is to `far`. A neighbour is of another AS; clients and peers of reflectors, routers and gateways are not. */
export type SessionKind =
  | "reflector client"
  | "reflector neighbour"
  | "reflector peer"
  | "gateway client"
  | "gateway neighbour"
  | "gateway peer"
  | "mesh peer"
  | "tor client"
  | "customer";

export interface Session {
  readonly protocol: "iBGP" | "eBGP";
  readonly kind: SessionKind;
  readonly near: Speaker;
  /** Waits for `near` to connect, but for peers of reflectors and gateways, and the provider. */
  readonly far: Speaker;
  readonly carries: readonly Family[];
}

/** The families that routes are told of: those that have both a range and a fabric to travel on. */
export function carriedFamilies({ ranges, fabric }: DataCenter): readonly Family[] {
  const families = new Set(rangesOf({ ranges }).map(familyOf));
  const [v4, v6] = [families.has(4) && fabric.ipv4 !== undefined, families.has(6) && fabric.ipv6 !== undefined];
  return [...(v4 ? [4 as const] : []), ...(v6 ? [6 as const] : [])];
}

export function sessionsOf(datacenter: DataCenter): readonly Session[] {
  const carries = carriedFamilies(datacenter);
  const core = segmentsOf(datacenter).flatMap((segment) => {
    const at = ({ machine, asn }: CoreSpeaker) => ({ machine: segment.at(machine), asn });
    // A mesh, that others are on their way from or to, is on the first alone.
    const pairs = corePairs(datacenter).filter(([role]) => segment.number === 1 || role !== "mesh peer");
    return pairs.map(([role, near, far]) => inCore(datacenter, carries, { role, near: at(near), far: at(far) }));
  });
  const racks = racksOf(datacenter).flatMap((rack) => attachedTo(datacenter, rack).map((each) => inRack(datacenter, carries, rack, each)));
  return [...core, ...racks, ...datacenter.gateways.flatMap((gateway) => outside(datacenter, gateway))];
}

/** A machine of the core segment, with the AS that it speaks for there. */
interface CoreSpeaker {
  readonly machine: Machine;
  readonly asn: number;
}

type Pair = readonly [role: "reflector" | "reflector peer" | "gateway" | "gateway peer" | "mesh peer", near: CoreSpeaker, far: CoreSpeaker];

function corePairs(dc: DataCenter): readonly Pair[] {
  const own = (machines: readonly Machine[]) => machines.map((machine) => ({ machine, asn: dc.fabric.asn }));
  const edges = [...own(coreHosts(dc)), ...racksOf(dc).map((rack) => ({ machine: rack.tor, asn: asnOf(dc, rack) }))];
  const [reflectors, gateways] = [own(dc.reflectors), own(dc.gateways)];
  const stars = [
    ...(peersBy(dc, "direct") ? starred({ edges, hubs: gateways, role: "gateway" }) : []),
    ...(peersBy(dc, "reflectors") ? starred({ edges: [...edges, ...gateways], hubs: reflectors, role: "reflector" }) : []),
  ];
  if (!peersBy(dc, "mesh")) return stars;
  // Two machines have one session: while a mesh takes the place of gateways that reflect, or the other way round, those with gateways stay theirs.
  const hubs = new Set(peersBy(dc, "direct") ? gateways : []);
  return [...stars, ...eachPair([...edges, ...gateways], "mesh peer").filter(([, near, far]) => !hubs.has(near) && !hubs.has(far))];
}

interface Star {
  readonly edges: readonly CoreSpeaker[];
  readonly hubs: readonly CoreSpeaker[];
  readonly role: "reflector" | "gateway";
}

function starred({ edges, hubs, role }: Star): readonly Pair[] {
  return hubs.flatMap((far, index) => [
    ...edges.map((near): Pair => [role, near, far]),
    ...hubs.slice(0, index).map((near): Pair => [`${role} peer`, near, far]),
  ]);
}

function eachPair(speakers: readonly CoreSpeaker[], role: "mesh peer"): readonly Pair[] {
  return speakers.flatMap((far, index) => speakers.slice(0, index).map((near): Pair => [role, near, far]));
}

interface InCore {
  readonly role: Pair[0];
  readonly near: CoreSpeaker;
  readonly far: CoreSpeaker;
}

function inCore({ fabric: { ipv4 } }: DataCenter, carries: readonly Family[], { role, near, far }: InCore): Session {
  const speaker = ({ machine, asn }: CoreSpeaker): Speaker => {
    const ip = ipv4 === undefined ? machine.ipv6 : machine.ipv4;
    if (ip === undefined) throw new Error(`${machine.name} has no address on the fabric`);
    return { name: machine.name, ip, asn };
  };
  const internal = near.asn === far.asn;
  const kind = role === "reflector" || role === "gateway" ? (`${role} ${internal ? "client" : "neighbour"}` as const) : role;
  return { protocol: internal ? "iBGP" : "eBGP", kind, near: speaker(near), far: speaker(far), carries };
}

function inRack(dc: DataCenter, carries: readonly Family[], rack: Rack, { host, uplink }: Attached): Session {
  const asn = asnOf(dc, rack);
  const [near, far] = rack.peering === "unnumbered" ? unnumberedEnds(rack, { host, uplink }) : numberedEnds(dc, rack, { host, uplink });
  return { protocol: "iBGP", kind: "tor client", near: { ...near, asn }, far: { ...far, asn }, carries };
}

type End = Omit<Speaker, "asn">;

function unnumberedEnds({ tor }: Rack, { host, uplink }: Attached): readonly [End, End] {
  return [
    { name: host.name, ip: HOST_LINK_LOCAL, interface: uplink.interface },
    { name: tor.name, ip: TOR_LINK_LOCAL, ...(uplink.port !== undefined && { interface: uplink.port }) },
  ];
}

function numberedEnds({ fabric: { ipv4 } }: DataCenter, { tor }: Rack, { host, uplink }: Attached): readonly [End, End] {
  const [near, far] = ipv4 === undefined ? [uplink.ipv6, tor.rack6] : [uplink.ipv4, tor.rack4];
  if (near === undefined || far === undefined) throw new Error(`${host.name} and ${tor.name} have no addresses on their rack's segment`);
  return [
    { name: host.name, ip: near },
    { name: tor.name, ip: far },
  ];
}

function outside(datacenter: DataCenter, { name, upstream }: Gateway): readonly Session[] {
  return carriedFamilies(datacenter).flatMap((family) => {
    const link = family === 4 ? upstream.ipv4 : upstream.ipv6;
    if (link === undefined) return [];
    const near = { name, ip: link.local.ip, asn: datacenter.fabric.asn };
    const far = { name: `provider of ${name}`, ip: link.peer, asn: upstream.asn };
    return [{ protocol: "eBGP", kind: "customer", near, far, carries: [family] }];
  });
}
