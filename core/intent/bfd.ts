/**
 * Bidirectional Forwarding Detection (RFC 5880, 5881): a machine that is gone is out of every table within half a second, where BGP's
 * hold time alone would take thirty.
 *
 * A BIRD that crashes must lose nothing (RFC 4724), and takes its own BFD sessions down with it; its peers could not tell that from a
 * machine that is gone. So BFD is answered by a process of its own, whose end has nothing to do with BIRD's: what RFC 5882 calls
 * independent of the control plane. While it answers, a session that is cut begins a graceful restart; once it is silent, the session
 * goes down at once, with all that was said on it. Reflectors ask, and everybody that they hear routes from answers.
 */
import type { Bfd, DataCenter, Machine } from "../datacenter/data-center.ts";
import { peersBy } from "../datacenter/peering.ts";
import { torsOf } from "../datacenter/racks.ts";
import type { Ip } from "../net/address.ts";
import { addressOn, sessionFamily } from "./bgp-channel.ts";
import { block, text } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";

/** Where a BFD process speaks: one socket per interface, so that two of them share a machine. */
export interface Place {
  readonly interface: string;
  readonly bfd: Bfd;
}

/** The part of a bird.conf that watches those neighbours whose sessions say `bfd`. */
export function bfdWatching(places: readonly Place[]): Line {
  return places.length === 0 ? undefined : bfdProtocol(places.map((place) => interfaceOf(place)));
}

/** The same on interfaces of the fabric. */
export function bfdOnFabric({ fabric }: DataCenter, links: readonly string[] = [fabric.interface]): Line {
  const { bfd } = fabric;
  return bfd && bfdWatching(links.map((link) => ({ interface: link, bfd })));
}

/** Does a machine of this name answer whoever watches it on the fabric, by a process of its own? */
export function answersBfd(dc: DataCenter, name: string): boolean {
  const { fabric, hosts, gateways } = dc;
  const isIn = (machines: readonly Machine[]) => machines.some((machine) => machine.name === name);
  if (fabric.bfd === undefined) return false;
  return isIn(hosts) || isIn(torsOf(dc)) || (peersBy(dc, "reflectors") && isIn(gateways));
}

/** What a session of the fabric says, so that its neighbour is watched. */
export function bfdOn({ fabric }: DataCenter): Line {
  return fabric.bfd && "bfd on;";
}

/** Who asks whether a machine is there, over which of its links: the addresses of both ends. */
export interface Watcher {
  readonly interface: string;
  readonly local: Ip;
  readonly peer: Ip;
}

/** These, on a link where both have addresses. */
export function watchedBy(
  dc: DataCenter,
  peers: readonly Machine[],
  own: { readonly interface: string; readonly machine: Machine },
): readonly Watcher[] {
  const family = sessionFamily(dc);
  return peers.map((peer) => ({ interface: own.interface, local: addressOn(own.machine, family), peer: addressOn(peer, family) }));
}

/** The configuration of the process that answers for a machine; undefined: nobody asks. */
export function bfdAnswering(dc: DataCenter, { name }: Machine, watchers: readonly Watcher[]): string | undefined {
  const { bfd } = dc.fabric;
  if (bfd === undefined || watchers.length === 0) return undefined;
  const links = [...new Set(watchers.map((each) => each.interface))];
  const neighbour = ({ interface: link, local, peer }: Watcher) => `neighbor ${peer} dev ${JSON.stringify(link)} local ${local};`;
  return text([
    `# ${name}: written by Margay from the data centre ${dc.name}; changes made here are lost.`,
    "# Answers BFD for the machine, whatever becomes of the BIRD that speaks BGP.",
    "log stderr { info, warning, error, fatal, bug, auth, remote };",
    // Nobody sees it; BIRD wants one, and an IPv6 fabric has none to offer.
    "router id 192.0.2.1;",
    "protocol device { scan time 10; }",
    bfdProtocol([...links.map((link) => interfaceOf({ interface: link, bfd }, "passive;")), ...watchers.map(neighbour)]),
  ]);
}

function bfdProtocol(lines: readonly Line[]): string {
  return block("protocol bfd", ["accept direct;", "strict bind;", ...lines]);
}

/** Passive: silent until somebody asks. While a session is not up, it is tried a few times a second. */
function interfaceOf({ interface: link, bfd }: Place, more?: Line): string {
  return block(`interface ${JSON.stringify(link)}`, [
    `interval ${bfd.interval} ms;`,
    "idle tx interval 200 ms;",
    `multiplier ${bfd.multiplier};`,
    more,
  ]).concat(";");
}

/** Ports of BFD: of neighbours, its echoes, and of more distant ends (RFC 5881, 5883). */
export const BFD_PORTS = "{ 3784, 3785, 4784 }";
