/**
 * A router's configuration without a vendor: what a gateway, a reflector or a top-of-rack router must be told, as plain
 * data. It is derived from the data centre (`routerConfigOf`), and it is what a platform's text is read back into, for the proof.
 */
import type { Family, Ip } from "../net/address.ts";
import type { Cidr, InterfaceAddress } from "../net/prefix.ts";
import type { Community, Policy, PrefixSet } from "./policy.ts";

export type RouterRole = "gateway" | "reflector" | "tor";

/** What a neighbour is in the data centre. */
export type PeerRole = RouterRole | "host" | "provider";

export interface RouterConfig {
  readonly name: string;
  readonly role: RouterRole;
  /** Of the data centre. */
  readonly site: string;
  readonly asn: number;
  readonly routerId: Ip;
  /** Where it reflects (RFC 4456). */
  readonly clusterId?: Ip;
  readonly interfaces: readonly RouterInterface[];
  /** Colours that routes are given where they come in, and told by where they go out: by name, such as `from-provider`. */
  readonly communities: readonly { readonly name: string; readonly value: Community }[];
  readonly prefixSets: readonly PrefixSet[];
  readonly policies: readonly Policy[];
  readonly statics: readonly DiscardRoute[];
  readonly originated: readonly Originated[];
  readonly neighbors: readonly Neighbor[];
  /** "forwards": BGP routes go into the forwarding table; "reflects": it only tells of them. */
  readonly routes: "forwards" | "reflects";
  readonly pnat?: Pnat;
}

export interface RouterInterface {
  readonly name: string;
  readonly side: "fabric" | "outside" | "rack";
  readonly addresses: readonly InterfaceAddress[];
}

/** Traffic for its unassigned addresses ends here, with "unreachable" where the platform can say so. More specific routes win. */
export interface DiscardRoute {
  readonly prefix: Cidr;
  readonly about: string;
}

/** An own prefix that BGP is told of (`network`); a `DiscardRoute` of the same prefix, or an interface on it, makes it valid. */
export interface Originated {
  readonly prefix: Cidr;
  readonly community: Community;
  /** A set: told outside only while a route of it is heard by BGP (`NeighborFamily.whileHeard`). */
  readonly whileHeard?: string;
}

export interface Neighbor {
  /** As the data centre calls it: `rr1`, `provider of gw1`. */
  readonly name: string;
  readonly role: PeerRole;
  /** Absent on a session over link-local addresses: whoever is at the other end of `interface` (RFC 8950: its next hops are IPv6). */
  readonly address?: Ip;
  readonly interface?: string;
  /** Own end of the session. */
  readonly local: Ip;
  readonly localAsn: number;
  readonly asn: number;
  /** "passive": the other end connects. */
  readonly connects: "both" | "passive";
  readonly timers: Timers;
  /** RFC 5882: milliseconds, both ways. */
  readonly bfd?: { readonly interval: number; readonly multiplier: number };
  /** RFC 4724: seconds for which the other end keeps our routes. */
  readonly gracefulRestart?: { readonly time: number };
  /** RFC 2385. The text itself is never in a configuration that is shown: a platform writes `secretOf()` and says where to put the real one. */
  readonly password?: "declared";
  /** RFC 5082: the other end is one hop away, and sends with TTL 255. */
  readonly gtsm?: "one hop";
  readonly families: readonly NeighborFamily[];
}

/** Seconds. */
export interface Timers {
  readonly hold: number;
  readonly keepalive: number;
  /** Between attempts to connect. */
  readonly connectRetry: number;
}

export interface NeighborFamily {
  readonly family: Family;
  /** Names of policies. */
  readonly import: string;
  readonly export: string;
  /** Prefixes taken in; beyond it, more are refused or the session ends, as the platform can. `warn`: percent. */
  readonly maximum?: { readonly prefixes: number; readonly warn: number };
  /** The neighbour is a client of this reflector. */
  readonly client?: "reflector client";
  /**
   * What routes name as their next hop when they are told: as heard, but for this router on eBGP; this router for those of eBGP and
   * its own; this router always; or as heard on eBGP as well.
   */
  readonly nextHop: "unchanged" | "self for external" | "self" | "kept";
  /** Own address of this family, where the session runs over the other one. */
  readonly localNextHop?: Ip;
  readonly addPaths: "none" | "receive" | "send" | "both";
  /** A set: whatever is told is told only while a route of it is heard by BGP. A platform that cannot do so says it in a comment. */
  readonly whileHeard?: string;
}

/** Stateful port translation towards the outside, and towards nothing else. */
export interface Pnat {
  readonly sources: readonly Cidr[];
  /** Destinations that see the true source: the data centre's own. */
  readonly except: readonly Cidr[];
  /** Of those, the ones outside: private addresses come to them as they are, and are reached from them. */
  readonly spared: readonly Cidr[];
  /** Ends included. */
  readonly pool: { readonly start: Ip; readonly end: Ip };
  readonly inside: string;
  readonly uplink: string;
  /** Ports that each VM has for itself; absent: whatever is free. */
  readonly ports?: number;
  /** Who may answer to a VM's port: absent, whom it has talked to; else anybody. */
  readonly filtering?: "full cone";
  /** New connections are told of. */
  readonly log?: "connections";
}

/** What stands in a configuration in place of the session's password. */
export function secretOf(neighbor: Neighbor): string {
  return `SECRET-${neighbor.name.replaceAll(/[^A-Za-z0-9]+/g, "-")}`;
}
