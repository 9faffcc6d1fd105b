/**
 * Route-maps, which IOS, EOS and VyOS share: numbered entries that permit or deny, the first that matches decides, and what none
 * permits is denied. Both ways between them and policies; how an entry is spelled is each platform's own.
 */
import type { Family, Ip } from "../net/address.ts";
import { familyOf } from "../net/address.ts";
import { plainName } from "./lines.ts";
import { nextHopTold } from "./next-hop.ts";
import type { Community, Condition, Policy, Settings, Term } from "./policy.ts";
import type { RouterConfig } from "./router-config.ts";

export interface MapEntry {
  readonly number: number;
  readonly verdict: "permit" | "deny";
  /** The term's name. */
  readonly about: string;
  readonly matches: readonly string[];
  readonly sets: readonly string[];
}

/** How a platform spells what stands in an entry. */
export interface MapWords {
  readonly prefixes: (list: string, family: Family) => string;
  readonly community: (list: string) => string;
  readonly nextHop: (hop: Ip) => string;
  readonly setCommunities: (values: readonly Community[] | "none") => string;
  readonly addCommunities: (values: readonly Community[]) => string;
  readonly setLocalPreference: (value: number) => string;
  /** In a policy of that family. */
  readonly setNextHop: (hop: Ip | "self" | "peer", family: Family) => readonly string[];
}

/** Empty for a policy that accepts nothing: it still has to be there, as what is not defined means other things elsewhere. */
export function entriesOf(config: RouterConfig, policy: Policy, spelled: MapWords): readonly MapEntry[] {
  if (policy.otherwise !== "reject") throw new Error(`${policy.name}: no derived policy accepts what its terms do not`);
  return policy.terms.map((term, at) => {
    const told = nextHopTold(config, policy, term);
    return {
      number: 10 * (at + 1),
      verdict: verdictOf(term),
      about: term.name,
      matches: term.when.map((condition) => match(config, condition, spelled)),
      sets: settings({ ...term.set, ...(told === undefined ? {} : { nextHop: told }) }, familyOfPolicy(config, policy), spelled),
    };
  });
}

function verdictOf({ verdict, name }: Term): MapEntry["verdict"] {
  if (verdict === "next term") throw new Error(`${name}: no derived policy goes on after a term that matched`);
  return verdict === "accept" ? "permit" : "deny";
}

/** The family of a policy, by whoever names it. */
export function familyOfPolicy({ neighbors }: RouterConfig, { name }: Policy): Family {
  const families = neighbors.flatMap((neighbor) => neighbor.families);
  return families.find((family) => family.import === name || family.export === name)?.family ?? 4;
}

/** The name of the list of one community. */
export function communityList({ communities }: RouterConfig, value: Community): string {
  return plainName(communities.find((each) => each.value === value)?.name ?? `community-${value}`);
}

/** The route-map that gives own prefixes their colour where they enter. */
export function originMap(config: RouterConfig, value: Community): string {
  return plainName(`OWN-${communityList(config, value)}`);
}

/** Colours that own prefixes are given, each once. */
export function originColours({ originated }: RouterConfig): readonly Community[] {
  return [...new Set(originated.map(({ community }) => community))];
}

function match(config: RouterConfig, condition: Condition, spelled: MapWords): string {
  if ("prefixes" in condition) {
    const family = config.prefixSets.find(({ name }) => name === condition.prefixes)?.family ?? 4;
    return spelled.prefixes(plainName(condition.prefixes), family);
  }
  if ("community" in condition) return spelled.community(communityList(config, condition.community));
  if ("nextHop" in condition && condition.nextHop[0] !== undefined && condition.nextHop.length === 1)
    return spelled.nextHop(condition.nextHop[0]);
  throw new Error(`no derived policy has a condition ${JSON.stringify(condition)}`);
}

function settings(
  { communities, moreCommunities, localPreference, nextHop }: Settings,
  family: Family,
  spelled: MapWords,
): readonly string[] {
  return [
    ...(communities === undefined ? [] : [spelled.setCommunities(communities)]),
    ...(moreCommunities === undefined ? [] : [spelled.addCommunities(moreCommunities)]),
    ...(localPreference === undefined ? [] : [spelled.setLocalPreference(localPreference)]),
    ...(nextHop === undefined || nextHop === "perhaps" ? [] : spelled.setNextHop(nextHop, family)),
  ];
}

/** Next hops that policies ask for, each with the name of a list that holds it alone, for platforms that match by list. */
export function hopLists({ policies }: RouterConfig): readonly { readonly name: string; readonly family: Family; readonly hop: Ip }[] {
  const hops = policies.flatMap(({ terms }) =>
    terms.flatMap(({ when }) => when.flatMap((condition) => ("nextHop" in condition ? condition.nextHop : []))),
  );
  return [...new Set(hops)].map((hop) => ({ name: hopList(hop), family: familyOf(hop), hop }));
}

export const hopList = (hop: Ip): string => plainName(`HOP-${hop.replaceAll(/[.:]/g, "-")}`);

/** An entry as read. */
export interface ReadEntry {
  readonly number: number;
  readonly verdict: "permit" | "deny";
  readonly when: readonly Condition[];
  readonly set: Settings;
}

/** What a route-map does, by number; an entry that hands on to others is for the reader to refuse. */
export function policyOfMap(name: string, entries: readonly ReadEntry[]): Policy {
  const ordered = entries.toSorted((left, right) => left.number - right.number);
  const terms = ordered.map(({ number, verdict, when, set }): Term => ({
    name: String(number),
    when,
    verdict: verdict === "permit" ? "accept" : "reject",
    ...(Object.keys(set).length > 0 ? { set } : {}),
  }));
  return { name, terms, otherwise: "reject" };
}

/** What a route-map gives a prefix that enters BGP by a `network` statement: the settings of its first entry. */
export function givenBy(policies: readonly Policy[], map: string | undefined): { readonly set?: Settings } {
  const set = policies.find(({ name }) => name === map)?.terms[0]?.set;
  return set === undefined ? {} : { set };
}
