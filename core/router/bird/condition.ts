/** What an expression of BIRD asks of a route, in the words of the proof. What they do not have is left open. */
import { FAMILIES, familyOf, readIp, widthOf } from "../../net/address.ts";
import type { Ip } from "../../net/address.ts";
import { lengthOf, prefixOf, readCidr } from "../../net/prefix.ts";
import { perValue } from "../../intent/memo.ts";
import type { Condition, PrefixRange, Settings, PrefixSet, RouteSource } from "../policy.ts";
import type { Expression } from "./expression.ts";
import type { Token } from "./tokens.ts";

/** Names that a filter may use. Sets without a name get one, and are added to `sets`. */
export interface Names {
  readonly constants: ReadonlyMap<string, Expression>;
  readonly functions: ReadonlyMap<string, BirdFunction>;
  readonly sets: Map<string, PrefixSet>;
}

export interface BirdFunction {
  readonly parameters: readonly string[];
  /** With what each parameter stands for. */
  readonly meaning: (given: ReadonlyMap<string, Expression>) => Condition;
  /** What it changes of the route that it is asked about. */
  readonly sets: Settings;
}

type Given = ReadonlyMap<string, Expression>;

/** One of the ways in which an expression may be true, with what it does to the route. */
export interface Alternative {
  readonly when: readonly Condition[];
  readonly set: Settings;
}

/** `||` asks from the left, and no further once something is true; so do these, one after the other. */
export function alternativesOf(expression: Expression, names: Names): readonly Alternative[] {
  if (expression.form === "two" && expression.sign === "||")
    return [...alternativesOf(expression.left, names), ...alternativesOf(expression.right, names)];
  if (expression.form === "two" && expression.sign === "&&" && changes(expression, names)) {
    const right = alternativesOf(expression.right, names);
    return alternativesOf(expression.left, names).flatMap((one) =>
      right.map((other) => ({ when: [...one.when, ...other.when], set: { ...one.set, ...other.set } })),
    );
  }
  const sets = expression.form === "call" ? names.functions.get(expression.name)?.sets : undefined;
  return [{ when: [conditionOf(expression, names)], set: sets ?? {} }];
}

/** Does asking it change a route? */
function changes(expression: Expression, names: Names): boolean {
  if (expression.form === "two") return changes(expression.left, names) || changes(expression.right, names);
  return expression.form === "call" && Object.keys(names.functions.get(expression.name)?.sets ?? {}).length > 0;
}

export const ALWAYS: Condition = { all: [] };
export const NEVER: Condition = { any: [] };

export function conditionOf(expression: Expression, names: Names, given: Given = new Map()): Condition {
  if (expression.form === "not") return { not: conditionOf(expression.of, names, given) };
  if (expression.form === "atom") return atom(expression, names, given);
  if (expression.form === "call") return call(expression, names, given);
  if (expression.form === "set") return unknown(expression);
  const { sign, left, right } = expression;
  if (sign === "&&") return { all: [conditionOf(left, names, given), conditionOf(right, names, given)] };
  if (sign === "||") return { any: [conditionOf(left, names, given), conditionOf(right, names, given)] };
  if (sign === "!=") return { not: comparison(expression, "=", { names, given }) };
  if (sign === "!~") return { not: comparison(expression, "~", { names, given }) };
  return comparison(expression, sign, { names, given });
}

const unknown = (expression: Expression): Condition => ({ unknown: shown(expression) });

export function shown(expression: Expression): string {
  switch (expression.form) {
    case "atom":
      return expression.token.text;
    case "set":
      return `[ ${expression.items.map(({ text }) => text).join(" ")} ]`;
    case "call":
      return `${expression.name}(${expression.arguments.map(shown).join(", ")})`;
    case "not":
      return `!${shown(expression.of)}`;
    default:
      return `${shown(expression.left)} ${expression.sign} ${shown(expression.right)}`;
  }
}

