/**
 * What has been committed, in memory: the rows as the store's watch tells them, in the order of their revisions, and the
 * state that readers look at. Everything else that follows the store (the writer, the feed) listens here.
 */
import type { Store } from "#contracts/store.ts";
import type { Rows } from "#contracts/writer.ts";
import { HEAD, isRow, mustBeKnown, signerOf } from "./head.ts";

/** A row as it came out of JSON, so that the state is the same whether it was just written or loaded years later; absent: deleted. */
export interface Stored {
  readonly key: string;
  readonly row: object | undefined;
}

/** One row before and after a commit; absent: it was or is not there. Rows are never changed in place. */
export interface RowChange {
  readonly key: string;
  readonly before: object | undefined;
  readonly after: object | undefined;
}

/** What one commit changed, in the order of its transaction. */
export interface Advance {
  readonly revision: number;
  readonly changes: readonly RowChange[];
  /** Was it written by this very process, and not by another controller on the same store? */
  readonly ours: boolean;
}

export interface Present<S> {
  readonly state: S;
  /** What this process signs its batches with. */
  readonly self: string | undefined;
  rows(): ReadonlyMap<string, object>;
  /** The last revision that the state has reached. */
  revision(): number;
  /** The revision of the last batch: what the next one depends on. */
  head(): number;
  /** Resolves once the head is another one. */
  headOtherThan(head: number): Promise<void>;
  /** Takes in a batch of our own, unless the watch has told it already. */
  take(revision: number, writes: readonly Stored[]): void;
  /** Calls after each commit, once the state has reached it; the returned function ends it. */
  listen(listener: (advance: Advance) => void): () => void;
  /** Ends the watch. */
  stop(): void;
}

/**
 * Fills an empty `state` from the store and keeps it up to date. Its watch throws when a newer program takes the store over.
 * `self`: a name that no other process on this store has, so that a batch of our own is known however it is told of.
 */
export async function load<S extends Rows>(store: Store, state: S, self?: string): Promise<Present<S>> {
  const rows = new Map<string, object>();
  const listeners = new Set<(advance: Advance) => void>();
  const start = await store.range("");
  let { revision } = start;
  let head = start.entries.find(({ key }) => key === HEAD)?.revision ?? 0;

  const change = ({ key, row: after }: Stored): RowChange => {
    const before = rows.get(key);
    if (after === undefined) rows.delete(key);
    else rows.set(key, after);
    state.apply(key, after);
    return { key, before, after };
  };
  const advance = (at: number, writes: readonly Stored[], ours: boolean): void => {
    if (at <= revision) return;
    revision = at;
    const changes = writes.map(change);
    for (const listener of listeners) listener({ revision, changes, ours });
  };

  for (const { key, value } of start.entries) if (isRow(key)) change({ key, row: rowOf(key, value) });
  const stop = store.watch("", revision, (commit) => {
    const headline = commit.writes.find(({ key }) => key === HEAD);
    if (headline !== undefined) head = Math.max(head, commit.revision);
    if (headline?.value !== undefined) mustBeKnown(headline.value);
    const others = commit.revision > revision ? commit.writes.filter(({ key }) => isRow(key)) : [];
    advance(
      commit.revision,
      others.map(({ key, value }) => ({ key, row: value === undefined ? undefined : rowOf(key, value) })),
      self !== undefined && headline?.value !== undefined && signerOf(headline.value) === self,
    );
  });
  return {
    state,
    self,
    rows: () => rows,
    revision: () => revision,
    head: () => head,
    headOtherThan: (than) =>
      new Promise((resolve) => {
        if (head !== than) return resolve();
        const end = listen(listeners, () => {
          if (head === than) return;
          end();
          resolve();
        });
      }),
    take: (at, writes) => {
      head = Math.max(head, at);
      advance(at, writes, true);
    },
    listen: (listener) => listen(listeners, listener),
    stop,
  };
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Throws when the text is no row: the store then holds what no controller writes. */
export function rowOf(key: string, text: string): object {
  const row: unknown = JSON.parse(text);
  if (typeof row !== "object" || row === null) throw new Error(`the store's "${key}" holds ${text.slice(0, 40)} where a row belongs`);
  return row;
}
