/** What a change takes out of sets and maps, and what it puts in. Of a share that becomes another, only what is not in both. */
import type { Nft, NftElement } from "#core/kinds/nft.ts";
import type { Change } from "#core/reconcile/diff.ts";

export interface Moves {
  readonly go: readonly NftElement[];
  readonly come: readonly NftElement[];
}

export function movesOf(change: Change<Nft>): Moves {
  return { go: goneBy(change), come: comeBy(change) };
}

/** What it speaks of: what is wanted, what stands, or both. */
export function valuesIn(change: Change<Nft>): readonly Nft[] {
  return change.op === "create" ? [change.want] : change.op === "delete" ? [change.have] : [change.want, change.have];
}

export function goneBy(change: Change<Nft>): readonly NftElement[] {
  return change.op === "create" ? [] : elementsIn(change.have, change.op === "replace" ? change.want : undefined);
}

export function comeBy(change: Change<Nft>): readonly NftElement[] {
  return change.op === "delete" ? [] : elementsIn(change.want, change.op === "replace" ? change.have : undefined);
}

/** Those that are objects of their own, or are told in shares; of a share, those that are not in the other one. */
function elementsIn(value: Nft, other: Nft | undefined): readonly NftElement[] {
  if (value.object === "element") return [value];
  if (value.object !== "share") return [];
  const { family, of } = value;
  const kept = new Set(other?.object === "share" ? other.elements : []);
  return value.elements.filter((element) => !kept.has(element)).map((element) => ({ object: "element", family, of, element, uses: [] }));
}
