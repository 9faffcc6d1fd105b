/** Policies of SR Linux. What a statement asks for that the model has no word for is `unknown`: it may hold, and may not. */
import { readIp } from "../../net/address.ts";
import type { Unread } from "../platform.ts";
import type { Community, Condition, Policy, PrefixSet, RouteSource, Settings, Term } from "../policy.ts";
import { at, below, leftover, pass, word, words } from "../tree.ts";
import type { Node } from "../tree.ts";
import { familySet } from "./read-sets.ts";

interface Known {
  readonly communities: ReadonlyMap<string, Community | undefined>;
  readonly sets: readonly PrefixSet[];
  readonly unread: Unread[];
}

export function policiesOf(
  tree: Node | undefined,
  communities: Known["communities"],
  sets: readonly PrefixSet[],
): { readonly policies: readonly Policy[]; readonly unread: readonly Unread[] } {
  const known: Known = { communities, sets, unread: [] };
  const policies = below(tree, "policy").map((policy): Policy => {
    const terms = below(policy, "statement").map((statement) => termOf(known, policy.text, statement));
    const last = verdictOf(known, policy.text, at(policy, "default-action"));
    // Without a default action the next policy of the chain is asked.
    const end: readonly Term[] = last === "next term" ? [] : [{ name: "default-action", when: [], verdict: last }];
    return { name: policy.text, terms: [...terms, ...end], otherwise: "reject" };
  });
  return { policies, unread: known.unread };
}

function termOf(known: Known, policy: string, statement: Node): Term {
  const name = `${policy} ${statement.text}`;
  const when = below(statement, "match").flatMap((match) => conditionsOf(known, name, match));
  const action = at(statement, "action");
  const verdict = verdictOf(known, name, action);
  const set = settingsOf(known, action);
  return { name: statement.text, when, verdict, ...(Object.keys(set).length > 0 ? { set } : {}) };
}

function verdictOf(known: Known, name: string, action: Node | undefined): Term["verdict"] {
  const result = word(action, "policy-result");
  if (result === "accept" || result === "reject") return result;
  if (result === "next-policy") known.unread.push({ line: action?.line ?? 0, text: name, reason: "next-policy is not understood" });
  return "next term";
}

const SOURCES: Readonly<Record<string, RouteSource>> = { bgp: "bgp", static: "static", local: "connected", aggregate: "aggregate" };

function conditionsOf(known: Known, name: string, match: Node): readonly Condition[] {
  switch (match.text) {
    case "prefix":
      return words(match, "prefix-set").map((set) => inSet(known, set));
    // Before 25.3.
    case "prefix-set":
      return words(match).map((set) => inSet(known, set));
    case "protocol":
      return words(match).map((protocol) => {
        const source = SOURCES[protocol];
        return source === undefined ? { unknown: `${name}: protocol ${protocol}` } : { source: [source] };
      });
    case "family":
      return [{ any: words(match).flatMap((family): readonly Condition[] => familyOf(family)) }];
    case "bgp":
      return bgpConditions(known, name, match);
    default:
      pass(match);
      return [{ unknown: `${name}: ${match.text}` }];
  }
}

function familyOf(word: string): readonly Condition[] {
  if (word === "ipv4-unicast") return [{ family: 4 }];
  return word === "ipv6-unicast" ? [{ family: 6 }] : [];
}

/** A set that is not there is named as it stands, so that it is missed. */
function inSet({ sets }: Known, name: string): Condition {
  const parts = sets.filter((set) => set.name === familySet(name, 4) || set.name === familySet(name, 6));
  const [first, second] = parts.map((set): Condition => ({ prefixes: set.name }));
  if (first === undefined) return { prefixes: name };
  return second === undefined ? first : { any: [first, second] };
}

function bgpConditions({ communities }: Known, name: string, match: Node): readonly Condition[] {
  const sets = words(match, "community-set");
  const known = sets.map((set): Condition => {
    const community = communities.get(set);
    return community === undefined ? { unknown: `${name}: community-set ${set}` } : { community };
  });
  const rest = leftover(match);
  pass(match);
  return [...known, ...rest.map(({ text }) => ({ unknown: `${name}: ${text}` }))];
}

function settingsOf({ communities }: Known, action: Node | undefined): Settings {
  const named = (verb: string) => words(action, "bgp", "communities", verb).flatMap((set) => communities.get(set) ?? []);
  const [replaced, more] = [named("replace"), named("add")];
  const preference = word(action, "bgp", "local-preference", "set");
  const hop = word(action, "bgp", "next-hop", "set");
  const nextHop = hop === "self" ? "self" : readIp(hop ?? "");
  pass(at(action, "bgp"));
  pass(at(action, "route-preference"));
  return {
    ...(replaced.length > 0 ? { communities: replaced } : {}),
    ...(more.length > 0 ? { moreCommunities: more } : {}),
    ...(preference === undefined ? {} : { localPreference: Number(preference) }),
    ...(nextHop === undefined ? {} : { nextHop }),
  };
}
