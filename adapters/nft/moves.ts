/** What a change takes out of sets and maps, and what it puts in. */
import type { Nft, NftElement } from "#core/kinds/nft.ts";
import type { Change } from "#core/reconcile/diff.ts";

export interface Moves {
  readonly go: readonly NftElement[];
  readonly come: readonly NftElement[];
}

/** Of a share that becomes another, only what is not in both. */
export function movesOf(change: Change<Nft>): Moves {
  const go = change.op === "create" ? [] : elementsIn(change.have);
  const come = change.op === "delete" ? [] : elementsIn(change.want);
  if (change.op !== "replace" || change.want.object !== "share") return { go, come };
  const [before, after] = [keysOf(go), keysOf(come)];
  return { go: go.filter(({ element }) => !after.has(element)), come: come.filter(({ element }) => !before.has(element)) };
}

/** Those that are objects of their own, or are told in shares. */
function elementsIn(value: Nft): readonly NftElement[] {
  if (value.object === "element") return [value];
  if (value.object !== "share") return [];
  const { family, of } = value;
  return value.elements.map((element) => ({ object: "element", family, of, element, uses: [] }));
}

function keysOf(elements: readonly NftElement[]): ReadonlySet<string> {
  return new Set(elements.map(({ element }) => element));
}
