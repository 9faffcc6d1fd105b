/** What must hold between the prefixes and addresses of a data centre file, wherever in it they stand. */
import { familyOf, widthOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { contains, firstOf, lastOf, lengthOf, overlaps, prefixOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { linkAddresses, routerAddresses } from "./declared-racks.ts";
import type { Declared, DeclaredMachine, DeclaredRanges } from "./layout.ts";
import { showPath } from "./source.ts";
import type { Path, Source } from "./source.ts";

export const FAMILIES = [4, 6] as const;
/** Those that are on the core segment, whatever the rest of the file says. */
const CORE_ROLES = ["controllers", "reflectors", "gateways"] as const;

/** The key of a family wherever both may stand: `ipv4`. */
export function keyOf(family: Family): "ipv4" | "ipv6" {
  return family === 4 ? "ipv4" : "ipv6";
}

interface Standing {
  readonly path: Path;
  readonly machine: DeclaredMachine;
}

function listed(list: readonly (DeclaredMachine | undefined)[] | undefined, path: (index: number) => Path): readonly Standing[] {
  return (list ?? []).flatMap((machine, index) => (machine === undefined ? [] : [{ path: path(index), machine }]));
}

function coreMachines(declared: Declared): readonly Standing[] {
  return [
    ...CORE_ROLES.flatMap((role) => listed(declared[role], (index) => [role, index])),
    ...listed(
      declared.racks?.map((rack) => rack?.tor),
      (index) => ["racks", index, "tor"],
    ),
  ];
}

export function machinesOf(declared: Declared): readonly Standing[] {
  const order = ["controllers", "reflectors", "racks", "hosts", "gateways"];
  const all = [...coreMachines(declared), ...listed(declared.hosts, (index) => ["hosts", index])];
  return all.toSorted((one, other) => order.indexOf(String(one.path[0])) - order.indexOf(String(other.path[0])));
}

export interface Place {
  readonly path: Path;
  readonly prefix: Cidr;
}

/** Every prefix of the file that must be apart from the others. */
export function placesOf(declared: Declared): readonly Place[] {
  const { fabric, racks, gateways, lab } = declared;
  const links = (gateways ?? []).flatMap((gateway, index) =>
    FAMILIES.map((family) => {
      const local = gateway?.upstream?.[keyOf(family)]?.address;
      return { path: ["gateways", index, "upstream", keyOf(family), "address"], prefix: local && prefixOf(local.ip, local.length) };
    }),
  );
  const places = [
    ...kindsOf(declared).flatMap(({ path, of }) => KINDS.map((kind) => ({ path: [...path, kind], prefix: of[kind] }))),
    { path: ["fabric", "ipv4"], prefix: fabric?.ipv4 },
    { path: ["fabric", "ipv6"], prefix: fabric?.ipv6 },
    { path: ["fabric", "second", "ipv4"], prefix: fabric?.second?.ipv4 },
    { path: ["fabric", "second", "ipv6"], prefix: fabric?.second?.ipv6 },
    { path: ["fabric", "loopbacks4"], prefix: fabric?.loopbacks4 },
    { path: ["fabric", "loopbacks6"], prefix: fabric?.loopbacks6 },
    ...(racks ?? []).flatMap((rack, index) =>
      FAMILIES.map((family) => ({ path: ["racks", index, keyOf(family)], prefix: rack?.[keyOf(family)] })),
    ),
    ...links,
    { path: ["lab", "outside4"], prefix: lab?.outside4 },
    { path: ["lab", "outside6"], prefix: lab?.outside6 },
  ];
  return places.flatMap(({ path, prefix }) => (prefix === undefined ? [] : [{ path, prefix }]));
}

/** No two overlap, but gateways may be on one link to the provider. */
export function checkOverlaps(declared: Declared, source: Source): void {
  const places = placesOf(declared);
  for (const [index, place] of places.entries()) {
    const hit = places.slice(0, index).find((other) => overlaps(place.prefix, other.prefix) && !sameLink(place, other));
    if (hit !== undefined) source.blame(place.path, `overlaps ${showPath(hit.path)} ${hit.prefix}`);
  }
}

function sameLink(left: Place, right: Place): boolean {
  return left.path[0] === "gateways" && right.path[0] === "gateways" && left.prefix === right.prefix;
}

const KINDS = ["public", "private", "ipv6"] as const;

/** The ranges that addresses are given from, and those that retire. */
export function kindsOf({ ranges }: Declared): readonly { readonly path: Path; readonly of: DeclaredRanges }[] {
  const retiring = ranges?.retiring;
  return [
    ...(ranges === undefined ? [] : [{ path: ["ranges"], of: ranges }]),
    ...(retiring === undefined ? [] : [{ path: ["ranges", "retiring"], of: retiring }]),
  ];
}

/** At least one range; halves of /64 or larger; room for a gateway IP and a VM; a fabric that carries the family. */
export function checkRanges(declared: Declared, source: Source): void {
  const { ranges, fabric } = declared;
  if (ranges === undefined) return;
  if (KINDS.every((kind) => ranges[kind] === undefined) && !source.findings.some(({ path }) => path[0] === "ranges")) {
    source.blame(["ranges"], "no address range at all; give at least one of public, private, ipv6");
  }
  for (const { path, of } of kindsOf(declared)) {
    const told = source.findings.some((found) => path.every((key, at) => found.path[at] === key));
    if (path.length > 1 && !told && KINDS.every((kind) => of[kind] === undefined))
      source.blame(path, "no range in it; leave the key out when nothing retires");
    if (of.ipv6 !== undefined && lengthOf(of.ipv6) > 63) {
      source.blame([...path, "ipv6"], `cannot be halved into /64 or larger; it has to be a /63 or larger`);
    }
    for (const key of ["public", "private"] as const) {
      const cidr = of[key];
      if (cidr !== undefined && lengthOf(cidr) > 30)
        source.blame([...path, key], "too small for a gateway IP and a VM; it has to be a /30 or larger");
    }
    for (const kind of KINDS) {
      const key = kind === "ipv6" ? "ipv6" : "ipv4";
      if (of[kind] === undefined || fabric === undefined || fabric[key] !== undefined || source.blamed(["fabric", key])) continue;
      source.blame(["fabric", key], `missing; the addresses of ${showPath([...path, kind])} travel over it`);
    }
  }
}

/** Each machine of the core segment has one address in each family of the fabric, inside it. */
export function checkMachines(declared: Declared, source: Source): void {
  const { fabric } = declared;
  if (fabric === undefined) return;
  if (fabric.ipv4 === undefined && fabric.ipv6 === undefined && !source.findings.some(({ path }) => path[0] === "fabric")) {
    source.blame(["fabric"], "neither ipv4 nor ipv6; machines need addresses to speak BGP");
  }
  for (const { path, machine } of coreMachines(declared)) {
    for (const family of FAMILIES) {
      const segment = { path: ["fabric", keyOf(family)], prefix: fabric[keyOf(family)] };
      checkAddress({ segment, family, ip: machine[keyOf(family)], path: [...path, keyOf(family)] }, source);
    }
  }
}

export interface SegmentAddress {
  /** Where the address has to lie; without a prefix, the fabric has no such family. */
  readonly segment: { readonly path: Path; readonly prefix: Cidr | undefined };
  readonly family: Family;
  readonly ip: Ip | undefined;
  readonly path: Path;
}

export function checkAddress({ segment, family, ip, path }: SegmentAddress, source: Source): void {
  const { prefix } = segment;
  if (source.blamed(segment.path) || source.blamed(path)) return;
  const place = `${showPath(segment.path)} ${prefix}`;
  if (ip === undefined) {
    if (prefix !== undefined) source.blame(path, `missing; ${showPath(segment.path)} is ${prefix}`);
  } else if (prefix === undefined) source.blame(path, `the fabric has no ${keyOf(family)}`);
  else if (!contains(prefix, ip)) source.blame(path, `outside ${place}`);
  else if (isEdge(prefix, ip)) source.blame(path, `${edgeName(ip)} of ${place}`);
}

/** Names and addresses belong to one machine each. Host names differ by more than case (RFC 4343). */
export function checkDuplicates(declared: Declared, source: Source): void {
  const own = machinesOf(declared).flatMap(({ path, machine }) =>
    (["name", "ipv4", "ipv6"] as const).map((key) => ({ path: [...path, key], value: machine[key] })),
  );
  checkDistinct([...routerAddresses(declared), ...own, ...linkAddresses(declared)], source);
}

export interface Claimed {
  readonly path: Path;
  readonly value: string | undefined;
}

/** What is there a second time is blamed, with the place of the first. */
export function checkDistinct(claims: readonly Claimed[], source: Source): void {
  const owners = new Map<string, Path>();
  for (const { path, value } of claims) {
    const key = value?.toLowerCase();
    if (key === undefined) continue;
    const owner = owners.get(key);
    if (owner === undefined) owners.set(key, path);
    else source.blame(path, `already ${showPath(owner)}`);
  }
}

/** The addresses of a link that no machine may have: network and broadcast in IPv4, the subnet routers' anycast in IPv6 (RFC 4291, 2.6.1). */
export function isEdge(link: Cidr, ip: Ip): boolean {
  // Links of two addresses have no such ones: RFC 3021, RFC 6164.
  if (lengthOf(link) >= widthOf(familyOf(link)) - 1) return false;
  return ip === firstOf(link) || (familyOf(ip) === 4 && ip === lastOf(link));
}

export function edgeName(ip: Ip): string {
  return familyOf(ip) === 4 ? "the network or broadcast address" : "the subnet routers' anycast address";
}
