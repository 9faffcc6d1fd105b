/**
 * What a bird.conf says: the subset that Margay writes, and what people are likely to write into it. BIRD 2 sends and takes
 * nothing for which no policy is written, except that iBGP takes everything in; that is made explicit here.
 */
import { readIp } from "../../net/address.ts";
import { readCidr } from "../../net/prefix.ts";
import { perValue } from "../../intent/memo.ts";
import type { ReadRouter } from "../platform.ts";

import { changesIn, codeOf, meaningOf } from "./filter.ts";
import { expressionOf } from "./expression.ts";
import { channelsIn, filterIn } from "./read-channel.ts";
import { readSession } from "./read-bgp.ts";
import { unread } from "./draft.ts";
import type { BirdDraft } from "./draft.ts";
import { remembering } from "./parts.ts";
import type { Statements } from "./parts.ts";
import { statementsOf, textOf } from "./tokens.ts";
import type { Statement } from "./tokens.ts";

const BESIDE =
  /^(log|graceful restart wait|timeformat|watchdog|debug|hostname|include|mrtdump|threads|cli|roa4 table|roa6 table|ipv4 table|ipv6 table)\b/;

export const readBird = (text: string): ReadRouter => birdReader()(text);

/** Reads many texts that have much in common: each part of the same words at the same place is taken apart once, for as long as the reader lives. */
export function birdReader(): (text: string) => ReadRouter {
  const statementsIn = remembering();
  return (text) => readWith(statementsIn(text));
}

function readWith({ statements, bad }: Statements): ReadRouter {
  const draft: BirdDraft = {
    names: { constants: new Map(), functions: new Map(), sets: new Map() },
    filters: new Map(),
    templates: new Map(),
    policies: new Map(),
    statics: [],
    leading: [],
    ending: new Set(),
    enters: [],
    neighbors: [],
    own: {},
    unread: [],
  };
  for (const statement of statements) readStatement(draft, statement);
  if (bad !== undefined) draft.unread.push({ line: bad.line, text: bad.text, reason: "no word of BIRD's" });
  const asn = draft.neighbors.find(({ localAsn }) => localAsn !== undefined)?.localAsn;
  return {
    ...(asn === undefined ? {} : { asn }),
    ...draft.own,
    prefixSets: [...draft.names.sets.values()],
    policies: [...draft.policies.values()],
    statics: [...draft.statics, ...draft.leading.filter(({ protocol }) => draft.ending.has(protocol)).map(({ prefix }) => ({ prefix }))],
    enters: draft.enters,
    neighbors: draft.neighbors,
    pnat: [],
    unread: draft.unread,
  };
}

function readStatement(draft: BirdDraft, statement: Statement): void {
  const { head, body, text } = statement;
  const [first, second] = head;
  const id = /^router id (\S+)$/.exec(text)?.[1];
  const ip = readIp(id ?? "");
  if (ip !== undefined) draft.own = { ...draft.own, routerId: ip };
  else if (first?.text === "define") readConstant(draft, statement);
  else if (first?.text === "function") readFunction(draft, statement);
  else if (first?.text === "filter" && second !== undefined && body !== undefined) draft.filters.set(second.text, body);
  else if (first?.text === "template" || first?.text === "protocol") readProtocol(draft, statement);
  else if (!BESIDE.test(text)) unread(draft, statement, "not understood");
}

const valueOf = perValue(({ head }: Statement) => expressionOf(head.slice(3)));

function readConstant(draft: BirdDraft, statement: Statement): void {
  const [, name, sign] = statement.head;
  const value = valueOf(statement);
  if (name === undefined || sign?.text !== "=" || value === undefined) unread(draft, statement, "not understood");
  else draft.names.constants.set(name.text, value);
}

/** Names alone are parameters here, types are not needed. */
function readFunction(draft: BirdDraft, statement: Statement): void {
  const [, name, ...rest] = statement.head;
  if (name === undefined || statement.body === undefined) return unread(draft, statement, "not understood");
  const parameters = textOf(rest.filter(({ text }) => text !== "(" && text !== ")"))
    .split(",")
    .flatMap((part) => part.trim().split(" ").at(-1) ?? []);
  const code = codeOf(statement.body);
  if (meaningOf(code, draft.names, new Map()) === undefined)
    return unread(draft, statement, "a function that does more than choose what to return");
  const sets = changesIn(code);
  // Colours given on some ways alone are more than can be followed here.
  if (sets.communities !== undefined || sets.moreCommunities !== undefined)
    return unread(draft, statement, "a function that gives communities");
  draft.names.functions.set(name.text, {
    parameters,
    meaning: (given) => meaningOf(code, draft.names, given) ?? { unknown: name.text },
    sets,
  });
}

