/** What must hold of compute hosts: where each has its address, and by which links it is on the fabric. */
import { FAMILIES, checkAddress, checkDistinct, keyOf } from "./check-addresses.ts";
import { isOnLoopback, linksOf, rackCalled } from "./declared-racks.ts";
import type { DeclaredLink } from "./declared-racks.ts";
import type { Declared, DeclaredHost } from "./layout.ts";
import type { Path, Source } from "./source.ts";
import { nearest } from "./spelling.ts";

export function checkHosts(declared: Declared, source: Source): void {
  for (const [index, host] of (declared.hosts ?? []).entries()) {
    if (host === undefined) continue;
    const path = ["hosts", index];
    const links = linksOf(declared, host, path);
    checkWords(host, path, source);
    for (const link of links) checkLink(declared, { host, link }, source);
    checkDistinct(
      links.map((link) => ({ path: [...link.path, "interface"], value: link.interface })),
      source,
    );
    checkOwnAddress(declared, { host, path }, source);
  }
  checkSegments(declared, source);
  checkPorts(declared, source);
}

function checkWords({ rack, port, uplinks }: DeclaredHost, path: Path, source: Source): void {
  if (rack !== undefined && (uplinks ?? []).length > 0) source.blame([...path, "rack"], "uplinks are given as well; name the rack there");
  if (rack === undefined && port !== undefined) source.blame([...path, "port"], "a port is on the router of a rack, and there is no rack");
}

interface Linked {
  readonly host: DeclaredHost;
  readonly link: DeclaredLink;
}

function checkLink(declared: Declared, { host, link }: Linked, source: Source): void {
  const at = (key: string): Path => [...link.path, key];
  const found = rackCalled(declared, link.rack);
  if (found === undefined) {
    const meant = nearest(
      link.rack ?? "",
      (declared.racks ?? []).flatMap((rack) => rack?.name ?? []),
    );
    if (link.rack !== undefined && !source.blamed(["racks"]))
      source.blame(at("rack"), `no such rack${meant === undefined ? "" : `; did you mean ${meant}?`}`);
    return;
  }
  const unnumbered = found.rack.peering === "unnumbered";
  if (unnumbered && link.port === undefined && !source.blamed(at("port")))
    source.blame(at("port"), `missing; the router's interface to this host, as rack ${link.rack} is unnumbered`);
  if (!unnumbered && link.port !== undefined)
    source.blame(at("port"), `rack ${link.rack} is numbered; its hosts share the segment of tor.interface`);
  // On its only link a host has its own address, which is looked at as such.
  if ((host.uplinks ?? []).length === 0) return;
  for (const family of FAMILIES) {
    const [path, ip] = [at(keyOf(family)), link[keyOf(family)]];
    if (!unnumbered) checkAddress({ segment: segmentOf(declared, found.path, family), family, ip, path }, source);
    else if (ip !== undefined) source.blame(path, `rack ${link.rack} is unnumbered`);
  }
}

function segmentOf(declared: Declared, path: Path, family: 4 | 6) {
  const index = path[1];
  return { path: [...path, keyOf(family)], prefix: typeof index === "number" ? declared.racks?.[index]?.[keyOf(family)] : undefined };
}

/** On the core segment, in its rack, or among the loopbacks. */
function checkOwnAddress(declared: Declared, { host, path }: { readonly host: DeclaredHost; readonly path: Path }, source: Source): void {
  const { fabric } = declared;
  if (fabric === undefined) return;
  const found = rackCalled(declared, host.rack);
  if (host.rack !== undefined && found === undefined) return;
  for (const family of FAMILIES) {
    const [at, ip, whole] = [[...path, keyOf(family)], host[keyOf(family)], fabric[keyOf(family)]];
    if (isOnLoopback(declared, host)) {
      const [key, prefix] = family === 4 ? (["loopbacks4", fabric.loopbacks4] as const) : (["loopbacks6", fabric.loopbacks6] as const);
      if (prefix === undefined && whole !== undefined && !source.blamed(["fabric", key]))
        source.blame(["fabric", key], `missing; ${host.name} has its address on its loopback`);
      checkAddress({ segment: { path: ["fabric", key], prefix: whole && prefix }, family, ip, path: at }, source);
      continue;
    }
    const segment = found === undefined ? { path: ["fabric", keyOf(family)], prefix: whole } : segmentOf(declared, found.path, family);
    checkAddress({ segment, family, ip, path: at }, source);
  }
}

/** Two interfaces of a host on one segment would answer for one another's addresses. */
function checkSegments(declared: Declared, source: Source): void {
  const links = allLinks(declared).filter(({ rack }) => rackCalled(declared, rack)?.rack.peering === "numbered");
  checkDistinct(
    links.map(({ path, rack }) => ({ path: [...path, "rack"], value: `${String(path[1])} ${rack}` })),
    source,
  );
}

/** A port has one host at its end. */
function checkPorts(declared: Declared, source: Source): void {
  const routers = (declared.racks ?? []).map((rack, index) => ({
    path: ["racks", index, "tor", "uplink"],
    value: `${index} ${rack?.tor?.uplink ?? declared.fabric?.interface}`,
  }));
  const ports = allLinks(declared).map(({ path, rack, port }) => ({
    path: [...path, "port"],
    value: port && `${rackCalled(declared, rack)?.path[1]} ${port}`,
  }));
  checkDistinct([...routers, ...ports], source);
}

function allLinks(declared: Declared): readonly DeclaredLink[] {
  return (declared.hosts ?? []).flatMap((host, index) => (host === undefined ? [] : linksOf(declared, host, ["hosts", index])));
}
