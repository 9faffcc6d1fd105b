/**
 * Sets of addresses, written as lists of prefixes: what two lists have together, what is left of one, and the block that is
 * best cut out of what is left. Results are the fewest prefixes that say it, in ascending order; families do not mix.
 */
import { FAMILIES, bitsOf, familyOf, ipOf, widthOf } from "./address.ts";
import type { Family } from "./address.ts";
import { firstOf, lengthOf, prefixOf, sizeOf } from "./prefix.ts";
import type { Cidr } from "./prefix.ts";

/** Both ends included. */
interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

/** The same addresses in as few prefixes as can be. */
export function compacted(prefixes: readonly Cidr[]): readonly Cidr[] {
  return FAMILIES.flatMap((family) => prefixesOf(family, rangesOf(family, prefixes)));
}

/** What `prefixes` have that `others` have not. */
export function without(prefixes: readonly Cidr[], others: readonly Cidr[]): readonly Cidr[] {
  return FAMILIES.flatMap((family) => prefixesOf(family, subtract(rangesOf(family, prefixes), rangesOf(family, others))));
}

/** What both have. */
export function common(prefixes: readonly Cidr[], others: readonly Cidr[]): readonly Cidr[] {
  return without(prefixes, without(prefixes, others));
}

/** A block of that length, from the smallest of the prefixes that has room for one, so that large ones stay whole for large blocks. */
export function firstFit(prefixes: readonly Cidr[], length: number): Cidr | undefined {
  let best: Cidr | undefined;
  for (const prefix of prefixes) {
    if (lengthOf(prefix) <= length && (best === undefined || lengthOf(prefix) > lengthOf(best))) best = prefix;
  }
  return best && prefixOf(firstOf(best), length);
}

/** Ascending, with a gap between any two. */
function rangesOf(family: Family, prefixes: readonly Cidr[]): readonly Range[] {
  const ranges = prefixes.filter((prefix) => familyOf(prefix) === family).map(rangeOf);
  const merged: Range[] = [];
  for (const range of ranges.toSorted((left, right) => (left.first < right.first ? -1 : 1))) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1n) merged.push(range);
    else if (range.last > before.last) merged[merged.length - 1] = { first: before.first, last: range.last };
  }
  return merged;
}

function rangeOf(prefix: Cidr): Range {
  const first = bitsOf(firstOf(prefix));
  return { first, last: first + sizeOf(prefix) - 1n };
}

/** One walk over both, as they ascend. */
function subtract(ranges: readonly Range[], others: readonly Range[]): readonly Range[] {
  const left: Range[] = [];
  let at = 0;
  for (const { first, last } of ranges) {
    let from = first;
    for (; at < others.length; at++) {
      const other = others[at];
      if (other === undefined || other.first > last) break;
      if (other.first > from) left.push({ first: from, last: other.first - 1n });
      if (other.last >= from) from = other.last + 1n;
      // It may reach into the next range.
      if (other.last > last) break;
    }
    if (from <= last) left.push({ first: from, last });
  }
  return left;
}

/** Each time the largest block that begins where the last one ended and fits. */
function prefixesOf(family: Family, ranges: readonly Range[]): readonly Cidr[] {
  const width = widthOf(family);
  const prefixes: Cidr[] = [];
  for (const { first, last } of ranges) {
    for (let at = first; at <= last;) {
      let host = 0;
      while (host < width && ((at >> BigInt(host)) & 1n) === 0n && at + (1n << BigInt(host + 1)) - 1n <= last) host++;
      prefixes.push(prefixOf(ipOf(family, at), width - host));
      at += 1n << BigInt(host);
    }
  }
  return prefixes;
}
