/**
 * A batch of decisions, tried on the state that readers look at: each sees what the ones before it wrote, and all is taken
 * back before anybody else can look, since nothing waits in between. So there is one copy of the cloud, not two.
 */
import type { Rows } from "#contracts/writer.ts";
import type { RowWrite } from "#core/neutron/decision.ts";
import { rowOf } from "./present.ts";
import type { Present, Stored } from "./present.ts";

/** A row that is decided, and the text that the store gets; neither: the row is deleted. */
export interface Pending extends Stored {
  readonly text: string | undefined;
}

export interface Trial<S> {
  readonly state: S;
  /** Applies the writes of one decision; none of them, when it throws. */
  write(writes: readonly RowWrite[]): void;
  /** How many keys were written so far. */
  size(): number;
  /** What was written so far: each key once, as it was written last. */
  pending(): readonly Pending[];
  /** The state is again what is committed. */
  takeBack(): void;
}

export function trialOn<S extends Rows>(present: Present<S>): Trial<S> {
  const { state } = present;
  const pending = new Map<string, Pending>();

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
    size: () => pending.size,
    pending: () => [...pending.values()],
    takeBack: () => {
      for (const key of [...pending.keys()].toReversed()) state.apply(key, present.rows().get(key));
    },
  };
}

function pendingOf({ key, row }: RowWrite): Pending {
  if (row === undefined) return { key, row, text: undefined };
  const text = JSON.stringify(row);
  return { key, row: rowOf(key, text), text };
}
