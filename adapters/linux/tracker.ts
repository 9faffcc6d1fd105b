/** How full the kernel's connection tracker is, of this network namespace. */
import { readFileSync } from "node:fs";
import type { Fill } from "#contracts/tracker.ts";

const AT = "/proc/sys/net/netfilter/nf_conntrack";

/** Undefined: it is not loaded. */
export function trackerFill(): Fill | undefined {
  try {
    const [tracked, limit] = ["count", "max"].map((what) => Number(readFileSync(`${AT}_${what}`, "utf8")));
    return tracked === undefined || limit === undefined ? undefined : { tracked, limit };
  } catch {
    return undefined;
  }
}
