/**
 * How a change of the cloud is decided: a plain function of what is (the cloud), of what is asked, and of fresh ids,
 * chance and time, which come in as values. Its writes are committed together or not at all.
 */
import type { Result } from "../result.ts";

/** Ids, chance and time for one decision. */
export interface Fresh {
  /** RFC 3339, UTC, seconds: `2026-11-23T08:00:00Z`. */
  readonly now: string;
  /** A new UUID (v4), lower case. */
  uuid(): string;
  /** A whole number from 0 up to, and not including, `bound`. */
  below(bound: bigint): bigint;
}

/** One row of one table; absent row: deleted. Keys are `TABLE/ID`. */
export interface RowWrite {
  readonly key: string;
  readonly row?: object;
}

/** What is decided, and what the asker is told once it is committed. */
export interface Decision<T> {
  readonly writes: readonly RowWrite[];
  readonly answer: T;
}

/** `S` is the state that the decision looks at: the cloud. */
export type Decide<S, T> = (state: S, fresh: Fresh) => Result<Decision<T>>;

/** That many seconds after `now`, in the same form. */
export function later(now: string, seconds: number): string {
  return new Date(Date.parse(now) + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}
