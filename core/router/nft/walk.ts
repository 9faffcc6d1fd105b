/**
 * The ways of a packet through a table: every one that it may take. Where a test may hold or not, both are followed, so what no way lets
 * pass does not pass. As the kernel does it: chains of a hook by priority, a packet that one of them accepts goes on to the next; NAT is
 * asked for the first packet of a flow alone.
 */
import type { Chain, Hook, Ruleset, State, Step } from "./model.ts";
import { perValue } from "../../intent/memo.ts";
import { holds } from "./packet.ts";
import type { Packet } from "./packet.ts";

export interface Way {
  readonly end: "accept" | "drop";
  readonly packet: Packet;
}

/** Conntrack's own place among the chains of a hook: before it no state is known (linux/netfilter_ipv4.h). */
const CONNTRACK = -200;

/** How packets come to these hooks: in one of these states, unless they are made untracked before conntrack sees them. */
export interface Journey {
  readonly hooks: readonly Hook[];
  readonly states: readonly State[];
}

/** A way that is dropped ends where it is. */
export function waysOf(rules: Ruleset, packet: Packet, { hooks, states }: Journey): readonly Way[] {
  const chains = hooks.flatMap((hook) => byHook(rules).get(hook) ?? []);
  const tracker = chains.findIndex(({ base }) => base.priority > CONNTRACK);
  const early = chains.slice(0, tracker < 0 ? chains.length : tracker);
  const before = past(rules, early, [packet]);
  const seen = before.passing.flatMap((each) => (each.state === "untracked" ? [each] : states.map((state) => ({ ...each, state }))));
  const after = past(rules, chains.slice(early.length), seen);
  return [...before.dropped, ...after.dropped, ...after.passing.map((each): Way => ({ end: "accept", packet: each }))];
}

function past(rules: Ruleset, chains: readonly Based[], packets: readonly Packet[]) {
  const dropped: Way[] = [];
  let passing = packets;
  for (const chain of chains) {
    const ways = passing.flatMap((each) => throughBase(rules, chain, each));
    dropped.push(...ways.filter(({ end }) => end === "drop"));
    passing = distinct(ways.filter(({ end }) => end === "accept").map((way) => way.packet));
  }
  return { dropped, passing };
}

const distinct = (packets: readonly Packet[]): readonly Packet[] => (packets.length < 2 ? packets : [...new Set(packets)]);

const byHook = perValue(({ chains }: Ruleset): ReadonlyMap<string, readonly Based[]> => {
  const based = [...chains.values()].flatMap(({ base, ...chain }): readonly Based[] => (base === undefined ? [] : [{ ...chain, base }]));
  const ordered = based.toSorted((left, right) => left.base.priority - right.base.priority);
  return Map.groupBy(ordered, ({ base }) => base.hook);
});

type Based = Chain & Required<Pick<Chain, "base">>;

function throughBase(rules: Ruleset, chain: Based, packet: Packet): readonly Way[] {
  const { type, policy } = chain.base;
  if (type === "nat" && packet.state !== "new" && packet.state !== "related") return [{ end: "accept", packet }];
  return through({ rules }, chain, [packet], 0).map((way) => ({
    packet: way.packet,
    end: way.end === "end" ? policy : way.end,
  }));
}

interface Around {
  readonly rules: Ruleset;
}

/** "end": the chain had nothing more to say. */
interface Open {
  readonly end: Way["end"] | "end";
  readonly packet: Packet;
}

/** Deeper than nft allows chains to be: whoever is there goes in circles. */
const DEEPEST = 16;

function through(around: Around, chain: Chain, packets: readonly Packet[], depth: number): readonly Open[] {
  if (depth > DEEPEST) return packets.flatMap((packet) => both(packet));
  const ended: Open[] = [];
  let open = packets;
  for (const { steps } of chain.rules) {
    const next: Packet[] = [];
    for (const packet of open) rule({ ...around, depth, ended, next }, steps, packet);
    open = distinct(next);
    if (open.length === 0) break;
  }
  return [...ended, ...open.map((packet): Open => ({ end: "end", packet }))];
}

const both = (packet: Packet): readonly Open[] => [
  { end: "accept", packet },
  { end: "drop", packet },
];

interface Walk extends Around {
  readonly depth: number;
  /** Ways that are decided. */
  readonly ended: Open[];
  /** What the next rule is asked about. */
  readonly next: Packet[];
}

function rule(walk: Walk, steps: readonly Step[], packet: Packet): void {
  let here = packet;
  for (const step of steps) {
    if ("test" in step) {
      const truth = holds(step, here);
      if (truth !== "yes") walk.next.push(here);
      if (truth === "no") return;
    } else if ("set" in step) here = step.set === "notrack" ? { ...here, state: "untracked" } : { ...here, saddr: step.to };
    else if ("choose" in step) {
      if (choose(walk, step, here)) walk.next.push(here);
      return;
    } else return last(walk, step, here);
  }
  walk.next.push(here);
}

function last(walk: Walk, step: Exclude<Step, { test: unknown } | { set: unknown } | { choose: unknown }>, packet: Packet): void {
  if ("verdict" in step) walk.ended.push({ end: step.verdict === "return" ? "end" : step.verdict, packet });
  else if ("go" in step) follow(walk, step, packet);
  else if ("snat" in step) walk.ended.push({ end: "accept", packet: { ...packet, saddr: step.snat.to, snat: step.snat } });
  else walk.ended.push({ end: "accept", packet: { ...packet, daddr: EVERYWHERE[packet.family], redirected: "yes" } });
}

const EVERYWHERE = { 4: [{ low: 0n, high: (1n << 32n) - 1n }], 6: [{ low: 0n, high: (1n << 128n) - 1n }] } as const;

/** From a jump one comes back, and the next rule is asked; from a goto one does not. */
function follow(walk: Walk, { go, chain: name }: { readonly go: "jump" | "goto"; readonly chain: string }, packet: Packet): void {
  const chain = walk.rules.chains.get(name);
  const ways = chain === undefined ? both(packet) : through(walk, chain, [packet], walk.depth + 1);
  for (const way of ways)
    if (way.end === "end" && go === "jump") walk.next.push(way.packet);
    else walk.ended.push(way);
}

/** Every case that may be the packet's; tells whether it may be none. */
function choose(walk: Walk, { choose: field, family, mask, cases }: Extract<Step, { choose: unknown }>, packet: Packet): boolean {
  if (packet.family !== family) return true;
  const [only, ...more] = packet[field];
  const address = only !== undefined && more.length === 0 && only.low === only.high ? only.low : undefined;
  const value = address === undefined || mask === undefined ? address : address & mask;
  const fitting = cases.filter(({ key }) => value === undefined || (key.low <= value && value <= key.high));
  for (const each of fitting) follow(walk, each, packet);
  return value === undefined ? !covers(cases, mask) : fitting.length === 0;
}

/** Is there a case for each value that these last bits may have? */
function covers(cases: readonly { readonly key: { readonly low: bigint; readonly high: bigint } }[], mask: bigint | undefined): boolean {
  if (mask === undefined || (mask & (mask + 1n)) !== 0n) return false;
  const keys = cases.map(({ key }) => key).toSorted((left, right) => (left.low < right.low ? -1 : 1));
  let reached = 0n;
  for (const { low, high } of keys) if (low <= reached && high >= reached) reached = high + 1n;
  return reached > mask;
}
