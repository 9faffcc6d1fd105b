/** What a machine's kernel routes by, asked of the kernel. */
import { familyOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { must } from "./program.ts";
import { until } from "./wait.ts";

export interface KernelRoute {
  /** `default`, an address or a prefix. */
  readonly dst: string;
  readonly gateway?: string;
  /** Instead of a gateway, where that is of the other family. */
  readonly via?: { readonly host: string };
  readonly dev?: string;
  readonly protocol?: string;
  /** Absent for unicast: `unreachable`, `blackhole`… */
  readonly type?: string;
  readonly metric?: number;
  readonly nexthops?: readonly { readonly gateway?: string; readonly via?: { readonly host: string }; readonly dev: string }[];
}

/** A namespace's main table; `dev` limits it to one interface. */
export async function kernelRoutes(netns: string, family: Family, dev?: string): Promise<KernelRoute[]> {
  const limit = dev === undefined ? [] : ["dev", dev];
  const text = await must(["ip", "-j", `-${family}`, "-n", netns, "route", "show", ...limit], { timeout: 2000 });
  // `ip -j` prints nothing at all where there is nothing.
  return JSON.parse(text || "[]") as KernelRoute[];
}

/** `192.168.100.101 192.168.100.102`: by whom a namespace sends to a destination, as BGP told it; empty: by nobody. */
export async function hopsTo(netns: string, to: Ip | "default"): Promise<string> {
  const family = to === "default" ? 4 : familyOf(to);
  const found = (await kernelRoutes(netns, family)).filter(({ dst, protocol }) => dst === to && protocol === "bird");
  const all = found.flatMap((route) => [route, ...(route.nexthops ?? [])]).flatMap(({ gateway, via }) => gateway ?? via?.host ?? []);
  return all.toSorted().join(" ");
}

/** Waits until a namespace sends to a destination by exactly these. */
export async function leads(netns: string, to: Ip | "default", by: string): Promise<void> {
  await until({ what: `${netns} to send to ${to} by ${by}`, timeout: 20_000 }, async () => {
    const found = await hopsTo(netns, to);
    return found === by ? undefined : `it does by ${found || "nobody"}`;
  });
}
