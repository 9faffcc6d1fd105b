/** Prefix lists and communities of Junos. */
import type { Family } from "../../net/address.ts";
import { widthOf } from "../../net/address.ts";
import { covers, lengthOf, readCidr } from "../../net/prefix.ts";
import type { Community, PrefixRange, PrefixSet } from "../policy.ts";
import { below, pass, words } from "../tree.ts";
import type { Node } from "../tree.ts";

/** `prefix-list` and `route-filter-list` are two name spaces. */
export const prefixListName = (name: string, how = "exact"): string => `prefix-list ${name} ${how}`;

export function listsOf(options: Node | undefined): readonly PrefixSet[] {
  const filters = below(options, "route-filter-list").flatMap((list) => setOf(list.text, list.children));
  const plain = below(options, "prefix-list").flatMap((list) =>
    (["exact", "orlonger", "longer"] as const).flatMap((how) => {
      const ranges = list.children.flatMap((entry) => rangeOf(entry, [how]) ?? []);
      return ranges.length === list.children.length ? named(prefixListName(list.text, how), ranges) : [];
    }),
  );
  return [...filters, ...plain];
}

/**
 * Of entries that lie inside one another Junos looks at the longest alone (longest match lookup). It is as if all were asked where
 * the inner one takes whatever the outer one would take of what lies in it.
 */
export function longestDecides(ranges: readonly PrefixRange[]): boolean {
  return ranges.every((outer, index) =>
    ranges.every((inner, place) => {
      const least = Math.max(outer.least, lengthOf(inner.prefix));
      const apart = index === place || !covers(outer.prefix, inner.prefix) || least > outer.most;
      return apart || (inner.least <= least && outer.most <= inner.most);
    }),
  );
}

/** Entries of a route-filter: none when one of them is not understood, or when the longest would hide others. */
export function setOf(name: string, entries: readonly Node[]): readonly PrefixSet[] {
  const ranges = entries.flatMap((entry) => rangeOf(entry, entry.children.flatMap(pathOf)) ?? []);
  if (ranges.length !== entries.length || !longestDecides(ranges)) return [];
  for (const entry of entries) pass(entry);
  return named(name, ranges);
}

function named(name: string, ranges: readonly PrefixRange[]): readonly PrefixSet[] {
  const families = ([4, 6] as const).map((family) => ({
    family,
    mine: ranges.filter(({ prefix }) => prefix.includes(":") === (family === 6)),
  }));
  const inhabited = families.filter(({ mine }) => mine.length > 0);
  return inhabited.length === 1 ? inhabited.map(({ family, mine }) => ({ name, family, ranges: mine })) : [];
}

function pathOf(node: Node): readonly string[] {
  return [node.text, ...node.children.flatMap(pathOf)];
}

/** Undefined when it is none of the forms that are known here. */
function rangeOf(entry: Node, [how, bound]: readonly string[]): PrefixRange | undefined {
  const prefix = readCidr(entry.text);
  if (prefix === undefined) return undefined;
  const own = lengthOf(prefix);
  const family: Family = prefix.includes(":") ? 6 : 4;
  const width = widthOf(family);
  const range = (least: number, most: number): PrefixRange => ({ prefix, least, most });
  const [, from = "", to = ""] = /^\/(\d+)(?:-\/(\d+))?$/.exec(bound ?? "") ?? [];
  const found: Readonly<Record<string, PrefixRange | undefined>> = {
    exact: range(own, own),
    orlonger: range(own, width),
    longer: range(own + 1, width),
    upto: from === "" ? undefined : range(own, Number(from)),
    "prefix-length-range": to === "" ? undefined : range(Number(from), Number(to)),
  };
  const known = found[how ?? ""];
  if (known !== undefined) entry.understood = "yes";
  return known;
}

/** By name: one literal community, `every`, or undefined for what cannot be told (patterns, several at once). */
export function communitiesOf(options: Node | undefined): ReadonlyMap<string, Community | "every" | undefined> {
  return new Map(
    below(options, "community").map((community) => {
      const members = words(community, "members");
      const [only] = members;
      const literal = members.length === 1 && only !== undefined && /^\d+:\d+$/.test(only) ? only : undefined;
      return [community.text, members.includes("*:*") ? "every" : literal];
    }),
  );
}
