/** Kinds of packets that are asked about, and how one is told. */
import { ipOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import type { Classes } from "../nft/classes.ts";
import type { State } from "../nft/model.ts";
import type { Packet } from "../nft/packet.ts";
import type { Spans } from "./filter-facts.ts";

export interface Asked {
  /** Undefined: the gateway's own. */
  readonly iifname?: string;
  readonly oifname: string;
  /** Which addresses; absent: all. */
  readonly saddr?: (spans: Spans) => boolean;
  readonly daddr?: (spans: Spans) => boolean;
}

export function packetsOf(classes: Classes, family: Family, { iifname, oifname, saddr, daddr }: Asked): readonly Packet[] {
  const sources = classes.saddr.filter((spans) => saddr === undefined || saddr(spans));
  const destinations = classes.daddr.filter((spans) => daddr === undefined || daddr(spans));
  return sources.flatMap((from) =>
    destinations.flatMap((to) =>
      classes.protocols.map((protocol): Packet => ({
        family,
        oifname,
        saddr: from,
        daddr: to,
        ...protocol,
        ...(iifname === undefined ? {} : { iifname }),
      })),
    ),
  );
}

export interface Against {
  readonly packet: Packet;
  readonly state: State | undefined;
  readonly why: string;
}

/** `10.65.0.0 → 0.0.0.0, established, by fab0, to wan0, TCP (and 12 more): …`: the first of its addresses each. */
export function told(against: readonly Against[]): readonly string[] {
  const alike = Map.groupBy(against, ({ packet, state, why }) => `${addresses(packet)} ${state} ${links(packet)} ${why}`);
  return [...alike.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const { packet, state, why } = first;
    const others = more.length > 0 ? ` (and ${more.length} more)` : "";
    return [`${addresses(packet)}, ${state ?? "in any state"}, ${links(packet)}, ${protocol(packet)}${others}: ${why}`];
  });
}

function addresses({ family, saddr, daddr }: Packet): string {
  const first = ([span]: Spans) => ipOf(family, span?.low ?? 0n);
  return `${first(saddr)} → ${first(daddr)}`;
}

function links({ iifname, oifname }: Packet): string {
  return `${iifname === undefined ? "its own" : `by ${iifname}`}, to ${oifname ?? "?"}`;
}

const PROTOCOLS: Readonly<Record<string, string>> = { "1": "ICMP", "6": "TCP", "17": "UDP", "58": "ICMPv6", "132": "SCTP" };

function protocol({ l4proto, icmp }: Packet): string {
  return `${PROTOCOLS[String(l4proto)] ?? `protocol ${l4proto}`}${icmp === undefined ? "" : ` type ${icmp}`}`;
}
