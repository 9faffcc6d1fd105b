/** Prefix lists, community lists and route-maps of VyOS. */
import { FAMILIES, readIp } from "../../net/address.ts";
import type { Unread } from "../platform.ts";
import type { Community, Condition, Policy, Settings } from "../policy.ts";
import { listName, rangeOf } from "../prefix-list.ts";
import type { ReadList } from "../prefix-list.ts";
import { policyOfMap } from "../route-map.ts";
import { at, below, leftover, pass, word, words } from "../tree.ts";
import type { Node } from "../tree.ts";
import { listWord } from "./words.ts";

/** A rule that denies, or whose prefix is none, is left as not understood. */
export function listsOf(policy: Node | undefined): readonly ReadList[] {
  return FAMILIES.flatMap((family) =>
    below(policy, listWord(family))
      .map((list) => ({
        name: list.text,
        family,
        ranges: below(list, "rule").flatMap((rule) => {
          const range = rangeOf(word(rule, "prefix") ?? "", word(rule, "ge"), word(rule, "le"));
          const action = at(rule, "action");
          pass(at(rule, "description"));
          if (word(action) === "permit" && range !== undefined) return [range];
          for (const each of action?.children ?? []) each.understood = "no";
          return [];
        }),
      }))
      .map((list) => {
        pass(at(policy, listWord(family), list.name, "description"));
        return list;
      }),
  );
}

/** By name: one literal community, or undefined for what cannot be told. A list with a name holds patterns, one with a number literals. */
export function communitiesOf(policy: Node | undefined): ReadonlyMap<string, Community | undefined> {
  return new Map(
    below(policy, "community-list").map((list) => {
      const rules = below(list, "rule");
      const said = rules.map((rule) => ({ action: word(rule, "action"), regex: word(rule, "regex") }));
      pass(list);
      const [only] = said;
      const literal = /^(_?)(\d+:\d+)\1$/.exec(only?.regex ?? "")?.[2];
      return [list.text, said.length === 1 && only?.action === "permit" ? literal : undefined];
    }),
  );
}

export interface Known {
  readonly communities: ReadonlyMap<string, Community | undefined>;
  readonly unread: Unread[];
}

export function policiesOf(policy: Node | undefined, known: Known): readonly Policy[] {
  return below(policy, "route-map").map((map) => {
    pass(at(map, "description"));
    const entries = below(map, "rule").map((rule) => {
      const name = `${map.text} ${rule.text}`;
      for (const hands of ["call", "continue", "on-match"]) {
        const onward = at(rule, hands);
        if (onward !== undefined) known.unread.push({ line: onward.line, text: name, reason: `${hands} is not understood` });
        pass(onward);
      }
      pass(at(rule, "description"));
      const verdict = word(rule, "action") === "permit" ? ("permit" as const) : ("deny" as const);
      return { number: Number(rule.text), verdict, when: conditionsOf(known, name, at(rule, "match")), set: settingsOf(at(rule, "set")) };
    });
    return policyOfMap(map.text, entries);
  });
}

function conditionsOf({ communities }: Known, name: string, match: Node | undefined): readonly Condition[] {
  const families = [
    ["ip", 4],
    ["ipv6", 6],
  ] as const;
  const known = families.flatMap(([key, family]): readonly Condition[] => [
    ...words(match, key, "address", "prefix-list").map((list) => ({ prefixes: listName(list, family) })),
    ...words(match, key, "nexthop", "address").flatMap((hop) => {
      const ip = readIp(hop);
      return ip === undefined ? [] : [{ nextHop: [ip] }];
    }),
  ]);
  const lists = words(match, "community", "community-list").map((list): Condition => {
    const community = communities.get(list);
    return community === undefined ? { unknown: `${name}: community-list ${list}` } : { community };
  });
  const peers = words(match, "peer").flatMap((peer) => readIp(peer) ?? []);
  const rest = match === undefined ? [] : leftover(match);
  pass(match);
  return [
    ...known,
    ...lists,
    ...(peers.length > 0 ? [{ learnedFrom: peers }] : []),
    ...rest.map(({ text }) => ({ unknown: `${name}: ${text}` })),
  ];
}

function settingsOf(set: Node | undefined): Settings {
  const replaced = words(set, "community", "replace");
  const more = words(set, "community", "add");
  const preference = word(set, "local-preference");
  const hop = word(set, "ip-next-hop") ?? word(set, "ipv6-next-hop", "global") ?? word(set, "ipv6-next-hop");
  const nextHop = hop === "peer-address" ? ("peer" as const) : readIp(hop ?? "");
  const settings: Settings = {
    ...(at(set, "community", "none") === undefined ? {} : { communities: "none" }),
    ...(replaced.length > 0 ? { communities: replaced } : {}),
    ...(more.length > 0 ? { moreCommunities: more } : {}),
    ...(preference === undefined ? {} : { localPreference: Number(preference) }),
    ...(nextHop === undefined ? {} : { nextHop }),
  };
  pass(set);
  return settings;
}
