/** Route-maps as IOS and EOS have them. What an entry asks for that the model has no word for is `unknown`: it may hold, and may not. */
import { readIp } from "../../net/address.ts";
import type { Unread } from "../platform.ts";
import type { Community, Condition, Policy, PrefixSet, Settings } from "../policy.ts";
import { addressesOf, listName } from "../prefix-list.ts";
import { policyOfMap } from "../route-map.ts";
import type { ReadEntry } from "../route-map.ts";
import { below, statements } from "../tree.ts";
import type { Node } from "../tree.ts";

export interface Known {
  readonly communities: ReadonlyMap<string, Community | undefined>;
  readonly sets: readonly PrefixSet[];
  readonly unread: Unread[];
}

export function policiesOf(root: Node, known: Known): readonly Policy[] {
  return below(root, "route-map").map((map) => {
    const entries = below(map).flatMap((verdict): readonly ReadEntry[] => {
      const permits = verdict.text === "permit" ? ("permit" as const) : verdict.text === "deny" ? ("deny" as const) : undefined;
      if (permits === undefined) {
        verdict.understood = "no";
        return [];
      }
      return below(verdict).map((entry) => entryOf(known, map.text, permits, entry));
    });
    return policyOfMap(map.text, entries);
  });
}

function entryOf(known: Known, map: string, verdict: ReadEntry["verdict"], entry: Node): ReadEntry {
  const name = `${map} ${entry.text}`;
  const when: Condition[] = [];
  let set: Settings = {};
  for (const { text, line, take } of statements(entry)) {
    take();
    if (text.startsWith("match ")) when.push(conditionOf(known, name, text.slice("match ".length)));
    else if (text.startsWith("set ")) set = { ...set, ...settingOf(text.slice("set ".length)) };
    else if (!text.startsWith("description "))
      known.unread.push({ line, text: `${name}: ${text}`, reason: "not understood in a route-map" });
  }
  return { number: Number(entry.text), verdict, when, set };
}

function conditionOf(known: Known, name: string, text: string): Condition {
  const [, ip, lists] = /^(ip|ipv6) address prefix-list (.+)$/.exec(text) ?? [];
  const [, hopIp, hops] = /^(ip|ipv6) next-hop (?:prefix-list )?(.+)$/.exec(text) ?? [];
  const [, communities] = /^community (.+)$/.exec(text) ?? [];
  const named = (words: string, one: (word: string) => Condition): Condition => {
    const all = words.split(" ").map(one);
    const [only] = all;
    return only !== undefined && all.length === 1 ? only : { any: all };
  };
  if (lists !== undefined) return named(lists, (list) => ({ prefixes: listName(list, ip === "ip" ? 4 : 6) }));
  if (hops !== undefined) return named(hops, (list) => hopOf(known, name, listName(list, hopIp === "ip" ? 4 : 6)));
  if (communities !== undefined) return named(communities, (list) => communityOf(known, name, list));
  return { unknown: `${name}: ${text}` };
}

function hopOf({ sets }: Known, name: string, list: string): Condition {
  const set = sets.find((each) => each.name === list);
  const hops = set && addressesOf(set);
  return hops === undefined ? { unknown: `${name}: next-hop ${list}` } : { nextHop: hops };
}

function communityOf({ communities }: Known, name: string, list: string): Condition {
  const community = communities.get(list);
  return community === undefined ? { unknown: `${name}: community ${list}` } : { community };
}

/** Other settings say nothing about who is told what. */
function settingOf(text: string): Settings {
  const [, values = "", additive] = /^community ((?:\d+:\d+ ?)+)(additive)?$/.exec(text) ?? [];
  const communities = values.trim().split(" ");
  if (text === "community none") return { communities: "none" };
  if (values !== "") return additive === undefined ? { communities } : { moreCommunities: communities };
  const [, preference] = /^local-preference (\d+)$/.exec(text) ?? [];
  if (preference !== undefined) return { localPreference: Number(preference) };
  const [, hop = ""] = /^ip(?:v6)? next-hop (\S+)$/.exec(text) ?? [];
  // On its way out, the peer's address is that which the peer knows: our own.
  if (hop === "peer-address" || hop === "self") return { nextHop: "self" };
  const address = readIp(hop);
  return address === undefined ? {} : { nextHop: address };
}
