/** Tracked flows of one host (conntrack), one by one: what a policy has let through is cut, or marked, exactly. */
import type { Family, Ip } from "#core/net/address.ts";
import type { Outcome } from "./driver.ts";

/** One direction of a flow, as its packets look. */
export interface FlowEnds {
  readonly src: Ip;
  readonly dst: Ip;
  /** Of protocols that have ports. */
  readonly sport?: number;
  readonly dport?: number;
  /** Of ICMP and ICMPv6. */
  readonly icmp?: { readonly type: number; readonly code: number; readonly id: number };
}

export interface Flow {
  /** The kernel's own number: of two flows that look alike, one after the other, it tells which is meant. */
  readonly id: number;
  readonly family: Family;
  /** IP protocol number: 6 is TCP. */
  readonly protocol: number;
  /** From whoever began it. */
  readonly orig: FlowEnds;
  /** Its answers: where addresses or ports are translated, these are other ends than those of `orig` turned round. */
  readonly reply: FlowEnds;
  readonly mark: number;
  /** Its packets pass the packet filter by, as if nothing had changed since it was offloaded. Absent: they do not. */
  readonly offloaded?: true;
  /** Absent: the zone that all are in unless a rule says otherwise (0). */
  readonly zone?: number;
}

/** A host at whose flows one looks and which one changes. All reject when the kernel cannot be asked at all. */
export interface Flows {
  /** Those that have one of these addresses at any of their four ends. */
  list(addresses: Iterable<Ip> | "all"): Promise<readonly Flow[]>;
  /** Ends exactly these, offloaded or not: one outcome each, in their order. One that has ended by itself is done. */
  remove(flows: readonly Flow[]): Promise<readonly Outcome[]>;
  /**
   * Gives exactly these a mark: one outcome each, in their order. One that has ended by itself is done. With a mark other than 0, done is
   * what meets the packet filter with its next packet, offloaded or not.
   */
  mark(flows: readonly Flow[], mark: number): Promise<readonly Outcome[]>;
  /** What is offloaded of the flows of these addresses meets the packet filter with its next packet. */
  slow(addresses: Iterable<Ip> | "all"): Promise<void>;
}
