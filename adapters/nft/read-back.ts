/** What the host has of some objects, read from it without listing all. */
import { nftHeld } from "#core/kinds/nft-held.ts";
import type { NftTable, SetState } from "#core/kinds/nft-table.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftChain, NftElement, NftFlowtable } from "#core/kinds/nft.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Channel } from "../netlink/channel.ts";
import { elementsAt, elementsOf } from "./elements.ts";
import { flowtableNamed } from "./flowtables.ts";
import { atOnce, chainNamed } from "./listing.ts";
import { movesOf } from "./moves.ts";
import type { Moves } from "./moves.ts";
import { setsNamed } from "./sets.ts";
import type { SetShape } from "./sets.ts";

/** What the last changes moved, by key of each share among them. */
export type Moved = ReadonlyMap<string, ShareMoves>;

interface ShareMoves extends Moves {
  readonly op: Change<Nft>["op"];
}

/** To ask for more elements than this one by one takes longer than to read a whole set. */
const MANY = 1000;

/** Nothing, where so many were moved that their sets are read whole. */
export function movedBy(changes: readonly Change<Nft>[]): Moved {
  const shares = changes.filter((change) => valueOf(change).object === "share");
  if (shares.reduce((sum, change) => sum + mostMoved(change), 0) > MANY) return new Map();
  return new Map(shares.map((change) => [nft.key(valueOf(change)), { op: change.op, ...movesOf(change) }]));
}

function valueOf(change: Change<Nft>): Nft {
  return change.op === "delete" ? change.have : change.want;
}

/** Of one that becomes another it is few as a rule. */
function mostMoved(change: Change<Nft>): number {
  const value = valueOf(change);
  return change.op !== "replace" && value.object === "share" ? value.elements.length : 1;
}

/** Of a share that was just changed only what it moved is asked for; where that is not as it should be, its whole set. */
export function readBack(netfilter: Channel, values: readonly Nft[], moved: Moved): readonly Nft[] {
  const asked = values.flatMap((value) => piecesOf(value, moved.get(nft.key(value))));
  const held = heldOf(netfilter, asked);
  const there = new Set(held.map(nft.key));
  const shares = values.flatMap((value) => {
    const moves = moved.get(nft.key(value));
    return moves === undefined ? [] : [{ value, moves, isRight: isDone(moves, there) }];
  });
  const wrong = shares.filter(({ isRight }) => !isRight).map(({ value }) => value);
  const keys = new Set(values.map(nft.key));
  return [
    ...held.filter((value) => keys.has(nft.key(value))),
    ...shares.filter(({ isRight, moves }) => isRight && moves.op !== "delete").map(({ value }) => value),
    ...(wrong.length === 0 ? [] : heldOf(netfilter, wrong)),
  ];
}

function piecesOf(value: Nft, moves: ShareMoves | undefined): readonly Nft[] {
  return moves === undefined ? [value] : [...moves.go, ...moves.come];
}

function isDone({ come, go }: Moves, there: ReadonlySet<string>): boolean {
  return come.every((element) => there.has(nft.key(element))) && !go.some((element) => there.has(nft.key(element)));
}

function heldOf(netfilter: Channel, values: readonly Nft[]): readonly Nft[] {
  const { value: table } = atOnce(netfilter, () => partOf(netfilter, values));
  const keys = new Set(values.map(nft.key));
  return nftHeld(values, [table]).filter((value) => keys.has(nft.key(value)));
}

type Content = Exclude<Nft, NftChain | NftFlowtable>;

function partOf(netfilter: Channel, values: readonly Nft[]): NftTable {
  return {
    chains: values.flatMap((value) => (value.object === "chain" ? (chainNamed(netfilter, value.family, value.name) ?? []) : [])),
    sets: setsWith(
      netfilter,
      values.filter((value) => value.object !== "chain" && value.object !== "flowtable"),
    ),
    flowtables: values.flatMap((value) => (value.object === "flowtable" ? (flowtableNamed(netfilter, value)?.table ?? []) : [])),
  };
}

/** Sets, each with those of its elements that are among these values; with all, where it is wanted as a whole or in shares. */
function setsWith(netfilter: Channel, values: readonly Content[]): SetState[] {
  const nameOf = (value: Content) => ("of" in value ? value.of : value.name);
  const asked = [...Map.groupBy(values, (value) => `${value.family} ${nameOf(value)}`).values()];
  const shapes = setsNamed(
    netfilter,
    asked.flatMap(([first]) => (first === undefined ? [] : [{ family: first.family, name: nameOf(first) }])),
  );
  const found = asked.flatMap((some, at) => {
    const set = shapes[at];
    return set === undefined ? [] : [{ set, keys: keysAsked(some) }];
  });
  const single = elementsAt(
    netfilter,
    found.flatMap(({ set, keys }) => (isFew(keys) ? [{ set, keys: [...keys] }] : [])),
  );
  return found.map(({ set, keys }) => ({ ...set, elements: single.get(set) ?? wholeOf(netfilter, set, keys) }));
}

type KeysAsked = ReadonlySet<string> | "all";

function keysAsked(values: readonly Content[]): KeysAsked {
  if (values.some((value) => value.object === "share" || (value.object === "set" && value.elements !== undefined))) return "all";
  return new Set(values.flatMap((value) => (value.object === "element" ? [value.element] : [])));
}

function isFew(keys: KeysAsked): keys is ReadonlySet<string> {
  return keys !== "all" && keys.size <= MANY;
}

function wholeOf(netfilter: Channel, set: SetShape, keys: KeysAsked): readonly NftElement[] {
  const all = elementsOf(netfilter, set);
  return keys === "all" ? all : all.filter(({ element }) => keys.has(element));
}
