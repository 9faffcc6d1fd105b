/** Policy statements of Junos. What a term asks for that the model has no word for is `unknown`: it may hold, and may not. */
import { familyOf, readIp } from "../../net/address.ts";
import { lengthOf, readCidr } from "../../net/prefix.ts";
import type { Unread } from "../platform.ts";
import type { Community, Condition, Policy, PrefixSet, RouteSource, Settings, Term } from "../policy.ts";
import { at, below, leftover, pass, word, words } from "../tree.ts";
import type { Node } from "../tree.ts";
import { prefixListName, setOf } from "./read-lists.ts";

interface Known {
  readonly communities: ReadonlyMap<string, Community | "every" | undefined>;
  readonly sets: PrefixSet[];
  /** Sets of what each condition wants to be known. */
  readonly conditions: ReadonlyMap<string, string>;
  readonly unread: Unread[];
}

export function policiesOf(
  options: Node | undefined,
  communities: Known["communities"],
  lists: readonly PrefixSet[],
): { readonly policies: readonly Policy[]; readonly prefixSets: readonly PrefixSet[]; readonly unread: readonly Unread[] } {
  const asked = conditionsIn(options);
  const conditions = new Map(asked.map(({ name }) => [name, setOfCondition(name)]));
  const known: Known = { communities, sets: asked.map(({ set }) => set), conditions, unread: [] };
  const policies = below(options, "policy-statement").map((statement): Policy => {
    const terms = below(statement, "term").map((term) => termOf(known, statement.text, term));
    // What stands outside of any term comes last.
    const bare = at(statement, "then") === undefined ? [] : [termOf(known, statement.text, statement)];
    return { name: statement.text, terms: [...terms, ...bare], otherwise: "reject" };
  });
  const used = known.sets.filter(({ name }) => !lists.some((list) => list.name === name));
  return { policies, prefixSets: used, unread: known.unread };
}

function termOf(known: Known, policy: string, node: Node): Term {
  const place = `${policy} ${node.text}`;
  const conditions = below(node, "from").flatMap((from) => conditionOf(known, place, from));
  // `to` asks for the protocol that is told; it may hold and may not.
  const to = at(node, "to") === undefined ? [] : [{ unknown: `${place}: to` }];
  pass(at(node, "to"));
  const then = at(node, "then");
  const verdict = at(then, "accept") ? "accept" : at(then, "reject") ? "reject" : "next term";
  if (word(then, "next") === "policy" || at(then, "default-action") !== undefined)
    known.unread.push({ line: then?.line ?? 0, text: place, reason: "next policy and default-action are not understood" });
  const set = settingsOf(known, then);
  pass(then);
  return { name: node.text, when: [...conditions, ...to], verdict, ...(Object.keys(set).length > 0 ? { set } : {}) };
}

const setOfCondition = (name: string) => `condition ${name}`;

/** `if-route-exists` with one prefix, in the table of its family. Others stay as not understood. */
function conditionsIn(options: Node | undefined): readonly { readonly name: string; readonly set: PrefixSet }[] {
  return below(options, "condition").flatMap((node) => {
    const asked = at(node, "if-route-exists");
    const table = word(asked, "table");
    const [prefix, ...more] = (asked?.children ?? []).flatMap(({ text }) => readCidr(text) ?? []);
    const family = prefix === undefined ? undefined : familyOf(prefix);
    if (prefix === undefined || family === undefined || more.length > 0 || table !== (family === 4 ? "inet.0" : "inet6.0")) return [];
    pass(node);
    const exact = { prefix, least: lengthOf(prefix), most: lengthOf(prefix) };
    return [{ name: node.text, set: { name: setOfCondition(node.text), family, ranges: [exact] } }];
  });
}

const SOURCES: Readonly<Record<string, RouteSource>> = {
  bgp: "bgp",
  static: "static",
  direct: "connected",
  local: "connected",
  aggregate: "aggregate",
};

function conditionOf(known: Known, place: string, from: Node): readonly Condition[] {
  const given = words(from);
  const one = (conditions: readonly Condition[]): readonly Condition[] => (conditions.length === 1 ? conditions : [{ any: conditions }]);
  const unknown = (): readonly Condition[] => {
    pass(from);
    return [{ unknown: `${place}: from ${from.text} ${given.join(" ")}` }];
  };
  const addresses = given.flatMap((text) => readIp(text) ?? []);
  switch (from.text) {
    case "family":
      return given[0] === "inet" || given[0] === "inet6" ? [{ family: given[0] === "inet" ? 4 : 6 }] : unknown();
    case "protocol":
      return given.every((name) => SOURCES[name] !== undefined) ? [{ source: given.flatMap((name) => SOURCES[name] ?? []) }] : unknown();
    case "community":
      return one(given.map((name) => asked(known, place, name)));
    case "route-filter-list":
      return one(given.map((name) => ({ prefixes: name })));
    case "prefix-list":
      return one(given.map((name) => ({ prefixes: prefixListName(name) })));
    case "prefix-list-filter":
      return one(below(from).map((list) => ({ prefixes: prefixListName(list.text, word(list)) })));
    case "route-filter":
      return inline(known, place, from);
    case "condition":
      return given.map((name) => {
        const set = known.conditions.get(name);
        return set === undefined ? { unknown: `${place}: condition ${name}` } : { heard: set };
      });
    case "next-hop":
      return addresses.length === given.length ? [{ nextHop: addresses }] : unknown();
    case "neighbor":
      return addresses.length === given.length ? [{ learnedFrom: addresses }] : unknown();
    default:
      return unknown();
  }
}

function inline(known: Known, place: string, from: Node): readonly Condition[] {
  const [set] = setOf(`${place} route-filter`, from.children);
  if (set === undefined) {
    known.unread.push(...leftover(from), {
      line: from.line,
      text: place,
      reason: "route-filters inside one another, or of a form not known here",
    });
    return [{ unknown: place }];
  }
  known.sets.push(set);
  return [{ prefixes: set.name }];
}

function asked({ communities }: Known, place: string, name: string): Condition {
  const community = communities.get(name);
  return community === undefined || community === "every" ? { unknown: `${place}: community ${name}` } : { community };
}

function settingsOf({ communities }: Known, then: Node | undefined): Settings {
  const named = (verb: string) => words(then, "community", verb).flatMap((name) => communities.get(name) ?? []);
  const literal = (verb: string) => named(verb).filter((value) => value !== "every");
  const [replaced, more] = [literal("set"), literal("add")];
  const preference = word(then, "local-preference");
  const hop = word(then, "next-hop");
  const nextHop = hop === "self" ? "self" : hop === "peer-address" ? "peer" : readIp(hop ?? "");
  return {
    ...(named("delete").includes("every") ? { communities: "none" as const } : {}),
    ...(replaced.length > 0 ? { communities: replaced } : {}),
    ...(more.length > 0 ? { moreCommunities: more } : {}),
    ...(preference !== undefined && /^\d+$/.test(preference) ? { localPreference: Number(preference) } : {}),
    ...(nextHop === undefined ? {} : { nextHop }),
  };
}
