/** Addresses of machines, for judging routes: who is meant by a next hop. */
import type { DataCenter, Gateway, Machine } from "../datacenter/data-center.ts";
import { exportsOf } from "../datacenter/exports.ts";
import { addressesOf, machinePrefixes, rackNamed, TOR_LINK_LOCAL, torsOf } from "../datacenter/racks.ts";
import { ipv6Ranges, privateRanges, rangesOf } from "../datacenter/ranges.ts";
import { carriedFamilies } from "../datacenter/sessions.ts";
import { FAMILIES, familyOf, readIp } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import { contains, covers, overlaps, readCidr } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";

/** Next hops by which a host's VMs may be reached: the host's own addresses, and its top-of-rack routers'. */
export function waysTo(center: DataCenter, name: string): ReadonlySet<string> {
  const host = center.hosts.find((one) => one.name === name);
  return new Set(host === undefined ? [] : [...addressesOf(host), ...routersOf(center, name)]);
}

/** Addresses of the top-of-rack routers that a host is behind; none for whoever is on the core segment. */
export function routersOf(center: DataCenter, name: string): readonly string[] {
  const racks = (center.hosts.find((one) => one.name === name)?.uplinks ?? []).map(({ rack }) => rackNamed(center, rack).tor);
  return racks.flatMap(({ ipv4, ipv6, rack4, rack6 }) => [ipv4, ipv6, rack4, rack6, TOR_LINK_LOCAL].filter((ip) => ip !== undefined));
}

export function gatewayNamed({ gateways }: DataCenter, name: string): Gateway | undefined {
  return gateways.find((one) => one.name === name);
}

/** Is it one of the data centre's own machines? */
export function isDeclared(center: DataCenter, name: string): boolean {
  return allMachines(center).some((machine) => machine.name === name);
}

export function allMachines(center: DataCenter): readonly Machine[] {
  return [...center.controllers, ...center.reflectors, ...torsOf(center), ...center.hosts, ...center.gateways];
}

/** Families in which some gateway speaks with a provider. */
export function outwardFamilies(center: DataCenter): readonly Family[] {
  return carriedFamilies(center).filter((family) => center.gateways.some((gateway) => peerOf(gateway, family) !== undefined));
}

export function peerOf({ upstream }: Gateway, family: Family): string | undefined {
  return (family === 4 ? upstream.ipv4 : upstream.ipv6)?.peer;
}

/** Is the session of a gateway with this neighbour one with the outside? */
export function isOutside(gateway: Gateway, neighbour: string): boolean {
  return FAMILIES.some((family) => peerOf(gateway, family) === neighbour);
}

export function inRanges(center: DataCenter, prefix: Cidr): boolean {
  return rangesOf(center).some((range) => covers(range, prefix));
}

export function meetsRange(center: DataCenter, prefix: Cidr): Cidr | undefined {
  return rangesOf(center).find((range) => overlaps(range, prefix));
}

/** Addresses that the outside must never see: the private range, the fabric, what of IPv6 is not announced. */
export function withheldFrom(center: DataCenter): readonly Cidr[] {
  const told = exportsOf(center);
  const all = [...privateRanges(center), ...machinePrefixes(center), ...ipv6Ranges(center).map(({ internal }) => internal)];
  return all.filter((prefix) => !told.some((whole) => covers(whole, prefix)));
}

/** A prefix as programs print it; undefined for what is none. A single address is a prefix of its own. */
export function prefixIn(text: string): Cidr | undefined {
  const single = readIp(text);
  return single === undefined ? readCidr(text) : readCidr(`${single}/${familyOf(single) === 4 ? 32 : 128}`);
}

export function isInside(range: Cidr, text: string): boolean {
  const ip = readIp(text);
  return ip !== undefined && familyOf(ip) === familyOf(range) && contains(range, ip);
}

/** `1 port`, `2 ports`. */
export function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** A few of many, for a line that is read. */
export function few(all: readonly string[], most = 3): string {
  return all.length <= most ? all.join(", ") : `${all.slice(0, most).join(", ")} and ${all.length - most} more`;
}
