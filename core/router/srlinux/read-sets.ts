/** Prefix sets and community sets of SR Linux. A prefix set may hold both families, and is then two. */
import { FAMILIES } from "../../net/address.ts";
import { lengthOf, readCidr } from "../../net/prefix.ts";
import type { Community, PrefixRange, PrefixSet } from "../policy.ts";
import { below, word, words } from "../tree.ts";
import type { Node } from "../tree.ts";

export function prefixSetsOf(policy: Node | undefined): readonly PrefixSet[] {
  return below(policy, "prefix-set").flatMap((set) => {
    const ranges = below(set, "prefix").flatMap((entry) => rangesOf(entry));
    return FAMILIES.flatMap((family) => {
      const own = ranges.filter(({ prefix }) => prefix.includes(":") === (family === 6));
      return own.length > 0 ? [{ name: familySet(set.text, family), family, ranges: own }] : [];
    });
  });
}

/** The name of one family's part of a set. */
export const familySet = (name: string, family: 4 | 6): string => `${name} ipv${family}`;

function rangesOf(entry: Node): readonly PrefixRange[] {
  const prefix = readCidr(entry.text);
  if (prefix === undefined) entry.understood = "no";
  return below(entry, "mask-length-range").flatMap((extent): readonly PrefixRange[] => {
    const [, least, most] = /^(\d+)\.\.(\d+)$/.exec(extent.text) ?? [];
    if (prefix !== undefined && extent.text === "exact") return [{ prefix, least: lengthOf(prefix), most: lengthOf(prefix) }];
    if (prefix !== undefined && most !== undefined) return [{ prefix, least: Number(least), most: Number(most) }];
    extent.understood = "no";
    return [];
  });
}

/** By name: one literal community, or undefined for what cannot be told (patterns, several at once). */
export function communitySetsOf(policy: Node | undefined): ReadonlyMap<string, Community | undefined> {
  const kinds = ["community-set", "standard-community-set"].flatMap((kind) => below(policy, kind));
  return new Map(
    kinds.map((set) => {
      const members = words(set, "member");
      word(set, "match-set-options");
      const [only] = members;
      return [set.text, members.length === 1 && only !== undefined && /^\d+:\d+$/.test(only) ? only : undefined];
    }),
  );
}
