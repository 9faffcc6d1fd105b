/**
 * TCP connections that a VM brought with it from another host. Nobody here saw them begin, and their next packet may come from either
 * side: from a server that may send nothing by itself, to a client that nobody may ask. So a packet in the midst of a connection is also
 * judged as an answer would be, by the rules of the other direction turned round. What it lets through is marked, and opens
 * nothing: a packet that begins a connection does not pass as part of a flow that was taken up so.
 */
import type { Endpoint, GroupRule, View } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { contentNames, inet, ports, quoted } from "./nft-parts.ts";
import { matchesOf } from "./policy-rules.ts";
import { refused } from "./refusal.ts";

type Direction = GroupRule["direction"];

/** The bit of a flow's mark that says so. */
export const TAKEN_UP_MARK = 0x40000000;
const TAKEN_UP = `0x${TAKEN_UP_MARK.toString(16)}`;

/** What can only be part of a connection. */
const MIDWAY = "tcp flags & (syn | ack) == ack";
const BEGINS = "tcp flags & (syn | ack) == syn";

export const MIDWAY_MAPS: readonly Nft[] = [
  inet.map("egress-midway", "type ifname : verdict;"),
  inet.map("ingress-midway", "type ifname : verdict;"),
];

/** Asked of a new flow before its own rules are; a chain that allows nothing comes back. */
export const MIDWAY_ASKED: Readonly<Record<Direction, string>> = {
  egress: `${MIDWAY} iifname vmap @egress-midway`,
  ingress: `${MIDWAY} oifname vmap @ingress-midway`,
};

/** Asked of marked flows. */
export const MIDWAY_GUARD = `ct mark and ${TAKEN_UP} != 0 ${BEGINS} ${refused("invalid")}`;

const OPPOSITE: Readonly<Record<Direction, Direction>> = { egress: "ingress", ingress: "egress" };

/** `moving`: stateful endpoints with rules whose VM has lived on another host, or lives there still. */
export function midway(view: View, moving: readonly Endpoint[], allowed: Readonly<Record<Direction, string>>): Wanted<Nft>[] {
  return (["egress", "ingress"] as const).flatMap((direction) => {
    const texts = new Map(moving.map((endpoint) => [endpoint, linesOf(view, endpoint, direction, allowed[direction])]));
    const names = contentNames(`midway-${direction === "egress" ? "out" : "in"}`, texts.values());
    const chains = [...names].map(([text, name]) => ({
      value: inet.chain(name, text.split("\n")),
      because: moving.filter((endpoint) => texts.get(endpoint) === text).map(ports),
    }));
    const jumps = moving.map((endpoint) => ({
      value: inet.element(`${direction}-midway`, [quoted(endpoint.tap)], { value: `jump ${names.get(texts.get(endpoint) ?? "") ?? ""}` }),
      because: [ports(endpoint)],
    }));
    return [...chains, ...jumps];
  });
}

function linesOf(view: View, { groups }: Endpoint, direction: Direction, allowed: string): string {
  const rules = groups.flatMap((group) => view.groups.get(group)?.rules ?? []).filter((rule) => rule.direction === OPPOSITE[direction]);
  const lines = matchesOf(rules.filter(isOfTcp), "turned round").map((match) => `${match} ct mark set ct mark or ${TAKEN_UP} ${allowed}`);
  return [...lines, "return"].join("\n");
}

function isOfTcp({ protocol }: GroupRule): boolean {
  return protocol === null || protocol === 0 || protocol === 6;
}
