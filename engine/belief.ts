/**
 * What a host is believed to hold of one kind: as it was last listed or read, and as changes that were done have left it. Kept beside
 * it: which objects are held otherwise than they are wanted. So what has to be done is known without listing or comparing all.
 */
import { refOf } from "#core/kinds/kind.ts";
import type { Kind, Ref } from "#core/kinds/kind.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Gathering, Item } from "./gather.ts";

export interface Belief<V> {
  /** The host has been listed for the first time: before, nothing is known of what it does not hold. */
  begin(): void;
  /** Something is wanted otherwise than before: how it was wanted then. */
  rewanted(ref: Ref, former: Item<V> | undefined): void;
  /** This is how the host holds the object, or that it does not. */
  found(ref: Ref, have: V | undefined): void;
  /** As `found`; what is another than was believed has been changed by somebody else, which is remembered until it is healed. */
  foundLater(ref: Ref, have: V | undefined): void;
  held(ref: Ref): V | undefined;
  allHeld(): MapIterator<[Ref, V]>;
  /** Does it stand as it is wanted? */
  stands(ref: Ref): boolean;
  /** Whatever is held otherwise than it is wanted. */
  changes(): Change<V>[];
  /** Why an object that is held, and wanted no more, was wanted. */
  because(ref: Ref): readonly string[];
  /** It is as it is because of what it stood on: nobody else is to be blamed. */
  excuse(ref: Ref): void;
  /** How somebody else left an object that stood as it was wanted; undefined: nobody did. */
  strayed(ref: Ref): string | undefined;
}

export function belief<V>(kind: Kind<V>, wanted: Gathering<V>): Belief<V> {
  const held = new Map<Ref, V>();
  const open = new Set<Ref>();
  const causes = new Map<Ref, readonly string[]>();
  const strays = new Map<Ref, string>();
  let begun = false;

  const settled = (ref: Ref) => {
    open.delete(ref);
    causes.delete(ref);
    strays.delete(ref);
  };
  const weigh = (ref: Ref) => {
    const [item, have] = [wanted.get(ref), held.get(ref)];
    if (item === undefined) {
      if (have !== undefined && (kind.isOurs?.(have) ?? true)) return open.add(ref);
      held.delete(ref);
      return settled(ref);
    }
    if (have === undefined || !kind.same(item.value, have)) return open.add(ref);
    // What is never compared is as it is wanted now, too.
    if (have !== item.value && kind.same(have, item.value)) held.set(ref, item.value);
    return settled(ref);
  };
  const found: Belief<V>["found"] = (ref, have) => {
    const known = held.get(ref);
    if (have === undefined) held.delete(ref);
    // A value that was wanted knows more than one that was listed. (A daemon that remembers less is as good, and is not the same.)
    else if (known === undefined || !kind.same(known, have) || !kind.same(have, known)) held.set(ref, have);
    weigh(ref);
  };

  return {
    begin: () => {
      begun = true;
      for (const { ref } of wanted.all()) if (!held.has(ref)) weigh(ref);
    },
    rewanted: (ref, former) => {
      if (!begun) return;
      if (former !== undefined && held.has(ref) && !causes.has(ref)) causes.set(ref, former.because);
      weigh(ref);
    },
    found,
    foundLater: (ref, have) => {
      const [known, expected] = [held.get(ref), !open.has(ref)];
      const isAsBefore = known === undefined ? have === undefined : have !== undefined && kind.same(known, have);
      found(ref, have);
      const hasEnded = have !== undefined && kind.hasOutlived?.(have) === true;
      if (isAsBefore || !expected || !open.has(ref) || isFact(kind, have ?? known ?? (wanted.get(ref)?.value as V)) || hasEnded) return;
      strays.set(ref, have === undefined ? "nothing" : kind.show(have));
    },
    held: (ref) => held.get(ref),
    allHeld: () => held.entries(),
    stands: (ref) => held.has(ref) && !open.has(ref),
    changes: () => [...open].flatMap((ref) => changeOf(ref, wanted.get(ref)?.value, held.get(ref))),
    because: (ref) => causes.get(ref) ?? [],
    excuse: (ref) => void strays.delete(ref),
    strayed: (ref) => strays.get(ref),
  };
}

/** Does it come and go as others want it to, as links do? */
export function isFact<V>(kind: Kind<V>, value: V): boolean {
  return kind.isOurs?.(value) === false && kind.life !== undefined;
}

function changeOf<V>(ref: Ref, want: V | undefined, have: V | undefined): Change<V>[] {
  if (want === undefined) return have === undefined ? [] : [{ op: "delete", ref, have }];
  return [have === undefined ? { op: "create", ref, want } : { op: "replace", ref, want, have }];
}

/** By name; of several with one name, the last. */
export function byRef<V>(kind: Kind<V>, values: Iterable<V>): Map<Ref, V> {
  const named = new Map<Ref, V>();
  for (const value of values) named.set(refOf(kind, value), value);
  return named;
}
