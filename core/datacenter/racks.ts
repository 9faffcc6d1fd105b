/** Racks, as others ask about them: who is in one, who is in none, and where machines have their addresses. */
import { familyOf, readIp } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import type { DataCenter, Host, Rack, Tor, Uplink } from "./data-center.ts";
import { coreInterfaces } from "./segments.ts";

/** Of the two ends of a link in an unnumbered rack: the router's, and the host's. */
export const TOR_LINK_LOCAL: Ip = linkLocal("fe80::1");
export const HOST_LINK_LOCAL: Ip = linkLocal("fe80::2");

type Racks = Pick<DataCenter, "racks">;

export function racksOf({ racks }: Racks): readonly Rack[] {
  return racks ?? [];
}

export function torsOf(dc: Racks): readonly Tor[] {
  return racksOf(dc).map(({ tor }) => tor);
}

/** Throws where there is none: a data centre that was read has every rack that its hosts name. */
export function rackNamed(dc: Racks, name: string): Rack {
  const rack = racksOf(dc).find((each) => each.name === name);
  if (rack === undefined) throw new Error(`no rack "${name}" in the data centre`);
  return rack;
}

/** Hosts that are on the core segment. */
export function coreHosts({ hosts }: Pick<DataCenter, "hosts">): readonly Host[] {
  return hosts.filter(({ uplinks }) => uplinks === undefined);
}

export interface Attached {
  readonly host: Host;
  readonly uplink: Uplink;
}

/** Hosts of a rack; one that has two ports there, in an unnumbered rack, is in the list twice. */
export function attachedTo({ hosts }: Pick<DataCenter, "hosts">, { name }: Rack): readonly Attached[] {
  return hosts.flatMap((host) => (host.uplinks ?? []).filter(({ rack }) => rack === name).map((uplink) => ({ host, uplink })));
}

/** The autonomous system of a rack. */
export function asnOf({ fabric }: Pick<DataCenter, "fabric">, rack: Rack | undefined): number {
  return rack?.asn ?? fabric.asn;
}

/** Is the host's address on its loopback, and told to its routers by BGP? */
export function hasLoopback({ ipv4, ipv6, uplinks }: Host): boolean {
  return uplinks !== undefined && !uplinks.some((uplink) => uplink.ipv4 === ipv4 && uplink.ipv6 === ipv6);
}

/** The interfaces by which a host is on the fabric. */
export function fabricInterfaces({ fabric }: Pick<DataCenter, "fabric">, host: Host): readonly string[] {
  return host.uplinks?.map((uplink) => uplink.interface) ?? coreInterfaces({ fabric });
}

/** All addresses by which a machine may be seen. */
export function addressesOf({ ipv4, ipv6, uplinks }: Host): readonly Ip[] {
  const links = (uplinks ?? []).flatMap((uplink) => [uplink.ipv4, uplink.ipv6]);
  return [...new Set([ipv4, ipv6, ...links].filter((ip) => ip !== undefined))];
}

/** Prefixes in which the data centre's machines have their addresses: the core segment, the racks, the loopbacks. */
export function machinePrefixes(dc: Pick<DataCenter, "fabric" | "racks">, ...families: readonly Family[]): readonly Cidr[] {
  const { ipv4, ipv6, loopbacks4, loopbacks6, second } = dc.fabric;
  const all = [ipv4, ipv6, second?.ipv4, second?.ipv6, ...racksOf(dc).flatMap((rack) => [rack.ipv4, rack.ipv6]), loopbacks4, loopbacks6];
  const present = all.filter((prefix) => prefix !== undefined);
  return families.length === 0 ? present : present.filter((prefix) => families.includes(familyOf(prefix)));
}

function linkLocal(text: string): Ip {
  const ip = readIp(text);
  if (ip === undefined) throw new Error(`not an address: ${text}`);
  return ip;
}
