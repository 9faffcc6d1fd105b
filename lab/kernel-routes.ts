/** What a machine's kernel routes by, asked of the kernel. */
import type { Family } from "#core/net/address.ts";
import { must } from "./program.ts";

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
