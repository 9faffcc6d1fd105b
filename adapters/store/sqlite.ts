/**
 * The store in one SQLite file, in the process of the controller that uses it.
 *
 * Write-ahead log and synchronous=FULL: a commit has reached the disk when it answers, and a reader sees all of it or
 * nothing. What is told again after a failure is committed with synchronous=NORMAL: it is in the log, in its order, and the next sync of
 * the log takes it to the disk. Several processes of one machine may open the same file (a new controller beside the one that it replaces):
 * their commits exclude each other, and each looks for the others' every `LOOK_MS`.
 */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { refuseTwice } from "#contracts/store.ts";
import type { Commit, Store, StoreProbe, Transaction } from "#contracts/store.ts";
import { FORMAT, formatOf, prepareTables } from "./sqlite-schema.ts";
import { statementsOf } from "./sqlite-statements.ts";
import type { Statements } from "./sqlite-statements.ts";

export interface SqliteOptions {
  readonly path: string;
  /** How many commits back a watch may begin. */
  readonly remembers?: number;
}

/** How often a process looks for the commits of others. */
const LOOK_MS = 50;
/** How long a process waits for another's commit. */
const BUSY_MS = 5000;

interface Watcher {
  readonly prefix: string;
  readonly each: (commit: Commit) => void;
  /** The last revision it was told. */
  told: number;
}

/** Opens the store, or makes it. Throws, with SQLite's words, when the file cannot be used or belongs to a newer program. */
export function sqliteStore({ path, remembers = 10_000 }: SqliteOptions): Store & StoreProbe {
  const database = openDatabase(path);
  const statements = statementsOf(database);
  const watchers = new Set<Watcher>();

  const mustBeOpen = () => {
    if (!database.isOpen) throw new Error(`the store "${path}" is closed`);
  };
  const look = () => {
    if (database.isOpen) for (const watcher of watchers) tellOne(statements, watcher, () => watchers.has(watcher));
  };
  // Telling is never part of committing: a watcher may itself commit, and its errors are not the committer's.
  const tellSoon = () => queueMicrotask(look);
  const looking = setInterval(() => {
    if (statements.othersCommitted()) look();
  }, LOOK_MS);

  return {
    range: async (prefix) => {
      mustBeOpen();
      return atomically(database, "BEGIN", () => ({ revision: statements.state().revision, entries: statements.entries(prefix) }));
    },
    commit: async (transaction) => {
      mustBeOpen();
      refuseTwice(transaction.writes);
      // Also when it was stale: then there is something to tell that another process has done.
      tellSoon();
      const work = () => atomically(database, "BEGIN IMMEDIATE", () => commit(statements, transaction, remembers));
      return transaction.retold === true ? unsynced(database, work) : work();
    },
    watch: (prefix, from, each) => {
      mustBeOpen();
      const { forgotten } = statements.state();
      if (from < forgotten) throw new Error(`Cannot watch from revision ${from}: the store "${path}" remembers those after ${forgotten}`);
      const watcher = { prefix, each, told: from };
      watchers.add(watcher);
      tellSoon();
      return () => watchers.delete(watcher);
    },
    tryWrite: async () => {
      mustBeOpen();
      atomically(database, "BEGIN IMMEDIATE", () => statements.scribble());
    },
    close: async () => {
      clearInterval(looking);
      watchers.clear();
      if (database.isOpen) database.close();
    },
  };
}

function openDatabase(path: string): DatabaseSync {
  // SQLite would make the file readable for everybody, and it gives its log the same mode.
  closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    keepOlder(database, path);
    prepareTables(database, path);
    return database;
  } catch (error) {
    database.close();
    throw named(error, path);
  }
}

/** SQLite does not say which file it means; we do. */
function named(error: unknown, path: string): unknown {
  const isOurs = !(error instanceof Error) || error.message.includes(path);
  return isOurs ? error : new Error(`Cannot open the store "${path}": ${error.message}`, { cause: error });
}

/** Tables of an older program are copied before they are brought forward: that program can open the copy. */
function keepOlder(database: DatabaseSync, path: string): void {
  const format = formatOf(database, path);
  if (format === 0 || format === FORMAT) return;
  const copy = `${path}.backup-format${format}-${new Date().toISOString().replaceAll(/[-:.]/g, "")}`;
  closeSync(openSync(copy, "wx", 0o600));
  database.prepare("VACUUM INTO ?").run(copy);
}

function commit(statements: Statements, transaction: Transaction, remembers: number): number | undefined {
  if (!transaction.if.every(({ key, revision }) => statements.revisionOf(key) === revision)) return undefined;
  const { revision, forgotten } = statements.state();
  const writes = transaction.writes.filter(({ key, value }) => value !== undefined || statements.revisionOf(key) !== 0);
  if (writes.length === 0) return revision;

  const next = revision + 1;
  writes.forEach((write, ordinal) => statements.write(write, next, ordinal));
  statements.advance(next, Math.max(forgotten, next - remembers));
  return next;
}

function tellOne(statements: Statements, watcher: Watcher, listens: () => boolean): void {
  const { forgotten } = statements.state();
  if (watcher.told < forgotten)
    throw new Error(`a watch has fallen behind: it was told revision ${watcher.told}, and the store remembers those after ${forgotten}`);
  for (const commit of statements.commitsAfter(watcher.told)) {
    if (!listens()) return;
    watcher.told = commit.revision;
    const writes = commit.writes.filter(({ key }) => key.startsWith(watcher.prefix));
    if (writes.length > 0) watcher.each({ revision: commit.revision, writes });
  }
}

function unsynced<T>(database: DatabaseSync, work: () => T): T {
  database.exec("PRAGMA synchronous = NORMAL");
  try {
    return work();
  } finally {
    database.exec("PRAGMA synchronous = FULL");
  }
}

function atomically<T>(database: DatabaseSync, begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => T): T {
  database.exec(begin);
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite itself rolls back after some errors (disk full, I/O).
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
