/** Prefix lists, community lists and route-maps on lines, as IOS and EOS both take them; `step` is how far a section's lines stand in. */
import type { Family } from "../../net/address.ts";
import { hostPrefix } from "../../net/prefix.ts";
import { plainName } from "../lines.ts";
import type { PrefixSet } from "../policy.ts";
import { boundsText } from "../prefix-list.ts";
import { communityList, entriesOf, hopLists, originColours, originMap } from "../route-map.ts";
import type { MapWords } from "../route-map.ts";
import type { RouterConfig } from "../router-config.ts";

/** A list by its entries, `permit 10.65.0.0/16 ge 32` each. */
export type ListWriter = (name: string, family: Family, entries: readonly string[]) => readonly string[];

export function prefixLists(config: RouterConfig, write: ListWriter): readonly string[] {
  const hops = hopLists(config).map(({ name, family, hop }): PrefixSet => {
    const prefix = hostPrefix(hop);
    const length = family === 4 ? 32 : 128;
    return { name, family, ranges: [{ prefix, least: length, most: length }] };
  });
  return [...config.prefixSets, ...hops].flatMap(({ name, family, ranges, about }) => [
    ...(about === undefined ? [] : [`! ${about}`]),
    ...write(
      plainName(name),
      family,
      ranges.map((range, at) => `seq ${10 * (at + 1)} permit ${range.prefix}${boundsText(range)}`),
    ),
  ]);
}

export function communityLists(config: RouterConfig, word: string): readonly string[] {
  return config.communities.map(({ value }) => `${word} ${communityList(config, value)} permit ${value}`);
}

export function routeMaps(config: RouterConfig, spelled: MapWords, step: string): readonly string[] {
  const origins = originColours(config).flatMap((colour) => [
    `route-map ${originMap(config, colour)} permit 10`,
    `${step}set community ${colour}`,
  ]);
  const maps = config.policies.flatMap((policy) => {
    const entries = entriesOf(config, policy, spelled);
    if (entries.length === 0) return [`route-map ${plainName(policy.name)} deny 10`, `${step}description nothing`];
    return entries.flatMap(({ number, verdict, about, matches, sets }) => [
      `route-map ${plainName(policy.name)} ${verdict} ${number}`,
      ...[`description ${about}`, ...matches, ...sets].map((line) => `${step}${line}`),
    ]);
  });
  return [...origins, ...maps];
}