function readProtocol(draft: BirdDraft, statement: Statement): void {
  const { head, body = [] } = statement;
  const [word, type, ...rest] = head;
  const from = rest.findIndex(({ text, kind }) => kind === "word" && /^from$/.test(text));
  const name = (from === 0 ? undefined : rest[0]?.text) ?? `${type?.text ?? ""}${head[0]?.line ?? ""}`;
  const own = statementsOf(body);
  if (own.some(({ head: [first] }) => first?.text === "disabled")) return undefined;
  if (word?.text === "template") return void draft.templates.set(name, own);
  const template = from < 0 ? [] : draft.templates.get(rest[from + 1]?.text ?? "");
  if (template === undefined) return unread(draft, statement, "no such template");
  const all = [...template, ...own];
  switch (type?.text) {
    case "bgp":
      return readSession(draft, { name, statement, statements: all });
    case "static":
      return readStatic(draft, name, all);
    case "kernel":
      return readLearned(draft, { name, statements: all, redistributes: "kernel" });
    case "direct":
      return readLearned(draft, { name, statements: all, redistributes: "connected" });
    case "device":
    case "bfd":
    case "radv":
      return undefined;
    default:
      return unread(draft, statement, "a protocol that is not read here");
  }
}

function readStatic(draft: BirdDraft, name: string, statements: readonly Statement[]): void {
  // Of a table of ROAs: no routes.
  if (statements.some(({ head: [first] }) => first?.text === "roa4" || first?.text === "roa6")) return;
  for (const statement of statements) {
    const [first, second, third] = statement.head;
    const prefix = first?.text === "route" ? readCidr(second?.text ?? "") : undefined;
    const beside = /^(ipv4|ipv6|check link|scan time)\b/.test(statement.text);
    const plain = statementsOf(statement.body ?? []).every(({ head }) => head[0]?.text === "preference");
    if (!plain || (prefix === undefined && !beside)) unread(draft, statement, "not understood in a static protocol");
    else if (prefix !== undefined) {
      if (/^(unreachable|blackhole|prohibit)$/.test(third?.text ?? "")) draft.statics.push({ prefix });
      else draft.leading.push({ prefix, protocol: name });
      const by = third?.text === "recursive" ? readIp(statement.head[3]?.text ?? "") : undefined;
      draft.enters.push({ prefix, source: "static", protocol: name, ...(by !== undefined && { by }), line: statement.line });
    }
  }
}

interface Learning {
  readonly name: string;
  readonly statements: readonly Statement[];
  readonly redistributes: "kernel" | "connected";
}

/** Protocols whose routes a filter towards the kernel makes unreachable. */
function endingIn(statements: readonly Statement[]): readonly string[] {
  const texts = channelsIn(statements).flatMap(({ statements: inner }) => inner.map(({ body }) => textOf(body ?? [])));
  const made = texts.flatMap((text) =>
    [...text.matchAll(/if ([^{}]*) then \{ dest = RTD_UNREACHABLE ?;/g)].map(([, which]) => which ?? ""),
  );
  return made.flatMap((which) => [...which.matchAll(/proto = "?(\w+)"?/g)].map(([, protocol]) => protocol ?? ""));
}

/** A kernel protocol takes in what others put into the kernel where it may learn; `direct`, the networks of the interfaces. */
function readLearned(draft: BirdDraft, { name, statements, redistributes }: Learning): void {
  const learns = statements.some(({ text }) => /^learn( all| on)?$/.test(text));
  if (redistributes === "kernel") for (const protocol of endingIn(statements)) draft.ending.add(protocol);
  if (redistributes === "kernel" && !learns) return;
  for (const { family, statements: inner, line } of channelsIn(statements)) {
    const policy = filterIn(draft, inner, { direction: "import", name: `${name} ipv${family} import`, otherwise: "accept" });
    draft.enters.push({ family, redistributes, policy, line });
  }
}
