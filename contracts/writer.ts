/** The one way to change the cloud. */
import type { Transaction } from "./store.ts";
import type { Decide } from "#core/neutron/decision.ts";
import type { Result } from "#core/result.ts";

export interface Writer<S> {
  /** Decides on the present state, commits, and answers once the readers' state has reached that commit. A stale decision is made again. */
  write<T>(decide: Decide<S, T>, options?: WriteOptions): Promise<Result<T>>;
}

/** `retold`: see `Transaction`. */
export type WriteOptions = Pick<Transaction, "retold">;

/**
 * State that is built up from committed rows. It depends on the last row of each key alone, not on the order in which the keys
 * came: a loaded state equals one that was there all the time.
 */
export interface Rows {
  /** Applies one committed write: `row` undefined deletes. The row is never changed afterwards. What throws has changed nothing. */
  apply(key: string, row: object | undefined): void;
}
