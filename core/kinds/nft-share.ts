/** Shares of large sets: what is wanted of them, and what a host has. */
import { shareOf } from "../net/share.ts";
import type { SetState } from "./nft-table.ts";
import type { Nft, NftShare } from "./nft.ts";

/** By set (`inet members4`), by number: what is wanted. */
export type SharesWanted = ReadonlyMap<string, ReadonlyMap<number, NftShare>>;

export function sharesIn(want: readonly Nft[]): SharesWanted {
  const sets = new Map<string, Map<number, NftShare>>();
  for (const value of want) {
    if (value.object !== "share") continue;
    const place = `${value.family} ${value.of}`;
    const known = sets.get(place) ?? new Map<number, NftShare>();
    sets.set(place, known.set(value.share, value));
  }
  return sets;
}

/** What is in a set, in shares: those that are as they are wanted are the wanted values themselves. */
export function sharesOf({ family, name, elements }: SetState, wanted: ReadonlyMap<number, NftShare>): readonly NftShare[] {
  const found = new Map<number, Set<string>>();
  for (const { element } of elements) {
    const share = shareOf(element);
    const known = found.get(share);
    if (known === undefined) found.set(share, new Set([element]));
    else known.add(element);
  }
  return [...found].map(([share, keys]) => {
    const want = wanted.get(share);
    const isWanted = want !== undefined && want.elements.length === keys.size && want.elements.every((key) => keys.has(key));
    return isWanted ? want : { object: "share", family, of: name, share, elements: [...keys].toSorted() };
  });
}
