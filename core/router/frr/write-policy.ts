/** Prefix lists, community lists and route-maps: FRR's words for policy. Whatever no entry permits is denied. */
import { widthOf } from "../../net/address.ts";
import { lengthOf } from "../../net/prefix.ts";
import type { Community, Condition, Policy, PrefixRange, PrefixSet, Settings, Term } from "../policy.ts";
import type { RouterConfig } from "../router-config.ts";

/** A route-map that permits nothing. */
export const NOTHING = "NOTHING";

export function policyLines(config: RouterConfig): readonly string[] {
  return [
    ...config.prefixSets.flatMap(prefixList),
    ...config.communities.map(({ name, value }, at) => `bgp community-list standard ${name} seq ${5 * (at + 1)} permit ${value}`),
    "!",
    ...originMaps(config),
    ...config.policies.flatMap((policy) => routeMap(config, policy)),
    ...(config.routes === "reflects" ? [`route-map ${NOTHING} deny 10`, "exit", "!"] : []),
  ];
}

/** The route-map that gives own prefixes their colour. */
export function originName({ communities }: RouterConfig, value: Community): string {
  return `OWN-${communities.find((each) => each.value === value)?.name ?? value}`.toUpperCase();
}

function originMaps(config: RouterConfig): readonly string[] {
  const colours = [...new Set(config.originated.map(({ community }) => community))];
  return colours.flatMap((colour) => [`route-map ${originName(config, colour)} permit 10`, ` set community ${colour}`, "exit", "!"]);
}

function prefixList({ name, family, ranges, about }: PrefixSet): readonly string[] {
  const word = family === 4 ? "ip" : "ipv6";
  return [
    ...(about === undefined ? [] : [`! ${about}`]),
    ...ranges.map((range, at) => `${word} prefix-list ${name} seq ${5 * (at + 1)} permit ${range.prefix}${bounds(range)}`),
  ];
}

/** Without a bound: exactly that length. `ge` alone: up to a single address. */
function bounds({ prefix, least, most }: PrefixRange): string {
  const width = widthOf(prefix.includes(":") ? 6 : 4);
  if (least === lengthOf(prefix)) return most === least ? "" : ` le ${most}`;
  return most === width ? ` ge ${least}` : ` ge ${least} le ${most}`;
}

function routeMap(config: RouterConfig, policy: Policy): readonly string[] {
  const terms = policy.terms.flatMap((term, at) => termLines(config, policy, { term, number: 10 * (at + 1) }));
  return terms.length > 0 ? terms : [`route-map ${policy.name} deny 10`, "exit", "!"];
}

function termLines(
  config: RouterConfig,
  policy: Policy,
  { term, number }: { readonly term: Term; readonly number: number },
): readonly string[] {
  const verdict = term.verdict === "reject" ? "deny" : "permit";
  return [
    `route-map ${policy.name} ${verdict} ${number}`,
    ` description ${term.name}`,
    ...term.when.map((condition) => ` match ${match(config, condition)}`),
    ...settings(term.set).map((line) => ` set ${line}`),
    "exit",
    "!",
  ];
}

function match(config: RouterConfig, condition: Condition): string {
  if ("prefixes" in condition) return `${wordOf(config, condition.prefixes)} address prefix-list ${condition.prefixes}`;
  if ("community" in condition) return `community ${config.communities.find(({ value }) => value === condition.community)?.name ?? ""}`;
  if ("nextHop" in condition && condition.nextHop[0] !== undefined && condition.nextHop.length === 1) {
    const [hop] = condition.nextHop;
    return `${hop.includes(":") ? "ipv6" : "ip"} next-hop address ${hop}`;
  }
  throw new Error(`no derived policy has a condition ${JSON.stringify(condition)}`);
}

function wordOf({ prefixSets }: RouterConfig, set: string): "ip" | "ipv6" {
  return prefixSets.find(({ name }) => name === set)?.family === 6 ? "ipv6" : "ip";
}

function settings({ communities, localPreference }: Settings = {}): readonly string[] {
  return [
    ...(communities === undefined ? [] : [`community ${communities === "none" ? "none" : communities.join(" ")}`]),
    ...(localPreference === undefined ? [] : [`local-preference ${localPreference}`]),
  ];
}