function atom(expression: Expression & { readonly form: "atom" }, names: Names, given: Given): Condition {
  const { text, kind } = expression.token;
  const stands = given.get(text) ?? names.constants.get(text);
  if (stands !== undefined && kind === "word") return conditionOf(stands, names, given);
  if (text === "true") return ALWAYS;
  return text === "false" ? NEVER : unknown(expression);
}

function call(expression: Expression & { readonly form: "call" }, names: Names, given: Given): Condition {
  const known = names.functions.get(expression.name);
  if (known === undefined) return unknown(expression);
  const values = expression.arguments.map((each) => resolved(each, names, given));
  return known.meaning(new Map(known.parameters.flatMap((name, at) => (values[at] === undefined ? [] : [[name, values[at]] as const]))));
}

/** A name's value, if it is the name of one. */
function resolved(expression: Expression, names: Names, given: Given): Expression {
  if (expression.form !== "atom" || expression.token.kind !== "word") return expression;
  return given.get(expression.token.text) ?? names.constants.get(expression.token.text) ?? expression;
}

interface Scope {
  readonly names: Names;
  readonly given: Given;
}

/** What holds an address, and what it is asked for by. */
const HOPS: Readonly<Record<string, "nextHop" | "learnedFrom">> = { bgp_next_hop: "nextHop", from: "learnedFrom" };

const SOURCES: Readonly<Record<string, RouteSource>> = { RTS_STATIC: "static", RTS_BGP: "bgp", RTS_DEVICE: "connected" };
const sourceOf = (word: string): RouteSource => SOURCES[word] ?? "kernel";

function comparison(expression: Expression & { readonly form: "two" }, sign: string, { names, given }: Scope): Condition {
  const left = shown(expression.left);
  const right = resolved(expression.right, names, given);
  // The agent's word for what the IPAM has given to a neighbour's hosts: a set in the file that it keeps beside this one.
  if (left === "net" && sign === "~" && ASSIGNED.test(shown(expression.right))) return { assigned: "by the IPAM" };
  if (left === "net" && (sign === "=" || sign === "~")) return prefixes(expression, { right, names });
  if (left === "net.len") return lengths(expression, { sign, right, names });
  if (left === "net.type" && sign === "=") return { family: shown(right) === "NET_IP6" ? 6 : 4 };
  const hops = HOPS[left] !== undefined ? addressesIn(right) : undefined;
  if (hops !== undefined && (sign === "=" || sign === "~")) return HOPS[left] === "nextHop" ? { nextHop: hops } : { learnedFrom: hops };
  const segment = left === "bgp_next_hop" && sign === "~" && right.form === "atom" ? readCidr(right.token.text) : undefined;
  if (segment !== undefined) return { nextHopIn: segment };
  if (left === "ifname" && sign === "=" && right.form === "atom") return { interfaces: [right.token.text] };
  if (left === "source") return { source: wordsIn(right).map(sourceOf) };
  if (left === "proto" && sign === "=" && right.form === "atom") return { protocol: right.token.text };
  if (left === "bgp_community" && sign === "~" && right.form === "set") return communities(expression, right.items);
  return expression.left.form === "call" && expression.left.name === "roa_check" && sign === "=" && shown(right) === "ROA_VALID"
    ? { assigned: "by the IPAM" }
    : unknown(expression);
}

const ASSIGNED = /^'?assigned[46]:/;

function wordsIn(value: Expression): readonly string[] {
  if (value.form === "set") return value.items.filter(({ kind }) => kind === "word").map(({ text }) => text);
  return [shown(value)];
}

function addressesIn(value: Expression): readonly Ip[] | undefined {
  const tokens = value.form === "set" ? value.items.filter(({ text }) => text !== ",") : value.form === "atom" ? [value.token] : [];
  const addresses = tokens.map(({ text }) => readIp(text));
  return tokens.length > 0 && addresses.every((ip) => ip !== undefined) ? addresses : undefined;
}

