/** What a chain of policies asks for at all, so that what it would answer to two routes alike need be asked once. */
import type { Cidr } from "../net/prefix.ts";
import { decide } from "./evaluate.ts";
import type { Book, Decision, Place, Route } from "./evaluate.ts";
import type { Condition } from "./policy.ts";

/** Conditions of all its terms, those within others too. */
export function conditionsOf(book: Book, chain: readonly string[]): readonly Condition[] {
  return chain.flatMap((name) => book.policies.get(name)?.terms.flatMap(({ when }) => when.flatMap(parts)) ?? []);
}

function parts(condition: Condition): readonly Condition[] {
  if ("not" in condition) return parts(condition.not);
  if ("all" in condition) return condition.all.flatMap(parts);
  return "any" in condition ? condition.any.flatMap(parts) : [condition];
}

/** The prefixes at which its answer may change. */
export function boundariesIn(book: Book, chain: readonly string[]): ReadonlySet<Cidr> {
  const sets = conditionsOf(book, chain).flatMap((condition) => ("prefixes" in condition ? [condition.prefixes] : []));
  return new Set(sets.flatMap((name) => (book.ranges.get(name) ?? []).map(({ prefix }) => prefix)));
}

type Decide = (book: Book, chain: readonly string[], unfiltered: "accept" | "reject", route: Route) => Decision;

interface Chain {
  /** The same for chains that say the same. */
  readonly id: number;
  readonly asks: readonly ("nextHop" | "from" | "protocol" | "interface")[];
}

/**
 * `decide` that remembers, for as long as a proof lasts: many routers say the same, and are asked the same. Routes are alike when
 * all that the chain asks for is.
 */
export function remembering(): Decide {
  const ids = new Map<string, number>();
  // A list of names is one of one router's.
  const chains = new Map<readonly string[], Chain>();
  const places = new Map<Place, number>();
  const answers = new Map<string, Decision>();
  const chainOf = (book: Book, names: readonly string[], unfiltered: string): Chain => {
    const chain = chains.get(names) ?? chainNamed(book, names, { unfiltered, ids });
    chains.set(names, chain);
    return chain;
  };
  return (book, names, unfiltered, route) => {
    const { id, asks } = chainOf(book, names, unfiltered);
    const place = places.get(route.place) ?? places.size;
    places.set(route.place, place);
    const communities = route.communities === "any" ? "any" : route.communities.join();
    const key = `${id} ${place} ${route.source} ${communities} ${route.assigned}${asks.map((what) => ` ${route[what]}`).join("")}`;
    const answer = answers.get(key) ?? decide(book, names, unfiltered, route);
    answers.set(key, answer);
    return answer;
  };
}

function chainNamed(
  book: Book,
  names: readonly string[],
  { unfiltered, ids }: { readonly unfiltered: string; readonly ids: Map<string, number> },
): Chain {
  const conditions = conditionsOf(book, names);
  const sets = conditions.flatMap((condition) =>
    "prefixes" in condition ? [[condition.prefixes, book.ranges.get(condition.prefixes)]] : [],
  );
  const text = JSON.stringify([unfiltered, names.map((name) => ({ ...book.policies.get(name), name: book.policies.has(name) })), sets]);
  const id = ids.get(text) ?? ids.size;
  ids.set(text, id);
  const asked = (word: string) => conditions.some((condition) => word in condition);
  return {
    id,
    asks: [
      ...(asked("nextHop") || asked("nextHopIn") ? ["nextHop" as const] : []),
      ...(asked("learnedFrom") ? ["from" as const] : []),
      ...(asked("protocol") ? ["protocol" as const] : []),
      ...(asked("interfaces") ? ["interface" as const] : []),
    ],
  };
}
