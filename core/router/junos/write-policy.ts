/**
 * Policy in Junos: route-filter-lists, communities, policy-statements. A policy serves one family and leaves the other to the next in
 * the chain, as a session's policies are one list for all that it carries.
 */
import { widthOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { lengthOf } from "../../net/prefix.ts";
import { heardName } from "../conditions.ts";
import { plainName } from "../lines.ts";
import { colourAsked, nextHopTold, sourceOf } from "../next-hop.ts";
import type { Condition, Policy, PrefixRange, PrefixSet, Settings, Term } from "../policy.ts";
import type { RouterConfig } from "../router-config.ts";
import { longestDecides } from "./read-lists.ts";
import { communityName, EVERY_COMMUNITY, familyWord, REJECT } from "./words.ts";

export function listLines(config: RouterConfig): readonly string[] {
  return [
    ...config.prefixSets.flatMap(filterList),
    ...config.communities.map(({ value }) => `set policy-options community ${communityName(config, value)} members ${value}`),
    `set policy-options community ${EVERY_COMMUNITY} members *:*`,
  ];
}

function filterList({ name, ranges, about }: PrefixSet): readonly string[] {
  if (!longestDecides(ranges)) throw new Error(`${name}: Junos looks at the longest of these prefixes alone`);
  const head = `set policy-options route-filter-list ${plainName(name)}`;
  return [...(about === undefined ? [] : [`# ${about}`]), ...ranges.map((range) => `${head} ${range.prefix} ${extent(range)}`)];
}

function extent({ prefix, least, most }: PrefixRange): string {
  const length = lengthOf(prefix);
  if (least === length && most === length) return "exact";
  if (least === length && most === widthOf(prefix.includes(":") ? 6 : 4)) return "orlonger";
  return `prefix-length-range /${least}-/${most}`;
}

export function policyLines(config: RouterConfig): readonly string[] {
  return [
    ...conditionLines(config),
    ...config.policies.flatMap((policy) => statement(config, policy)),
    `set policy-options policy-statement ${REJECT} then reject`,
  ];
}

/** What has to be known for something to be told: a route, in the table of its family. */
function conditionLines({ neighbors, prefixSets }: RouterConfig): readonly string[] {
  const named = new Set(neighbors.flatMap(({ families }) => families.flatMap(({ whileHeard }) => whileHeard ?? [])));
  return prefixSets.flatMap(({ name, family, ranges }) => {
    if (!named.has(name)) return [];
    const head = `set policy-options condition ${plainName(heardName(name))} if-route-exists`;
    return [...ranges.map(({ prefix }) => `${head} ${prefix}`), `${head} table ${familyWord(family)}.0`];
  });
}

/** The family of a policy, by whoever names it. */
function familyOfPolicy({ neighbors }: RouterConfig, { name }: Policy): Family {
  const families = neighbors.flatMap((neighbor) => neighbor.families);
  return families.find((family) => family.import === name || family.export === name)?.family ?? 4;
}

function statement(config: RouterConfig, policy: Policy): readonly string[] {
  const head = `set policy-options policy-statement ${plainName(policy.name)} term`;
  const family = familyWord(familyOfPolicy(config, policy));
  const told = config.neighbors.flatMap(({ families }) => families.filter((each) => each.export === policy.name));
  const waits = told.flatMap(({ whileHeard }) => whileHeard ?? []);
  return [
    ...policy.terms.flatMap((term) => {
      const from = [
        `family ${family}`,
        ...(told.length > 0 ? origin(config, term) : []),
        ...(term.verdict === "accept" ? waits.slice(0, 1).map((set) => `condition ${plainName(heardName(set))}`) : []),
        ...term.when.flatMap((condition) => match(config, condition) ?? []),
      ];
      const then = [...settings(config, { ...term.set, ...hopTold(config, policy, term) }), verdict(term)];
      const lines = [...from.map((each) => `from ${each}`), ...then.map((each) => `then ${each}`)];
      return lines.map((each) => `${head} ${term.name} ${each}`);
    }),
    `${head} otherwise from family ${family}`,
    `${head} otherwise then ${policy.otherwise}`,
  ];
}

function hopTold(config: RouterConfig, policy: Policy, term: Term): Settings {
  const nextHop = nextHopTold(config, policy, term);
  return nextHop === undefined ? {} : { nextHop };
}

const PROTOCOLS = { static: "static", connected: "direct", bgp: "bgp" } as const;

/** Junos asks an export policy about every active route, not those of BGP alone: say which are meant. */
function origin(config: RouterConfig, term: Term): readonly string[] {
  return term.verdict === "accept" ? [`protocol ${PROTOCOLS[sourceOf(config, colourAsked(term))]}`] : [];
}

function match(config: RouterConfig, condition: Condition): string | undefined {
  if ("prefixes" in condition) return `route-filter-list ${plainName(condition.prefixes)}`;
  // What is connected carries no community.
  if ("community" in condition && sourceOf(config, condition.community) === "connected") return undefined;
  if ("community" in condition) return `community ${communityName(config, condition.community)}`;
  if ("nextHop" in condition)
    return `next-hop ${condition.nextHop.length === 1 ? condition.nextHop[0] : `[ ${condition.nextHop.join(" ")} ]`}`;
  throw new Error(`no derived policy has a condition ${JSON.stringify(condition)}`);
}

function settings(config: RouterConfig, { communities, moreCommunities, localPreference, nextHop }: Settings): readonly string[] {
  const named = (value: string) => communityName(config, value);
  const [first, ...others] = communities === undefined || communities === "none" ? [] : communities;
  return [
    ...(communities === "none" ? [`community delete ${EVERY_COMMUNITY}`] : []),
    ...(first === undefined ? [] : [`community set ${named(first)}`]),
    ...[...others, ...(moreCommunities ?? [])].map((value) => `community add ${named(value)}`),
    ...(localPreference === undefined ? [] : [`local-preference ${localPreference}`]),
    ...(nextHop === undefined ? [] : [`next-hop ${nextHop === "peer" ? "peer-address" : nextHop}`]),
  ];
}

function verdict({ verdict }: Term): string {
  return verdict === "next term" ? "next term" : verdict;
}
