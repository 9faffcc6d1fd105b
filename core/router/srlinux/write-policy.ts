/**
 * Policy in SR Linux: prefix sets, community sets, policies of statements. Two things are said otherwise than elsewhere. Static routes carry no
 * communities, so that own prefixes are told by `protocol static`. A policy cannot ask for the next hop; where that is asked of a route that comes in, the next
 * hop is set to the one that it may have, which draws nobody's traffic away either.
 */
import { lengthOf } from "../../net/prefix.ts";
import { plainName } from "../lines.ts";
import { colourAsked, nextHopTold, sourceOf } from "../next-hop.ts";
import type { Condition, Policy, PrefixSet, Settings, Term } from "../policy.ts";
import type { RouterConfig } from "../router-config.ts";
import { communityName } from "./words.ts";

export function setLines(config: RouterConfig): readonly string[] {
  return [
    ...config.prefixSets.flatMap(prefixSet),
    ...config.communities.map(({ value }) => `set / routing-policy community-set ${communityName(config, value)} member [ ${value} ]`),
  ];
}

function prefixSet({ name, ranges, about }: PrefixSet): readonly string[] {
  const extent = (own: number, least: number, most: number) => (least === own && most === own ? "exact" : `${least}..${most}`);
  return [
    ...(about === undefined ? [] : [`# ${about}`]),
    ...ranges.map(
      ({ prefix, least, most }) =>
        `set / routing-policy prefix-set ${plainName(name)} prefix ${prefix} mask-length-range ${extent(lengthOf(prefix), least, most)}`,
    ),
  ];
}

export function policyLines(config: RouterConfig): readonly string[] {
  return config.policies.flatMap((policy) => {
    const head = `set / routing-policy policy ${plainName(policy.name)}`;
    return [
      `${head} default-action policy-result ${policy.otherwise}`,
      ...policy.terms.flatMap((term) => statement(config, policy, term).map((line) => `${head} statement ${term.name} ${line}`)),
    ];
  });
}

function statement(config: RouterConfig, policy: Policy, term: Term): readonly string[] {
  const exports = config.neighbors.some(({ families }) => families.some((family) => family.export === policy.name));
  const matches = [...(exports ? origin(config, term) : []), ...term.when.flatMap((condition) => match(config, condition))];
  const actions = [...settings(config, policy, term), ...installed(config, term, exports)];
  const verdict = term.verdict === "next term" ? "next-statement" : term.verdict;
  return [...matches.map((each) => `match ${each}`), ...actions.map((each) => `action bgp ${each}`), `action policy-result ${verdict}`];
}

const PROTOCOLS = { static: "static", connected: "local", bgp: "bgp" } as const;

/** An export policy is asked about routes of every protocol: say which are meant. */
function origin(config: RouterConfig, term: Term): readonly string[] {
  return term.verdict === "accept" ? [`protocol ${PROTOCOLS[sourceOf(config, colourAsked(term))]}`] : [];
}

function match(config: RouterConfig, condition: Condition): readonly string[] {
  if ("prefixes" in condition) return [`prefix prefix-set ${plainName(condition.prefixes)}`];
  if ("community" in condition)
    return sourceOf(config, condition.community) !== "bgp" ? [] : [`bgp community-set ${communityName(config, condition.community)}`];
  if ("nextHop" in condition && condition.nextHop.length === 1) return [];
  throw new Error(`no derived policy has a condition ${JSON.stringify(condition)}`);
}

function settings(config: RouterConfig, policy: Policy, { when, set = {}, ...term }: Term): readonly string[] {
  const { communities, moreCommunities, localPreference, nextHop }: Settings = set;
  const demanded = when.flatMap((condition) => ("nextHop" in condition ? condition.nextHop : []))[0];
  const told = nextHopTold(config, policy, { when, ...term }) ?? nextHop ?? demanded;
  const [first, ...others] = communities === undefined || communities === "none" ? [] : communities;
  const named = (value: string) => communityName(config, value);
  return [
    ...(first === undefined ? [] : [`communities replace ${named(first)}`]),
    ...[...others, ...(moreCommunities ?? [])].map((value) => `communities add ${named(value)}`),
    ...(localPreference === undefined ? [] : [`local-preference set ${localPreference}`]),
    ...(told === undefined || told === "peer" ? [] : [`next-hop set ${told}`]),
  ];
}

/** Who only reflects forwards nothing. */
function installed({ routes }: RouterConfig, { verdict }: Term, exports: boolean): readonly string[] {
  return routes === "reflects" && verdict === "accept" && !exports ? ["disable-ip-route-install true"] : [];
}
