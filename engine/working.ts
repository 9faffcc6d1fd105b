/**
 * The copy of the state that decisions are made on. Between batches it equals what is committed; during one it is ahead by
 * the batch's writes, which are then kept or undone. What others commit meanwhile is taken in at once: then the batch is
 * stale and is undone, or they came after it.
 */
import type { Rows } from "#contracts/writer.ts";
import type { RowWrite } from "#core/neutron/decision.ts";
import { rowOf } from "./present.ts";
import type { Present, Stored } from "./present.ts";

/** A row that is decided, and the text that the store gets; neither: the row is deleted. */
export interface Pending extends Stored {
  readonly text: string | undefined;
}

export interface Working<S> {
  readonly state: S;
  /** Applies the writes of one decision; none of them, when it throws. */
  write(writes: readonly RowWrite[]): void;
  /** What the batch has written so far: each key once, as it was written last. */
  pending(): readonly Pending[];
  /** The batch has been committed at `revision`: readers get it. */
  keep(revision: number): void;
  /** The batch has not been committed. */
  undo(): void;
}

/** Fills the empty `state` from `present`, and follows it. */
export function workOn<S extends Rows>(present: Present<S>, state: S): Working<S> {
  const pending = new Map<string, Pending>();

  for (const [key, row] of present.rows()) state.apply(key, row);
  present.listen(({ changes }) => {
    // A batch of our own is there already, as the very same rows.
    for (const { key, after } of changes) if (after === undefined || pending.get(key)?.row !== after) state.apply(key, after);
  });

  /** How to set a key back to what it is now. */
  const wayBack = (key: string) => {
    const had = pending.get(key);
    return () => {
      pending.delete(key);
      if (had !== undefined) pending.set(key, had);
      state.apply(key, had === undefined ? present.rows().get(key) : had.row);
    };
  };

  return {
    state,
    write: (writes) => {
      const decided = writes.map(pendingOf);
      const waysBack: (() => void)[] = [];
      try {
        for (const write of decided) {
          const back = wayBack(write.key);
          state.apply(write.key, write.row);
          waysBack.push(back);
          // Deleted first: the order of the batch is that of each key's last write.
          pending.delete(write.key);
          pending.set(write.key, write);
        }
      } catch (error) {
        for (const back of waysBack.toReversed()) back();
        throw error;
      }
    },
    pending: () => [...pending.values()],
    keep: (revision) => {
      present.take(revision, [...pending.values()]);
      pending.clear();
    },
    undo: () => {
      const keys = [...pending.keys()].toReversed();
      pending.clear();
      for (const key of keys) state.apply(key, present.rows().get(key));
    },
  };
}

function pendingOf({ key, row }: RowWrite): Pending {
  if (row === undefined) return { key, row, text: undefined };
  const text = JSON.stringify(row);
  return { key, row: rowOf(key, text), text };
}
