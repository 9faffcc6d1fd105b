/**
 * A table of nftables as what it does with packets: chains of rules, each of tests and statements in order. Read from nft's own text or
 * from `nft -j list table`; whatever neither reader knows is told, and may hold or not.
 */
import type { Family } from "../../net/address.ts";
import type { Unread } from "../platform.ts";

/** Ends included. */
export interface Span {
  readonly low: bigint;
  readonly high: bigint;
}

/** What of a packet is a number. Ports are never known beforehand. */
export type NumberField = "saddr" | "daddr" | "l4proto" | "icmp type" | "icmpv6 type" | "port";

/** As conntrack says of a packet; "untracked" is what `notrack` makes of it. */
export const STATES = ["new", "established", "related", "invalid", "untracked"] as const;
export type State = (typeof STATES)[number];

export type Step =
  | { readonly test: NumberField; readonly family?: Family; readonly within: readonly Span[]; readonly negated: boolean }
  | { readonly test: "iifname" | "oifname"; readonly names: readonly string[]; readonly negated: boolean }
  | { readonly test: "state"; readonly states: readonly string[]; readonly negated: boolean }
  /** `ct status`: was the flow's source, or its destination, translated? */
  | { readonly test: "status"; readonly status: string; readonly negated: boolean }
  /** It may hold or not. */
  | { readonly test: "unknown"; readonly text: string }
  | { readonly verdict: "accept" | "drop" | "return" }
  | { readonly go: Go; readonly chain: string }
  /** `ip saddr & 0.0.0.15 vmap { … }`: by an address, or its last bits. */
  | { readonly choose: "saddr" | "daddr"; readonly family: Family; readonly mask?: bigint; readonly cases: readonly Case[] }
  | { readonly set: "notrack" }
  | { readonly set: "saddr"; readonly to: readonly Span[] }
  | { readonly snat: Target }
  /** To wherever a map leads. */
  | { readonly dnat: "anywhere" };

export type Go = "jump" | "goto";

export interface Case {
  readonly key: Span;
  readonly go: Go;
  readonly chain: string;
}

export interface Target {
  /** Anything may be chosen of it. */
  readonly to: readonly Span[];
  /** Which address stands for which, where a map says so. */
  readonly map?: readonly { readonly key: Span; readonly to: Span }[];
  readonly ports?: Span;
}

export interface Rule {
  readonly line: number;
  readonly steps: readonly Step[];
}

export type Hook = "prerouting" | "input" | "forward" | "output" | "postrouting";

export interface Base {
  readonly type: string;
  readonly hook: string;
  readonly priority: number;
  readonly policy: "accept" | "drop";
}

export interface Chain {
  readonly name: string;
  readonly base?: Base;
  readonly rules: readonly Rule[];
}

export interface Ruleset {
  readonly chains: ReadonlyMap<string, Chain>;
  readonly unread: readonly Unread[];
}

export const NO_RULES: Ruleset = { chains: new Map(), unread: [] };
