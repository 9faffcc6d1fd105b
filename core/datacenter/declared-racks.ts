/** Racks as declared, before it is known whether they can be: how each host is connected, and which addresses there are on the way. */
import type { Family, Ip } from "../net/address.ts";
import { addressAt, sizeOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Declared, DeclaredHost, DeclaredRack, DeclaredUplink } from "./layout.ts";
import type { Path } from "./source.ts";

/** A host's link into a rack; `path` is where the file says so. */
export interface DeclaredLink extends DeclaredUplink {
  readonly path: Path;
}

/** The links of a host, none if it is on the core segment. `rack: r1` is short for the one link on which it has its address. */
export function linksOf(declared: Declared, host: DeclaredHost, path: Path): readonly DeclaredLink[] {
  const listed = (host.uplinks ?? []).flatMap((uplink, index) =>
    uplink === undefined ? [] : [{ ...uplink, path: [...path, "uplinks", index] }],
  );
  if (host.rack === undefined || listed.length > 0) return listed;
  const numbered = rackCalled(declared, host.rack)?.rack.peering !== "unnumbered";
  const { rack, port, ipv4, ipv6 } = host;
  const only = { rack, interface: declared.fabric?.interface, port, ipv4: undefined, ipv6: undefined, path };
  return [numbered ? { ...only, ipv4, ipv6 } : only];
}

export function rackCalled(
  { racks }: Declared,
  name: string | undefined,
): { readonly rack: DeclaredRack; readonly path: Path } | undefined {
  const index = (racks ?? []).findIndex((rack) => rack?.name === name);
  const rack = racks?.[index];
  return name === undefined || rack === undefined ? undefined : { rack, path: ["racks", index] };
}

/** A host has its address on its only link, if that has one; else on its loopback. */
export function isOnLoopback(declared: Declared, host: DeclaredHost): boolean {
  if ((host.uplinks ?? []).length > 0) return true;
  return rackCalled(declared, host.rack)?.rack.peering === "unnumbered";
}

/** The router's address on the segment of its rack: the first one, unless it is told. */
export function rackAddress(rack: DeclaredRack, family: Family): Ip | undefined {
  const [told, prefix]: readonly [Ip | undefined, Cidr | undefined] =
    family === 4 ? [rack.tor?.rack4, rack.ipv4] : [rack.tor?.rack6, rack.ipv6];
  return told ?? (prefix === undefined || rack.peering === "unnumbered" || sizeOf(prefix) < 2n ? undefined : addressAt(prefix, 1n));
}

interface Claimed {
  readonly path: Path;
  readonly value: string | undefined;
}

/** Of top-of-rack routers in their racks. */
export function routerAddresses(declared: Declared): readonly Claimed[] {
  return (declared.racks ?? []).flatMap((rack, index) =>
    rack === undefined
      ? []
      : ([4, 6] as const).map((family) => ({ path: ["racks", index, "tor", `rack${family}`], value: rackAddress(rack, family) })),
  );
}

/** Of hosts on links, beside their own. */
export function linkAddresses(declared: Declared): readonly Claimed[] {
  return (declared.hosts ?? []).flatMap((host, index) =>
    (host?.uplinks ?? []).flatMap((uplink, at) =>
      (["ipv4", "ipv6"] as const).map((key) => ({ path: ["hosts", index, "uplinks", at, key], value: uplink?.[key] })),
    ),
  );
}
