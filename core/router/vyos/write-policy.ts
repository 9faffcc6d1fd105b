/** Policy in VyOS: prefix lists, community lists, route-maps. */
import { plainName } from "../lines.ts";
import type { PrefixSet } from "../policy.ts";
import { bounds } from "../prefix-list.ts";
import { communityList, entriesOf, originColours, originMap } from "../route-map.ts";
import type { RouterConfig } from "../router-config.ts";
import { listWord, MAP_WORDS, NOTHING } from "./words.ts";

export function listLines(config: RouterConfig): readonly string[] {
  return [
    ...config.prefixSets.flatMap(prefixList),
    // A list with a name holds patterns here; the underscores are the edges of a community.
    ...config.communities.flatMap(({ value }) => {
      const head = `set policy community-list ${communityList(config, value)} rule 10`;
      return [`${head} action permit`, `${head} regex '_${value}_'`];
    }),
  ];
}

function prefixList({ name, family, ranges, about }: PrefixSet): readonly string[] {
  const head = `set policy ${listWord(family)} ${plainName(name)}`;
  return [
    ...(about === undefined ? [] : [`${head} description '${about}'`]),
    ...ranges.flatMap((range, at) => {
      const { ge, le } = bounds(range);
      const rule = `${head} rule ${10 * (at + 1)}`;
      return [
        `${rule} action permit`,
        `${rule} prefix ${range.prefix}`,
        ...(ge === undefined ? [] : [`${rule} ge ${ge}`]),
        ...(le === undefined ? [] : [`${rule} le ${le}`]),
      ];
    }),
  ];
}

export function policyLines(config: RouterConfig): readonly string[] {
  return [
    ...originColours(config).flatMap((colour) => {
      const head = `set policy route-map ${originMap(config, colour)} rule 10`;
      return [`${head} action permit`, `${head} set community replace ${colour}`];
    }),
    ...config.policies.flatMap((policy) => {
      const head = `set policy route-map ${plainName(policy.name)}`;
      const entries = entriesOf(config, policy, MAP_WORDS);
      if (entries.length === 0) return [`${head} rule 10 action deny`];
      return entries.flatMap(({ number, verdict, about, matches, sets }) =>
        [`action ${verdict}`, `description '${about}'`, ...matches, ...sets.flatMap((set) => set.split("\n"))].map(
          (line) => `${head} rule ${number} ${line}`,
        ),
      );
    }),
    ...(config.routes === "reflects" ? [`set policy route-map ${NOTHING} rule 10 action deny`] : []),
  ];
}
