/**
 * A filter of BIRD as a policy: each way through its statements that ends in `accept` or `reject` is a term. What only changes
 * attributes that decide nothing here (preferences, metrics) is passed over; what changes others is kept, or told as unread.
 */
import type { Policy, Settings, Term, Condition } from "../policy.ts";
import { perValue } from "../../intent/memo.ts";
import { readIp } from "../../net/address.ts";
import { ALWAYS, NEVER, conditionOf } from "./condition.ts";
import type { Names } from "./condition.ts";
import { expressionOf } from "./expression.ts";
import type { Expression } from "./expression.ts";
import { closing, textOf } from "./tokens.ts";
import type { Token } from "./tokens.ts";

export type Code =
  | { readonly step: "if"; readonly when: Expression; readonly yes: readonly Code[]; readonly no: readonly Code[] }
  | { readonly step: "accept" | "reject" }
  | { readonly step: "return"; readonly value: Expression }
  | { readonly step: "set"; readonly settings: Settings }
  | { readonly step: "nothing" }
  | { readonly step: "unread"; readonly token: Token };

/** Decide neither where a route goes nor whom it is told. */
const HARMLESS = /^(preference|bgp_local_pref|bgp_med|krt_\w+|bgp_path \. prepend|bgp_path|igp_metric|gw|print|printn|ifname|onlink)\b/;

export const codeOf = perValue((tokens: readonly Token[]): readonly Code[] => {
  const steps: Code[] = [];
  for (let at = 0; at < tokens.length;) {
    const [step, next] = stepAt(tokens, at);
    if (step.step !== "nothing") steps.push(step);
    at = next;
  }
  return steps;
});

type Step = readonly [Code, number];

function stepAt(tokens: readonly Token[], at: number): Step {
  const first = tokens[at];
  if (first === undefined) return [{ step: "nothing" }, at + 1];
  if (first.text === "if" && first.kind === "word") return branch(tokens, at);
  const end = untilSemicolon(tokens, at);
  return [plain(tokens.slice(at, end)), end + 1];
}

function untilSemicolon(tokens: readonly Token[], at: number): number {
  let end = at;
  while (end < tokens.length && !(tokens[end]?.kind === "sign" && tokens[end]?.text === ";")) {
    end = tokens[end]?.kind === "sign" && "([{".includes(tokens[end]?.text ?? "") ? closing(tokens, end) + 1 : end + 1;
  }
  return end;
}

function branch(tokens: readonly Token[], at: number): Step {
  const first = tokens[at] as Token;
  const then = tokens.findIndex(({ kind, text }, index) => index > at && kind === "word" && text === "then");
  const when = then < 0 ? undefined : expressionOf(tokens.slice(at + 1, then));
  if (when === undefined) return [{ step: "unread", token: first }, tokens.length];
  const [yes, after] = blockAt(tokens, then + 1);
  const otherwise = tokens[after]?.text === "else" && tokens[after]?.kind === "word";
  const [no, end] = otherwise ? blockAt(tokens, after + 1) : [[], after];
  return [{ step: "if", when, yes, no }, end];
}

function blockAt(tokens: readonly Token[], at: number): readonly [readonly Code[], number] {
  if (tokens[at]?.text === "{" && tokens[at]?.kind === "sign") {
    const end = closing(tokens, at);
    return [codeOf(tokens.slice(at + 1, end)), end + 1];
  }
  const [step, next] = stepAt(tokens, at);
  return [step.step === "nothing" ? [] : [step], next];
}

