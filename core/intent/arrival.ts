/** A VM that has come to a host which expects it, before the controller knows. */
import type { Endpoint } from "../feed/item.ts";
import type { Route } from "../kinds/route.ts";
import { hostPrefix } from "../net/prefix.ts";
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
