/** Policies that name a next hop: on platforms that have no such word at the session, it is there that a router puts itself. */
import type { Policy } from "./policy.ts";

export function namingHops(policies: readonly Policy[]): ReadonlySet<string> {
  return new Set(policies.filter(({ terms }) => terms.some(({ set }) => set?.nextHop !== undefined)).map(({ name }) => name));
}
