/** The table `inet margay` in nft's own words: as rendered, as somebody changed it, or as `nft list table` prints it. */
import type { Unread } from "../platform.ts";
import type { Base, Chain, Rule, Ruleset } from "./model.ts";
import { stepsOf } from "./read-rule.ts";
import { piecesOf, wordsOf } from "./tokens.ts";
import type { Piece, Word } from "./tokens.ts";
import { priorityOf } from "./values.ts";

export function readRules(text: string): Ruleset {
  const unread: Unread[] = [];
  const chains = new Map<string, Chain>();
  for (const piece of piecesOf(wordsOf(text))) {
    const head = spoken(piece.head);
    if (head === "table inet margay" && piece.body !== undefined) readTable(piece.body, chains, unread);
    else if (!/^((add|delete|flush|destroy) )?table inet margay$/.test(head)) unread.push(strange(piece, "not of the table inet margay"));
  }
  return { chains, unread };
}

function readTable(body: readonly Word[], chains: Map<string, Chain>, unread: Unread[]): void {
  for (const piece of piecesOf(body)) {
    const [kind, name] = piece.head.map(({ text }) => text);
    if (kind === "chain" && name !== undefined && piece.body !== undefined) chains.set(name, chainOf(name, piecesOf(piece.body), unread));
    else if (kind !== "map" && kind !== "set" && kind !== "comment") unread.push(strange(piece, "neither a chain nor a set"));
  }
}

function chainOf(name: string, pieces: readonly Piece[], unread: Unread[]): Chain {
  const hook = pieces.find(({ head }) => head[0]?.text === "type");
  const policy = pieces.find(({ head }) => head[0]?.text === "policy");
  const base = hook && baseOf(spoken(hook.head), policy === undefined ? "accept" : spoken(policy.head).slice("policy ".length));
  if (hook !== undefined && base === undefined) unread.push(strange(hook, "a hook that is not understood"));
  const rules = pieces.filter((piece) => piece !== hook && piece !== policy && piece.head[0]?.text !== "comment");
  return { name, ...(base === undefined ? {} : { base }), rules: rules.map((piece) => ruleOf(piece, unread)) };
}

function baseOf(text: string, policy: string): Base | undefined {
  const [, type, hook, place = ""] = /^type (\w+) hook (\w+) priority (.+)$/.exec(text) ?? [];
  const priority = priorityOf(place);
  if (type === undefined || hook === undefined || priority === undefined || (policy !== "accept" && policy !== "drop")) return undefined;
  return { type, hook, priority, policy };
}

function ruleOf(piece: Piece, unread: Unread[]): Rule {
  const steps = stepsOf(piece.head);
  if (steps === undefined) unread.push(strange(piece, "a rule that is not understood"));
  return { line: piece.head[0]?.line ?? 0, steps: steps ?? [{ test: "unknown", text: spoken(piece.head) }] };
}

function strange({ head }: Piece, reason: string): Unread {
  return { line: head[0]?.line ?? 0, text: spoken(head), reason };
}

const spoken = (words: readonly Word[]): string => words.map(({ text, quoted }) => (quoted ? JSON.stringify(text) : text)).join(" ");
