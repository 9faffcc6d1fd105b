/** What `vtysh` says of sessions, and of what is told on them, as JSON. */
import { readCidr } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";

interface Advertised {
  readonly advertisedRoutes?: Readonly<Record<string, unknown>>;
}

/** Of `show bgp ipv4 unicast neighbors ADDRESS advertised-routes json`. Throws when it is no JSON. */
export function frrTold(text: string): readonly Cidr[] {
  // FRR's own form; a session that is down has no such member, or a warning instead.
  const { advertisedRoutes = {} } = JSON.parse(text) as Advertised;
  return Object.keys(advertisedRoutes).flatMap((prefix) => readCidr(prefix) ?? []);
}

type Summary = Readonly<Record<string, { readonly peers?: Readonly<Record<string, { readonly state?: string }>> }>>;

/** Of `show bgp summary json`: the state of each neighbour, by its word. */
export function frrStates(text: string): ReadonlyMap<string, string> {
  const families = Object.values(JSON.parse(text) as Summary);
  return new Map(
    families.flatMap(({ peers = {} }) => Object.entries(peers).map(([word, { state = "unknown" }]) => [word, state] as const)),
  );
}
