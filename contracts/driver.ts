/** The hands of a kind on one host. */
import type { Change } from "#core/reconcile/diff.ts";

export type Outcome =
  | { readonly state: "done" }
  /** Not to be done by us, or not yet: the object is somebody else's to make. */
  | { readonly state: "held" }
  /** The program's own words. */
  | { readonly state: "failed"; readonly reason: string };

export const DONE: Outcome = { state: "done" };

export interface Driver<V> {
  /** What the host holds of ours, read from the host itself: a fresh process must give the same answer. `want` limits kinds that only speak of what is wanted. */
  list(want: readonly V[]): Promise<readonly V[]>;
  /** One outcome per change, in the same order. A failing change does not keep the others from being done. */
  apply(changes: readonly Change<V>[]): Promise<readonly Outcome[]>;
}
