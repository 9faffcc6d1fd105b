/**
 * Bidirectional Forwarding Detection (RFC 5880, 5881): a machine that is gone is out of every table within half a second, where BGP's
 * hold time alone would take thirty.
 *
 * A BIRD that crashes must lose nothing (RFC 4724), and would take its own BFD sessions down with it; its peers could not tell that from
 * a machine that is gone. So BFD is spoken by a process of its own, whose end has nothing to do with BIRD's: what RFC 5882 calls
 * independent of the control plane. Between two machines there is one session of BFD, whoever watches whom: both ends speak, both may
 * judge. The agent asks that process, and has BIRD drop the session of a neighbour that is gone (core/liveness).
 */
import { bfdPace } from "../datacenter/bfd-pace.ts";
import type { Bfd, DataCenter } from "../datacenter/data-center.ts";
import { racksOf, torsOf } from "../datacenter/racks.ts";
import { segmentWith } from "../datacenter/segments.ts";
import type { Ip } from "../net/address.ts";
import { block, protocolName, text } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { endsOf } from "./ends.ts";
import type { Ends } from "./ends.ts";
import { perValue } from "./memo.ts";

/** Where a BFD process speaks: one socket per interface, so that two of them share a machine. */
export interface Place {
  readonly interface: string;
  readonly bfd: Bfd;
}

/** The part of a bird.conf that watches those neighbours whose sessions say `bfd`. */
export function bfdWatching(places: readonly Place[]): Line {
  return places.length === 0 ? undefined : bfdProtocol(places.map((place) => interfaceOf(place)));
}

/** Somebody with whom a machine speaks BFD, over which of its links: the addresses of both ends. */
export interface Watched {
  readonly name: string;
  /** The session of BGP with it, as BIRD calls it. */
  readonly session: string;
  readonly interface: string;
  readonly local: Ip;
  readonly peer: Ip;
}

/** All with whom a machine of this name speaks BGP on the fabric: each of them watches it, and is watched. None where BFD is off. */
export function watchedBy(dc: DataCenter, name: string): readonly Watched[] {
  if (dc.fabric.bfd === undefined) return [];
  const known = watched(dc).get(name);
  if (known !== undefined) return known;
  const all = endsOf(dc, name).flatMap((ends) => watchedAt(dc, ends));
  watched(dc).set(name, all);
  return all;
}

/** By name, as far as anybody asked. */
const watched = perValue((_dc: DataCenter) => new Map<string, readonly Watched[]>());

function watchedAt(dc: DataCenter, { own, other, session }: Ends): readonly Watched[] {
  const role = rolesIn(dc).get(other.name);
  if (session.kind === "customer" || role === undefined) return [];
  const link = own.interface ?? linkOf(dc, { own, other, session });
  return [
    {
      name: other.name,
      session: protocolName(role, other.name, segmentWith(dc, own.ip)?.number),
      interface: link,
      local: own.ip,
      peer: other.ip,
    },
  ];
}

/**
 * Those whose routes go when they do. A reflector forwards nothing: what it has said of others is true without it, so machines wait for it
 * as long as BGP does. Not so another reflector, which hears the same of the same.
 */
export function leftBy(dc: DataCenter, name: string): readonly Watched[] {
  const isReflector = (machine: string) => rolesIn(dc).get(machine) === "reflector";
  return watchedBy(dc, name).filter((each) => isReflector(name) || !isReflector(each.name));
}

const rolesIn = perValue((dc: DataCenter) => {
  const as = (role: "host" | "tor" | "gateway" | "reflector", all: readonly { readonly name: string }[]) =>
    all.map(({ name }) => [name, role] as const);
  return new Map([...as("host", dc.hosts), ...as("tor", torsOf(dc)), ...as("gateway", dc.gateways), ...as("reflector", dc.reflectors)]);
});

/** The interface by which it reaches the other end, where the session does not name it. */
function linkOf(dc: DataCenter, { own, other, session }: Ends): string {
  const rack = racksOf(dc).find(({ tor }) => tor.name === own.name);
  if (session.kind !== "tor client") return rack?.tor.uplink ?? segmentWith(dc, own.ip)?.interface ?? dc.fabric.interface;
  const segment = rack?.tor.interface ?? uplinkOf(dc, own.name, racksOf(dc).find(({ tor }) => tor.name === other.name)?.name);
  if (segment === undefined) throw new Error(`${own.name} has no interface to ${other.name}`);
  return segment;
}

function uplinkOf({ hosts }: DataCenter, name: string, rack: string | undefined): string | undefined {
  return hosts.find((host) => host.name === name)?.uplinks?.find((uplink) => uplink.rack === rack)?.interface;
}

/** The configuration of the process that speaks BFD for a machine; undefined: with nobody. */
export function bfdBird(dc: DataCenter, name: string): string | undefined {
  const [bfd, others] = [bfdPace(dc), watchedBy(dc, name)];
  if (bfd === undefined || others.length === 0) return undefined;
  const links = [...new Set(others.map((each) => each.interface))];
  const neighbour = ({ interface: link, local, peer }: Watched) => `neighbor ${peer} dev ${JSON.stringify(link)} local ${local};`;
  return text([
    `# ${name}: written by Margay from the data centre ${dc.name}; changes made here are lost.`,
    "# Speaks BFD for the machine, whatever becomes of the BIRD that speaks BGP.",
    "log stderr { info, warning, error, fatal, bug, auth, remote };",
    // Nobody sees it; BIRD wants one, and an IPv6 fabric has none to offer.
    "router id 192.0.2.1;",
    "protocol device { scan time 10; }",
    bfdProtocol([...links.map((link) => interfaceOf({ interface: link, bfd })), ...others.map(neighbour)]),
  ]);
}

function bfdProtocol(lines: readonly Line[]): string {
  return block("protocol bfd", ["accept direct;", "strict bind;", ...lines]);
}

/** While a session is not up, it is tried a few times a second. */
function interfaceOf({ interface: link, bfd }: Place): string {
  return block(`interface ${JSON.stringify(link)}`, [
    `interval ${bfd.interval} ms;`,
    "idle tx interval 200 ms;",
    `multiplier ${bfd.multiplier};`,
  ]).concat(";");
}

/** Ports of BFD: of neighbours, its echoes, and of more distant ends (RFC 5881, 5883). */
export const BFD_PORTS = "{ 3784, 3785, 4784 }";
