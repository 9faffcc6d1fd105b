/** What the world holds, asked of the world: kernels' routes, and what the provider has heard. */
import type { Family } from "#core/net/address.ts";
import type { Lab } from "./place.ts";
import { must } from "./program.ts";
import { askProvider } from "./provider-router.ts";

export interface KernelRoute {
  /** `default`, an address or a prefix. */
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly protocol?: string;
  /** Absent for unicast: `unreachable`, `blackhole`… */
  readonly type?: string;
  readonly metric?: number;
  readonly nexthops?: readonly { readonly gateway?: string; readonly dev: string }[];
}

/** A namespace's main table; `dev` limits it to one interface. */
export async function kernelRoutes(netns: string, family: Family, dev?: string): Promise<KernelRoute[]> {
  const limit = dev === undefined ? [] : ["dev", dev];
  const text = await must(["ip", "-j", `-${family}`, "-n", netns, "route", "show", ...limit], { timeout: 2000 });
  // `ip -j` prints nothing at all where there is nothing.
  return JSON.parse(text || "[]") as KernelRoute[];
}

export interface HeardRoute {
  readonly prefix: string;
  /** The AS that it is said to come from. */
  readonly origin: string;
  /** The provider's name for the session: `customer4:gw1`. */
  readonly session: string;
}

/** Everything that gateways have told the provider; it filters nothing, so what leaks is in here. */
export async function heardByProvider(lab: Lab): Promise<HeardRoute[]> {
  return readHeard(await askProvider(lab, "show route where source = RTS_BGP"));
}

/** `172.18.208.0/24 unicast [customer4:gw1 06:25:12.185] * (100) [AS64512i]`; a second path of a prefix leaves the prefix out. */
export function readHeard(text: string): HeardRoute[] {
  const heard: HeardRoute[] = [];
  let prefix = "";
  for (const line of text.split("\n")) {
    const [, first, session, origin] = /^(\S+\/\d+)?\s+\S+ \[(\S+) .*\].*\[AS(\d+)[ie?]\]/.exec(line) ?? [];
    if (session === undefined || origin === undefined) continue;
    prefix = first ?? prefix;
    heard.push({ prefix, origin, session });
  }
  return heard;
}
