/**
 * What must hold of a second segment: it is as large as the first, so that each machine has its place there, and nothing else is declared
 * that has no place on it.
 */
import { lengthOf } from "../net/prefix.ts";
import { FAMILIES, keyOf } from "./check-addresses.ts";
import type { Declared } from "./layout.ts";
import type { Source } from "./source.ts";

export function checkSecond(declared: Declared, source: Source): void {
  const { fabric } = declared;
  const second = fabric?.second;
  if (fabric === undefined || second === undefined) return;
  for (const family of FAMILIES) {
    const [first, own, path] = [fabric[keyOf(family)], second[keyOf(family)], ["fabric", "second", keyOf(family)]];
    if (source.blamed(["fabric", keyOf(family)]) || source.blamed(path)) continue;
    if (first === undefined && own !== undefined) source.blame(path, `the fabric has no ${keyOf(family)}`);
    else if (first !== undefined && own === undefined) source.blame(path, `missing; fabric.${keyOf(family)} is ${first}`);
    else if (first !== undefined && own !== undefined && lengthOf(own) !== lengthOf(first))
      source.blame(path, `not as large as fabric.${keyOf(family)} ${first}; machines have the same place in both`);
  }
  checkInterface(declared, source);
  checkAlone(declared, source);
}

function checkInterface({ fabric, gateways }: Declared, source: Source): void {
  const own = fabric?.second?.interface;
  const taken = [fabric?.interface, ...(gateways ?? []).map((gateway) => gateway?.upstream?.interface)];
  if (own !== undefined && taken.includes(own))
    source.blame(["fabric", "second", "interface"], "the same as another interface of these machines");
}

/** What knows one segment alone. */
function checkAlone({ fabric, racks, reflectors, gateways }: Declared, source: Source): void {
  if ((racks ?? []).length > 0)
    source.blame(["racks"], "hosts in racks have their uplinks there; fabric.second is for those on the core segment");
  if (fabric?.peering === "mesh")
    source.blame(["fabric", "peering"], "a mesh is on one segment; with fabric.second hosts speak with reflectors or gateways");
  for (const [role, routers] of Object.entries({ reflectors, gateways }))
    for (const [index, router] of (routers ?? []).entries())
      if (router?.platform !== undefined && router.platform !== "bird")
        source.blame([role, index, "platform"], "with fabric.second, routers are BIRD: no other is told of two segments");
}
