/** A machine with several links into the fabric. */
import type { Sysctl } from "../kinds/sysctl.ts";
import { SHARING } from "./tor.ts";

/** What comes in by one link may go out by another. */
export function anyWay(links: readonly string[]): readonly Sysctl[] {
  return links.map((name) => ({ path: `net/ipv4/conf/${name}/rp_filter`, value: "0" }));
}

/**
 * What goes out is shared between them by flow; by none that has no carrier, whatever BGP still believes for the time that BFD takes.
 */
export function severalWays(links: readonly string[]): readonly Sysctl[] {
  const own = (name: string) => [
    { path: `net/ipv4/conf/${name}/ignore_routes_with_linkdown`, value: "1" },
    { path: `net/ipv6/conf/${name}/ignore_routes_with_linkdown`, value: "1" },
  ];
  return [...links.flatMap(own), ...SHARING];
}
