/**
 * A router platform: how it writes a configuration, and how it reads its own text. Both ways without I/O; what the text means is
 * judged by the proof, which knows no platform.
 */
import type { DataCenter, RouterPlatform } from "../datacenter/data-center.ts";
import type { Family, Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Policy, PrefixSet, RouteSource, Settings } from "./policy.ts";
import type { DiscardRoute, Pnat, RouterConfig, Timers } from "./router-config.ts";

export interface Platform {
  readonly name: RouterPlatform;
  /** As its vendor calls it, with the release from which the text holds. */
  readonly title: string;
  /** Where a gateway's port translation is: in the text that `read` reads, or in what stands beside it. */
  readonly translation: "in its text" | "beside it";
  /** Does it know a neighbour by the port that it is on, from its router advertisements (RFC 4861)? Absent: that is refused. */
  readonly unnumbered?: "by advertisements";
  /**
   * Of what it asks an export policy: of what has entered BGP, or of every route that it has. With the latter, whatever is connected is
   * a candidate without a word, and `ReadRouter.enters` says so.
   */
  readonly exports: "what entered BGP" | "every route";
  /** Can it tell something only while it hears something else (`Originated.whileHeard`)? */
  readonly conditions: "while heard" | "none";
  /**
   * The whole configuration: commented, with how to apply, take back and check it in comments at its top. `site` is for platforms
   * whose text follows from the data centre itself (BIRD); others need `config` alone.
   */
  readonly render: (config: RouterConfig, site: DataCenter) => Rendering;
  /** Its own structure, as rendered or as people changed it. Never throws: what cannot be read is told with its line. */
  readonly read: (text: string) => ReadRouter;
  /** The same for many texts of one data centre, which have much in common: what is made for one serves the next. */
  readonly reader?: () => (text: string) => ReadRouter;
}

export interface Rendering {
  /** The first is the router's own, and alone is what `read` understands; others stand beside it. Empty: nothing can be rendered. */
  readonly files: readonly RenderedFile[];
  /** What was asked for and cannot be had on this platform: the command says so and ends with 3. */
  readonly refused: readonly Refused[];
}

export interface RenderedFile {
  /** `gw1.junos.conf` */
  readonly name: string;
  readonly text: string;
}

export interface Refused {
  /** `PNAT of 10.65.0.0/16` */
  readonly what: string;
  readonly why: string;
  /** What to put beside it. */
  readonly beside: string;
}

/**
 * What a configuration text says. Only what stands there: a policy that is named and not defined is not in `policies`; a
 * default that the platform applies in silence is made explicit (`Policy.otherwise`, `ReadFamily.unfiltered`).
 */
export interface ReadRouter {
  readonly asn?: number;
  readonly routerId?: Ip;
  readonly clusterId?: Ip;
  readonly prefixSets: readonly PrefixSet[];
  readonly policies: readonly Policy[];
  readonly statics: readonly Pick<DiscardRoute, "prefix">[];
  readonly enters: readonly Entry[];
  readonly neighbors: readonly ReadNeighbor[];
  readonly pnat: readonly ReadNat[];
  /** Lines about routing, policy or NAT that were not understood: nothing is proven while there are any. */
  readonly unread: readonly Unread[];
}

export interface Unread {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}

/** What enters BGP by itself. */
export type Entry =
  /** `network`: one prefix, with what it is given on its way in. */
  | {
      readonly prefix: Cidr;
      readonly source: RouteSource;
      readonly protocol?: string;
      readonly set?: Settings;
      /** It leads where the route to this address does; nowhere while there is none. */
      readonly by?: Ip;
      readonly line: number;
    }
  /** `redistribute`: whatever there is of that source, through a policy; without one, all of it. */
  | { readonly family: Family; readonly redistributes: RouteSource; readonly policy?: string; readonly line: number };

/** What is read of BGP where groups say what neighbours do not say for themselves. */
export interface ReadSessions {
  readonly neighbors: readonly ReadNeighbor[];
  readonly policies: readonly Policy[];
  readonly clusterId?: Ip;
}

export interface ReadNeighbor {
  /** One of the two: a neighbour by its address, or whoever is on that interface. */
  readonly address?: Ip;
  readonly interface?: string;
  readonly line: number;
  readonly description?: string;
  readonly asn?: number;
  readonly local?: Ip;
  readonly localAsn?: number;
  readonly connects: "both" | "passive";
  /** Undefined where the text leaves it to the platform's default. */
  readonly timers: Partial<Timers>;
  readonly bfd?: { readonly interval?: number; readonly multiplier?: number };
  readonly gracefulRestart: "yes" | "no";
  readonly password: "yes" | "no";
  readonly gtsm: "yes" | "no";
  readonly families: readonly ReadFamily[];
}

export interface ReadFamily {
  readonly family: Family;
  /** Names in order: the first policy whose terms decide; `otherwise` of the last counts. Empty: see `unfiltered`. */
  readonly import: readonly string[];
  readonly export: readonly string[];
  /** What the platform does with routes for which no policy is named (RFC 8212, or what it did before). */
  readonly unfiltered: "accept" | "reject";
  readonly maximum?: number;
  readonly client: "yes" | "no";
  /** "self": also for what it reflects. "kept": also on eBGP. */
  readonly nextHop: "unchanged" | "self for external" | "self" | "kept";
  readonly localNextHop?: Ip;
  readonly addPaths: "none" | "receive" | "send" | "both";
  /** A policy: whatever is told is told only while it accepts a route that is known; absent: always. */
  readonly whileHeard?: string;
}

export interface ReadNat extends Omit<Pnat, "inside" | "sources" | "spared" | "log"> {
  readonly source: Cidr;
  readonly inside?: string;
  readonly line: number;
}
