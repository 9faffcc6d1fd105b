/**
 * All prefixes of a family, as few as stand for all: whether a prefix is in a range depends on which of the ranges' own prefixes hold it,
 * and on its length. So for each of these prefixes and each length, one prefix that lies in it and in none that is deeper, where there
 * is one, stands for all others that do.
 */
import { bitsOf, familyOf, widthOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import { firstOf, lengthOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Place } from "./evaluate.ts";

interface Node {
  readonly bits: bigint;
  readonly length: number;
  /** The widest that lie in it, ascending. */
  readonly inner: Node[];
}

/** One prefix for each class that policies over these `boundaries` can tell apart. */
export function cellsOf(family: Family, boundaries: Iterable<Cidr>): readonly Place[] {
  const width = widthOf(family);
  const cells: Place[] = [];
  for (const node of nodesOf(family, boundaries)) {
    for (let length = node.length; length <= width; length++) {
      const bits = freeIn(node, { bits: node.bits, length: node.length }, { length, width });
      if (bits !== undefined) cells.push({ family, bits, length });
    }
  }
  return cells;
}

/** `cellsOf` that remembers, for as long as a proof lasts: routers of one kind name the same prefixes. */
export function rememberingCells(): typeof cellsOf {
  const known = new Map<string, readonly Place[]>();
  return (family, boundaries) => {
    const own = [...boundaries];
    const key = `${family} ${own.toSorted().join(" ")}`;
    const cells = known.get(key) ?? cellsOf(family, own);
    known.set(key, cells);
    return cells;
  };
}

/** Every boundary and the whole family, each with those that lie in it. */
function nodesOf(family: Family, boundaries: Iterable<Cidr>): readonly Node[] {
  const own = [...new Set(boundaries)].filter((prefix) => familyOf(prefix) === family && lengthOf(prefix) > 0);
  const sorted = own
    .map((prefix): Node => ({ bits: bitsOf(firstOf(prefix)), length: lengthOf(prefix), inner: [] }))
    .toSorted((left, right) => (left.bits === right.bits ? left.length - right.length : left.bits < right.bits ? -1 : 1));
  const root: Node = { bits: 0n, length: 0, inner: [] };
  const path = [root];
  for (const node of sorted) {
    while (!holds(path.at(-1) ?? root, node, widthOf(family))) path.pop();
    (path.at(-1) ?? root).inner.push(node);
    path.push(node);
  }
  return [root, ...sorted];
}

type Part = Pick<Node, "bits" | "length">;

function holds(outer: Part, inner: Part, width: number): boolean {
  const shift = BigInt(width - outer.length);
  return outer.length <= inner.length && outer.bits >> shift === inner.bits >> shift;
}

/** The first prefix of that length within `part` that no inner node holds. */
function freeIn(node: Node, part: Part, wanted: { readonly length: number; readonly width: number }): bigint | undefined {
  const { length, width } = wanted;
  const near = node.inner.filter((inner) => inner.length <= length && (holds(inner, part, width) || holds(part, inner, width)));
  if (near.some((inner) => holds(inner, part, width))) return undefined;
  if (near.length === 0) return part.bits;
  if (part.length === length) return undefined;
  const half = 1n << BigInt(width - part.length - 1);
  const inside = { ...node, inner: near };
  return (
    freeIn(inside, { bits: part.bits, length: part.length + 1 }, wanted) ??
    freeIn(inside, { bits: part.bits + half, length: part.length + 1 }, wanted)
  );
}
