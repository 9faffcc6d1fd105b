/**
 * What a chain of policies does with a route. Some of a route may be open ("any": an attacker chooses it), and a condition may be one that
 * the model cannot tell; then the answer is "maybe", and whoever asks supposes what is worse.
 */
import { perValue } from "../intent/memo.ts";
import { bitsOf, familyOf, widthOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { contains, firstOf, lengthOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { ReadRouter } from "./platform.ts";
import type { Community, Condition, Policy, PrefixRange, PrefixSet, RouteSource, Settings, Term } from "./policy.ts";

export type Truth = "yes" | "no" | "maybe";

/** A prefix as numbers. */
export interface Place {
  readonly family: Family;
  readonly bits: bigint;
  readonly length: number;
}

export interface Route {
  readonly place: Place;
  readonly source: RouteSource;
  readonly protocol?: string;
  readonly communities: readonly Community[] | "any";
  readonly nextHop: Ip | "any";
  readonly from: Ip | "any";
  readonly assigned: Truth;
  /** That it leads out by; absent where nobody says. */
  readonly interface?: string;
  /** No route to this one is known; absent: whatever it takes is. */
  readonly silent?: Cidr;
}

/** One that some neighbour may have told, with whatever attributes. */
export function toldRoute(place: Place): Route {
  return { place, source: "bgp", communities: "any", nextHop: "any", from: "any", assigned: "maybe" };
}

export interface Decision {
  readonly accepted: Truth;
  /** Of the first term that accepts. */
  readonly set: Settings;
}

export function placeOf(prefix: Cidr): Place {
  return { family: familyOf(prefix), bits: bitsOf(firstOf(prefix)), length: lengthOf(prefix) };
}

/** A router's policies and sets, made ready to be asked. */
export interface Book {
  readonly policies: ReadonlyMap<string, Policy>;
  readonly sets: ReadonlyMap<string, (place: Place) => boolean>;
  readonly ranges: ReadonlyMap<string, readonly PrefixRange[]>;
}

export function bookOf({ policies, prefixSets }: Pick<ReadRouter, "policies" | "prefixSets">): Book {
  return {
    policies: new Map(policies.map((policy) => [policy.name, policy])),
    sets: new Map(prefixSets.map((set) => [set.name, memberOf(set)])),
    ranges: new Map(prefixSets.map(({ name, ranges }) => [name, ranges])),
  };
}

/** Is a prefix in the set? */
export const memberOf = perValue(({ family, ranges }: PrefixSet): ((place: Place) => boolean) => {
  const width = widthOf(family);
  const entries = ranges.map(({ prefix, least, most }) => {
    const shift = BigInt(width - lengthOf(prefix));
    return { least: Math.max(least, lengthOf(prefix)), most, shift, head: bitsOf(firstOf(prefix)) >> shift };
  });
  return (place) =>
    place.family === family &&
    entries.some(({ least, most, shift, head }) => place.length >= least && place.length <= most && place.bits >> shift === head);
});

/** Policies in order; where none is named, `unfiltered`. A policy that is named and not defined may do anything. */
export function decide(book: Book, chain: readonly string[], unfiltered: "accept" | "reject", route: Route): Decision {
  const open = { accept: false, reject: false };
  let [set, passed]: [Settings | undefined, Settings] = [undefined, {}];
  const end = (verdict: "accept" | "reject", settings: Settings = {}) => {
    open[verdict] = true;
    if (verdict === "accept") set ??= { ...passed, ...settings };
  };
  const answer = (): Decision => ({ accepted: open.accept ? (open.reject ? "maybe" : "yes") : "no", set: set ?? {} });
  let otherwise: "accept" | "reject" = unfiltered;
  for (const name of chain) {
    const policy = book.policies.get(name);
    if (policy === undefined) return { accepted: "maybe", set: {} };
    for (const term of policy.terms) {
      const holds = holdsAll(book, term.when, route);
      if (holds === "no") continue;
      if (term.verdict === "next term") passed = { ...passed, ...term.set };
      else end(term.verdict, term.set);
      if (holds === "yes" && term.verdict !== "next term") return answer();
    }
    otherwise = policy.otherwise;
  }
  end(otherwise);
  return answer();
}

function holdsAll(book: Book, conditions: Term["when"], route: Route): Truth {
  let all: Truth = "yes";
  for (const condition of conditions) {
    const holds = holdsFor(book, condition, route);
    if (holds === "no") return "no";
    if (holds === "maybe") all = "maybe";
  }
  return all;
}

function holdsFor(book: Book, condition: Condition, route: Route): Truth {
  if ("prefixes" in condition) {
    const member = book.sets.get(condition.prefixes);
    return member === undefined ? "maybe" : sure(member(route.place));
  }
  if ("community" in condition) return route.communities === "any" ? "maybe" : sure(route.communities.includes(condition.community));
  if ("nextHop" in condition) return oneOf(condition.nextHop, route.nextHop);
  if ("nextHopIn" in condition) return route.nextHop === "any" ? "maybe" : sure(contains(condition.nextHopIn, route.nextHop));
  if ("learnedFrom" in condition) return oneOf(condition.learnedFrom, route.from);
  if ("interfaces" in condition) return route.interface === undefined ? "maybe" : sure(condition.interfaces.includes(route.interface));
  if ("source" in condition) return sure(condition.source.includes(route.source));
  if ("protocol" in condition) return sure(route.protocol === condition.protocol);
  if ("family" in condition) return sure(route.place.family === condition.family);
  if ("assigned" in condition) return route.assigned;
  if ("heard" in condition) return isHeard(book, condition.heard, route.silent);
  if ("not" in condition) return opposite(holdsFor(book, condition.not, route));
  if ("all" in condition) return holdsAll(book, condition.all, route);
  if ("any" in condition) return opposite(holdsNone(book, condition.any, route));
  return "maybe";
}

/** What else than the silent one might be heard is supposed to be. */
function isHeard({ ranges }: Book, set: string, silent: Cidr | undefined): Truth {
  const asked = ranges.get(set);
  if (silent === undefined) return asked === undefined ? "maybe" : "yes";
  const alone = asked?.every(({ prefix, least, most }) => prefix === silent && least === lengthOf(silent) && most === least);
  return alone === true ? "no" : "maybe";
}

function holdsNone(book: Book, conditions: readonly Condition[], route: Route): Truth {
  let none: Truth = "yes";
  for (const condition of conditions) {
    const holds = holdsFor(book, condition, route);
    if (holds === "yes") return "no";
    if (holds === "maybe") none = "maybe";
  }
  return none;
}

const sure = (holds: boolean): Truth => (holds ? "yes" : "no");
const opposite = (holds: Truth): Truth => (holds === "maybe" ? "maybe" : sure(holds === "no"));
const oneOf = (wanted: readonly Ip[], given: Ip | "any"): Truth => (given === "any" ? "maybe" : sure(wanted.includes(given)));

/** A route as it goes on, after a policy has changed it. */
export function changedBy(route: Route, { communities, moreCommunities = [] }: Settings): Route {
  const base = communities === undefined ? route.communities : communities === "none" ? [] : communities;
  return { ...route, communities: base === "any" ? "any" : [...base, ...moreCommunities] };
}