function plain(tokens: readonly Token[]): Code {
  const [first] = tokens;
  if (first === undefined) return { step: "nothing" };
  const text = textOf(tokens);
  if (first.text === "accept" || first.text === "reject") return { step: first.text };
  if (first.text === "return") {
    const value = expressionOf(tokens.slice(1));
    return value === undefined ? { step: "unread", token: first } : { step: "return", value };
  }
  if (HARMLESS.test(text)) return { step: "nothing" };
  const hop = readIp(/^bgp_next_hop = (\S+)$/.exec(text)?.[1] ?? "");
  if (hop !== undefined) return { step: "set", settings: { nextHop: hop } };
  const added = /^bgp_community \. add \( \( (\d+) , (\d+) \) \)$/.exec(text);
  if (added !== null) return { step: "set", settings: { moreCommunities: [`${added[1]}:${added[2]}`] } };
  if (text === "bgp_community = -empty-" || text === "bgp_community . empty") return { step: "set", settings: { communities: "none" } };
  return { step: "unread", token: first };
}

interface Way {
  readonly when: readonly Condition[];
  readonly set: Settings;
}

/** The ways through a filter. `unread` is told of each statement that this cannot follow. */
export function policyOf(
  name: string,
  code: readonly Code[],
  { names, unread }: { readonly names: Names; readonly unread: (token: Token) => void },
): Policy {
  const terms: Term[] = [];
  const end = (way: Way, verdict: "accept" | "reject") => {
    const set = Object.keys(way.set).length > 0 ? { set: way.set } : {};
    terms.push({ name: `way ${terms.length + 1}`, when: way.when, verdict, ...set });
  };
  const walk = (steps: readonly Code[], start: readonly Way[]): readonly Way[] => {
    let ways = start;
    for (const step of steps) ways = ways.flatMap((way) => follow(step, way));
    return ways;
  };
  const follow = (step: Code, way: Way): readonly Way[] => {
    if (step.step === "accept" || step.step === "reject") end(way, step.step);
    else if (step.step === "set") return [{ ...way, set: { ...way.set, ...step.settings } }];
    else if (step.step === "unread") unread(step.token);
    else if (step.step === "if") {
      if (step.yes.length === 0 && step.no.length === 0) return [way];
      const when = conditionOf(step.when, names);
      const no = { ...way, when: [...way.when, { not: when }] };
      const open = walk(step.yes, [{ ...way, when: [...way.when, when] }]);
      // Where every `yes` has ended, what follows is for the others; terms are asked in order, so nothing need be said of them.
      const rest = step.no.length === 0 ? [open.length === 0 ? way : no] : walk(step.no, [open.length === 0 ? way : no]);
      return [...open, ...rest];
    }
    return [];
  };
  // A filter that ends without a verdict rejects; the ways that are left need no term for that.
  walk(code, [{ when: [], set: {} }]);
  return { name, terms, otherwise: "reject" };
}

/** What a function changes on any of its ways: surely where it does so whatever the route, perhaps where that depends. */
export function changesIn(code: readonly Code[]): Settings {
  return code.reduce<Settings>((all, step) => {
    if (step.step === "set") return { ...all, ...step.settings };
    if (step.step !== "if") return all;
    const inner = { ...changesIn(step.yes), ...changesIn(step.no) };
    return { ...all, ...inner, ...(inner.nextHop === undefined ? {} : { nextHop: "perhaps" as const }) };
  }, {});
}

/** What a function of `if … then return …` answers, whatever it changes; undefined when it does something else. */
export function meaningOf(code: readonly Code[], names: Names, given: ReadonlyMap<string, Expression>): Condition | undefined {
  const [first, ...rest] = code;
  if (first === undefined) return NEVER;
  if (first.step === "return") return conditionOf(first.value, names, given);
  if (first.step === "set") return meaningOf(rest, names, given);
  if (first.step !== "if") return undefined;
  const when = conditionOf(first.when, names, given);
  const [yes, no] = [meaningOf([...first.yes, ...rest], names, given), meaningOf([...first.no, ...rest], names, given)];
  if (yes === undefined || no === undefined) return undefined;
  return chosen(when, yes, no);
}

function chosen(when: Condition, yes: Condition, no: Condition): Condition {
  if (yes === NEVER) return { all: [{ not: when }, no] };
  return yes === ALWAYS ? { any: [when, no] } : { any: [{ all: [when, yes] }, { all: [{ not: when }, no] }] };
}
