/** Routes of the main table, marked with Margay's own protocol number so that a fresh process can tell them from others'. */
import type { Cidr } from "../net/prefix.ts";
import type { Kind, Ref } from "./kind.ts";

/** Linux's route and neighbour protocol number of everything that Margay writes; free in rt_protos, and learnt by BIRD. */
export const MARGAY_PROTOCOL = 88;

/**
 * Routes with a kernel metric from here on are not announced: the address is another host's, whose VM is about to come, or has left.
 * So the flows of the address that there are on this host are not of this route's making.
 */
export const UNANNOUNCED_METRIC = 1_000_000;

export interface Route {
  readonly prefix: Cidr;
  readonly to:
    | { readonly dev: string }
    /** Answered with ICMP unreachable: where traffic for unassigned addresses of a range ends. */
    | "unreachable";
  readonly metric: number;
  /** What must stand before anything is reachable by this route: its endpoint's policy. */
  readonly after: readonly Ref[];
}

export const route: Kind<Route> = {
  name: "route",
  key: (value) => `${value.prefix} metric ${value.metric}`,
  same: (want, have) => target(want) === target(have),
  // An address that has gone to another tap, or whose tap has another name.
  isAstray: (want, have) => target(want) !== target(have),
  needs: (value) => [...(value.to === "unreachable" ? [] : [`link/${value.to.dev}` as const]), ...value.after],
  show: (value) => `${value.prefix} ${target(value)} metric ${value.metric}`,
};

function target(value: Route): string {
  return value.to === "unreachable" ? value.to : `dev ${value.to.dev}`;
}
