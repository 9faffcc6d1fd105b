/**
 * Routing policy as plain data, in the words that all router platforms share: sets of prefixes, and ordered terms of conditions
 * and settings. A platform writes it in its own words (`Platform.render`), and reads its own words back into it
 * (`Platform.read`), so that one evaluation serves all.
 */
import type { Family, Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";

/** Prefixes that lie in `prefix` and are `least` to `most` bits long; exactly that prefix where both are its own length. */
export interface PrefixRange {
  readonly prefix: Cidr;
  readonly least: number;
  readonly most: number;
}

export interface PrefixSet {
  readonly name: string;
  readonly family: Family;
  readonly ranges: readonly PrefixRange[];
  /** What it is for, in a line, for the comment beside it. Not read back. */
  readonly about?: string;
}

/** A standard community (RFC 1997), `64512:1`. */
export type Community = string;

/** How a route came into the router. */
export type RouteSource = "static" | "connected" | "kernel" | "aggregate" | "bgp";

/**
 * What a route must have. Derived policies hold conditions of the first three forms alone; the others are what people
 * write, and what a platform's defaults mean.
 */
export type Condition =
  /** Its prefix is in the set of this name. */
  | { readonly prefixes: string }
  /** It carries this community. */
  | { readonly community: Community }
  /** Its next hop is one of these. */
  | { readonly nextHop: readonly Ip[] }
  /** Its next hop is on that segment. */
  | { readonly nextHopIn: Cidr }
  | { readonly source: readonly RouteSource[] }
  /** It came from the neighbour at one of these addresses. */
  | { readonly learnedFrom: readonly Ip[] }
  /** It leads out by one of these interfaces (BIRD's `ifname`). */
  | { readonly interfaces: readonly string[] }
  /** It came from the protocol of this name (BIRD's `proto`). */
  | { readonly protocol: string }
  | { readonly family: Family }
  /** The IPAM gave its address to whom it came from (BIRD's `roa_check` against a table that follows the IPAM). */
  | { readonly assigned: "by the IPAM" }
  /** Some route is known whose prefix is in the set of this name. */
  | { readonly heard: string }
  /** Something that this model cannot tell: it may hold and may not. `text` is the platform's own. */
  | { readonly unknown: string }
  | { readonly not: Condition }
  | { readonly any: readonly Condition[] }
  | { readonly all: readonly Condition[] };

export interface Settings {
  readonly localPreference?: number;
  /** In place of all that it carried; "none": it carries none. */
  readonly communities?: readonly Community[] | "none";
  /** Beside what it carried. */
  readonly moreCommunities?: readonly Community[];
  /**
   * The sender's own address on the session; or the neighbour's, when a route is taken in. "perhaps": something that depends on
   * what this model does not know.
   */
  readonly nextHop?: "self" | "peer" | "perhaps" | Ip;
}

export interface Term {
  /** Within the policy: lower case, digits and hyphens, at most 24 characters. */
  readonly name: string;
  /** All of them must hold; none: every route. */
  readonly when: readonly Condition[];
  readonly verdict: "accept" | "reject" | "next term";
  readonly set?: Settings;
  readonly about?: string;
}

/** Terms in order; the first that accepts or rejects decides. */
export interface Policy {
  readonly name: string;
  readonly terms: readonly Term[];
  /** What becomes of a route that no term decided on. Derived policies reject. */
  readonly otherwise: "accept" | "reject";
  readonly about?: string;
}
