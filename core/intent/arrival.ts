/** What a host knows by signs of life before the controller does: a VM that has come, an address that one has taken over. */
import type { Endpoint } from "../feed/item.ts";
import type { Route } from "../kinds/route.ts";
import type { Mac } from "../net/mac.ts";
import { hostPrefix } from "../net/prefix.ts";
import type { PairClaim } from "../feed/item.ts";
import { metricAfter } from "./endpoint.ts";

/** The endpoint as it is where its VM has shown its first sign of life. */
export function cameTo(endpoint: Endpoint, host: string): Endpoint {
  return { ...endpoint, host, moves: endpoint.moves + 1 };
}

/** Do these routes say that the VM had come here, as an agent saw it that is no more? */
export function hasCome({ tap, addresses, moves }: Endpoint, routes: readonly Route[]): boolean {
  const own = new Set(addresses.map(({ ip }) => hostPrefix(ip)));
  return routes.some(
    ({ prefix, to, metric }) => to !== "unreachable" && to.dev === tap && own.has(prefix) && metric === metricAfter(moves + 1),
  );
}

/** A claim after a sign of life: of the port that gave it, by this MAC, or of another one of its host (undefined). */
export function tookOver(claim: PairClaim, mac: Mac | undefined): PairClaim {
  return { ...claim, turn: claim.turn + 1, held: mac !== undefined, mac: mac ?? claim.mac };
}

/** Do these routes say that its VM had taken the address over, as an agent saw it that is no more? */
export function hasTaken({ tap, moves }: Endpoint, { ip, turn }: PairClaim, routes: readonly Route[]): boolean {
  const metric = metricAfter(moves + turn + 1);
  return routes.some(
    (each) => each.to !== "unreachable" && each.to.dev === tap && each.prefix === hostPrefix(ip) && each.metric === metric,
  );
}
