/** Prefix lists, which IOS, EOS and VyOS share: numbered entries, with `ge` and `le` for the lengths that they take. */
import { FAMILIES, readIp, widthOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { firstOf, lengthOf, readCidr } from "../net/prefix.ts";
import type { PrefixRange, PrefixSet } from "./policy.ts";

/** `ge` and `le` of a range; neither: exactly that length. */
export function bounds({ prefix, least, most }: PrefixRange): { readonly ge?: number; readonly le?: number } {
  const own = lengthOf(prefix);
  const width = widthOf(prefix.includes(":") ? 6 : 4);
  if (least === own) return most === own ? {} : { le: most };
  return most === width ? { ge: least } : { ge: least, le: most };
}

/** ` ge 32`, behind a prefix. */
export function boundsText(range: PrefixRange): string {
  const { ge, le } = bounds(range);
  return `${ge === undefined ? "" : ` ge ${ge}`}${le === undefined ? "" : ` le ${le}`}`;
}

/** Undefined when it is none. `ge` alone reaches to single addresses, `le` alone begins at the prefix's own length. */
export function rangeOf(prefix: string, ge?: string, le?: string): PrefixRange | undefined {
  const read = readCidr(prefix);
  if (read === undefined) return undefined;
  const [own, width] = [lengthOf(read), widthOf(read.includes(":") ? 6 : 4)];
  const least = ge === undefined ? own : Number(ge);
  const most = le === undefined ? (ge === undefined ? own : width) : Number(le);
  return Number.isInteger(least) && Number.isInteger(most) && least <= most && most <= width ? { prefix: read, least, most } : undefined;
}

/** A list with entries that deny is no set of ranges: whoever reads one has to say that it was not understood. */
export interface ReadList {
  readonly name: string;
  readonly family: 4 | 6;
  readonly ranges: PrefixRange[];
}

/** Lists by family, as they are two name spaces. */
export const listName = (name: string, family: 4 | 6): string => `${name} ipv${family}`;

export function setsOf(lists: readonly ReadList[]): readonly PrefixSet[] {
  return FAMILIES.flatMap((family) =>
    lists.filter((list) => list.family === family).map(({ name, ranges }) => ({ name: listName(name, family), family, ranges })),
  );
}

/** The single addresses of a list that holds nothing else. */
export function addressesOf({ ranges }: PrefixSet): readonly Ip[] | undefined {
  const single = ranges.flatMap(({ prefix, least }) =>
    least === lengthOf(prefix) && lengthOf(prefix) === widthOf(prefix.includes(":") ? 6 : 4) ? (readIp(firstOf(prefix)) ?? []) : [],
  );
  return single.length === ranges.length ? single : undefined;
}
