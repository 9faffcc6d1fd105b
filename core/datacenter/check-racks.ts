/** What must hold of racks and their routers: prefixes and autonomous systems of their own, and an interface for everything. */
import { lengthOf } from "../net/prefix.ts";
import { FAMILIES, checkAddress, checkDistinct, keyOf } from "./check-addresses.ts";
import { rackAddress } from "./declared-racks.ts";
import type { Declared, DeclaredRack } from "./layout.ts";
import type { Path, Source } from "./source.ts";

export function checkRacks(declared: Declared, source: Source): void {
  const racks = declared.racks ?? [];
  for (const [index, rack] of racks.entries()) {
    if (rack === undefined) continue;
    const path = ["racks", index];
    if (rack.peering === "unnumbered") checkUnnumbered(rack, path, source);
    else checkNumbered(declared, { rack, path }, source);
    checkAsn(declared, { rack, path }, source);
  }
  checkDistinct(
    racks.flatMap((rack, index) => [
      { path: ["racks", index, "name"], value: rack?.name },
      { path: ["racks", index, "asn"], value: rack?.asn === undefined ? undefined : `AS ${rack.asn}` },
    ]),
    source,
  );
}

interface Placed {
  readonly rack: DeclaredRack;
  readonly path: Path;
}

/** A segment that carries what the fabric carries, with room for the router and a host. */
function checkNumbered({ fabric }: Declared, { rack, path }: Placed, source: Source): void {
  for (const family of FAMILIES) {
    const [at, whole, prefix] = [[...path, keyOf(family)], fabric?.[keyOf(family)], rack[keyOf(family)]];
    if (source.blamed(at) || source.blamed(["fabric", keyOf(family)])) continue;
    if (prefix === undefined && whole !== undefined)
      source.blame(at, `missing; fabric.${keyOf(family)} is ${whole}, and the rack is numbered`);
    else if (prefix !== undefined && whole === undefined) source.blame(at, `the fabric has no ${keyOf(family)}`);
    else if (prefix !== undefined && lengthOf(prefix) > (family === 4 ? 31 : 127)) source.blame(at, "too small for its router and a host");
    const ip = rackAddress(rack, family);
    if (ip !== undefined) checkAddress({ segment: { path: at, prefix }, family, ip, path: [...path, "tor", `rack${family}`] }, source);
  }
  const { tor } = rack;
  if (tor === undefined || source.blamed([...path, "tor", "interface"])) return;
  if (tor.interface === undefined)
    source.blame([...path, "tor", "interface"], "missing; the router's interface on the segment of its rack");
  else if (tor.interface === (tor.uplink ?? fabric?.interface))
    source.blame([...path, "tor", "interface"], "the router's interface on the core segment");
}

function checkUnnumbered(rack: DeclaredRack, path: Path, source: Source): void {
  for (const key of ["ipv4", "ipv6"] as const) {
    if (rack[key] !== undefined)
      source.blame([...path, key], `the rack is unnumbered; its hosts have their addresses in fabric.loopbacks${key.slice(-1)}`);
  }
  for (const key of ["interface", "rack4", "rack6"] as const) {
    if (rack.tor?.[key] !== undefined)
      source.blame([...path, "tor", key], "the rack is unnumbered; each of its hosts is on a port of its own");
  }
}

/** The number makes the rack's sessions with the core external ones (RFC 4271); the same number twice, and routes are taken for loops. */
function checkAsn({ fabric, gateways }: Declared, { rack, path }: Placed, source: Source): void {
  if (rack.asn === undefined) return;
  if (rack.asn === fabric?.asn)
    source.blame([...path, "asn"], "the same as fabric.asn; leave it out where the rack is part of the fabric's AS");
  const provider = (gateways ?? []).findIndex((gateway) => gateway?.upstream?.asn === rack.asn);
  if (provider >= 0)
    source.blame([...path, "asn"], `the same as gateways[${provider}].upstream.asn; the rack would take the default route for a loop`);
}
