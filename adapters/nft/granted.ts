/**
 * Which flows go when an element is replaced or deleted. The host does not tell what an element let through, so that is
 * remembered from when it was wanted. After a restart it is known again for whatever stands as it is wanted; for the rest, all flows of
 * its addresses go: in doubt, closed.
 */
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftElement, NftSet } from "#core/kinds/nft.ts";
import { refOf } from "#core/kinds/kind.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Ip } from "#core/net/address.ts";
import type { Change } from "#core/reconcile/diff.ts";

export interface Granted {
  /** What is wanted now, and what stands. */
  seen(want: readonly Nft[], held: readonly Nft[]): void;
  /** These are wanted now, besides those before. */
  wanted(values: readonly Nft[]): void;
  /** The addresses whose flows go with this change. */
  lostBy(change: Change<Nft>): readonly Ip[];
  /** The change is done, and so are its flows. */
  settled(change: Change<Nft>): void;
}

/** What lets flows through. */
type Granting = NftElement | NftSet;

export function granted(): Granted {
  const wanted = new Map<Ref, Granting>();
  const standing = new Map<Ref, Granting>();
  const want = (values: readonly Nft[]) => {
    for (const value of values) if (value.object !== "chain" && value.cuts !== undefined) wanted.set(refOf(nft, value), value);
  };
  return {
    wanted: want,
    seen: (values, held) => {
      want(values);
      for (const value of wanted.size === 0 ? [] : held) {
        const known = wanted.get(refOf(nft, value));
        if (known !== undefined && nft.same(known, value)) standing.set(refOf(nft, value), known);
      }
    },
    lostBy: ({ op, ref }) => {
      const [before, now] = [standing.get(ref), wanted.get(ref)];
      if (op === "create" || (op === "replace" && before !== undefined && now !== undefined && grantsAllOf(now, before))) return [];
      return [...new Set([...(before?.cuts ?? []), ...(now?.cuts ?? [])])];
    },
    settled: ({ op, ref }) => {
      const now = wanted.get(ref);
      if (op === "delete") {
        standing.delete(ref);
        wanted.delete(ref);
      } else if (now !== undefined) standing.set(ref, now);
    },
  };
}

function grantsAllOf(now: Granting, before: Granting): boolean {
  const grants = new Set(now.grants);
  return before.grants !== undefined && before.grants.every((grant) => grants.has(grant));
}