/** `(64512, 1)`, each of two plain numbers. */
function communities(expression: Expression, items: readonly Token[]): Condition {
  const text = items.map((item) => item.text).join("");
  if (!/^\(\d+,\d+\)(,\(\d+,\d+\))*$/.test(text)) return unknown(expression);
  return { any: [...text.matchAll(/\((\d+),(\d+)\)/g)].map(([, high, low]) => ({ community: `${high}:${low}` })) };
}

interface Compared {
  readonly right: Expression;
  readonly names: Names;
}

function prefixes(expression: Expression, { right, names }: Compared): Condition {
  const sets = setsIn(right);
  return sets === undefined ? unknown(expression) : within(names, sets);
}

/** A constant is asked for by many filters. */
const setsIn = perValue((value: Expression): readonly PrefixSet[] | undefined => {
  const items = value.form === "set" ? value.items.filter(({ text }) => text !== ",") : value.form === "atom" ? [value.token] : [];
  const ranges = items.map(({ text }) => rangeOf(text));
  return items.length > 0 && ranges.every((range) => range !== undefined) ? setsOf(ranges.flat()) : undefined;
});

/** One set per family, under a name that is what is in it. */
function setsOf(ranges: readonly PrefixRange[]): readonly PrefixSet[] {
  return FAMILIES.flatMap((family): PrefixSet[] => {
    const own = ranges.filter(({ prefix }) => familyOf(prefix) === family);
    const name = own.map(({ prefix, least, most }) => `${prefix}{${least},${most}}`).join(" ");
    return own.length === 0 ? [] : [{ name, family, ranges: own }];
  });
}

function within(names: Names, sets: readonly PrefixSet[]): Condition {
  for (const set of sets) names.sets.set(set.name, set);
  const conditions = sets.map(({ name }) => ({ prefixes: name }));
  const [only] = conditions;
  return conditions.length === 1 && only !== undefined ? only : { any: conditions };
}

/** `10.0.0.0/8`, `+` this and longer, `{24,32}` lengths; `-` this and shorter, which are several ranges. */
function rangeOf(text: string): readonly PrefixRange[] | undefined {
  const [, plain = "", pattern = "", low, high] =
    /^([^{+]+\/\d+)(\+|-|\{(\d+),(\d+)\})?$/.exec(text) ?? /^([^{+]+\/\d+)(-)$/.exec(text) ?? [];
  const prefix = readCidr(plain);
  if (prefix === undefined) return undefined;
  const [length, width] = [lengthOf(prefix), widthOf(familyOf(prefix))];
  const wider = (to: number) => Array.from({ length: length - to }, (_, at) => prefixOf(plain.split("/")[0] as Ip, to + at));
  if (pattern === "-") return [...wider(0), prefix].map((each) => ({ prefix: each, least: lengthOf(each), most: lengthOf(each) }));
  if (low === undefined || high === undefined) return [{ prefix, least: length, most: pattern === "+" ? width : length }];
  // A pattern may begin below the prefix's own length: then it takes in the shorter ones that hold it.
  const above = wider(Math.min(Number(low), length)).filter((each) => lengthOf(each) <= Number(high));
  return [
    ...above.map((each) => ({ prefix: each, least: lengthOf(each), most: lengthOf(each) })),
    ...(Number(high) >= length ? [{ prefix, least: Math.max(Number(low), length), most: Number(high) }] : []),
  ];
}

function lengths(expression: Expression, { sign, right, names }: Compared & { readonly sign: string }): Condition {
  const bound = Number(shown(right));
  const known: Readonly<Record<string, readonly [number, number]>> = {
    "=": [bound, bound],
    "<": [0, bound - 1],
    "<=": [0, bound],
    ">": [bound + 1, 128],
    ">=": [bound, 128],
  };
  const span = known[sign];
  if (Number.isNaN(bound) || span === undefined) return unknown(expression);
  const range = (prefix: string, width: number): PrefixRange[] => {
    const all = readCidr(prefix);
    return all === undefined || span[0] > width ? [] : [{ prefix: all, least: span[0], most: Math.min(span[1], width) }];
  };
  return within(names, setsOf([...range("0.0.0.0/0", 32), ...range("::/0", 128)]));
}
