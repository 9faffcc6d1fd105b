/** What separates what a host holds from what it should hold. */
import { refOf } from "../kinds/kind.ts";
import type { Kind, Ref } from "../kinds/kind.ts";

export type Change<V> =
  | { readonly op: "create"; readonly ref: Ref; readonly want: V }
  | { readonly op: "replace"; readonly ref: Ref; readonly want: V; readonly have: V }
  | { readonly op: "delete"; readonly ref: Ref; readonly have: V };

/** Unwanted objects are deleted only where `prune` is set: not before we have heard everything that is wanted. */
export interface DiffOptions {
  readonly prune: boolean;
}

export function diff<V>(kind: Kind<V>, want: Iterable<V>, have: Iterable<V>, { prune }: DiffOptions): Change<V>[] {
  const spare = new Map<Ref, V>();
  for (const value of have) spare.set(refOf(kind, value), value);

  const changes: Change<V>[] = [];
  for (const value of want) {
    const ref = refOf(kind, value);
    const old = spare.get(ref);
    spare.delete(ref);
    if (old === undefined) changes.push({ op: "create", ref, want: value });
    else if (!kind.same(value, old)) changes.push({ op: "replace", ref, want: value, have: old });
  }
  if (prune) for (const [ref, value] of spare) changes.push({ op: "delete", ref, have: value });
  return changes;
}
