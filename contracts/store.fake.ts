/** A store in memory, for tests and trials: the same promises, except that nothing outlives the process. */
import { refuseTwice } from "./store.ts";
import type { Commit, Entry, Store, Transaction } from "./store.ts";

export interface MemoryOptions {
  /** How many commits back a watch may begin. */
  readonly remembers?: number;
}

interface Watcher {
  readonly prefix: string;
  readonly each: (commit: Commit) => void;
  /** The last revision it was told. */
  told: number;
}

export function memoryStore({ remembers = 1000 }: MemoryOptions = {}): Store {
  const entries = new Map<string, Entry>();
  const watchers = new Set<Watcher>();
  let log: Commit[] = [];
  let revision = 1;
  let forgotten = 0;
  let open = true;

  const mustBeOpen = () => {
    if (!open) throw new Error("the store is closed");
  };

  // Telling is never part of committing: a watcher may itself commit, and its errors are not the committer's.
  const tell = () =>
    Promise.resolve().then(() => {
      for (const watcher of watchers) tellOne(watcher, log, () => watchers.has(watcher));
    });

  const commit = ({ if: conditions, writes: asked }: Transaction): number | undefined => {
    mustBeOpen();
    refuseTwice(asked);
    if (!conditions.every((condition) => (entries.get(condition.key)?.revision ?? 0) === condition.revision)) return undefined;
    const writes = asked.filter(({ key, value }) => value !== undefined || entries.has(key));
    if (writes.length === 0) return revision;
    revision += 1;
    for (const { key, value } of writes) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, { key, value, revision });
    }
    log.push({ revision, writes });
    forgotten = log.at(-remembers - 1)?.revision ?? forgotten;
    log = log.slice(-remembers);
    void tell();
    return revision;
  };

  return {
    range: async (prefix) => {
      mustBeOpen();
      const found = [...entries.values()].filter(({ key }) => key.startsWith(prefix));
      return { revision, entries: found.toSorted((a, b) => compareUtf8(a.key, b.key)) };
    },
    commit: async (transaction) => commit(transaction),
    watch: (prefix, from, each) => {
      mustBeOpen();
      if (from < forgotten) throw new Error(`Cannot watch from revision ${from}: the store remembers those after ${forgotten}`);
      const watcher = { prefix, each, told: from };
      watchers.add(watcher);
      void tell();
      return () => watchers.delete(watcher);
    },
    close: async () => {
      open = false;
      watchers.clear();
    },
  };
}

function tellOne(watcher: Watcher, log: readonly Commit[], listens: () => boolean): void {
  for (const commit of log.filter(({ revision }) => revision > watcher.told)) {
    if (!listens()) return;
    watcher.told = commit.revision;
    const writes = commit.writes.filter(({ key }) => key.startsWith(watcher.prefix));
    if (writes.length > 0) watcher.each({ revision: commit.revision, writes });
  }
}

/** UTF-8 orders as code points do; JavaScript's own order is that of UTF-16, which differs past U+FFFF. */
function compareUtf8(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const difference = (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
