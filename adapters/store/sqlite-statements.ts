/** The questions that the SQLite store asks of its tables, prepared once. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Commit, Entry, Write } from "#contracts/store.ts";

type Row = Record<string, SQLOutputValue>;

export interface Statements {
  state(): { readonly revision: number; readonly forgotten: number };
  entries(prefix: string): Entry[];
  /** 0 when the key is absent. */
  revisionOf(key: string): number;
  /** Writes an entry and remembers the change. */
  write(write: Write, revision: number, ordinal: number): void;
  /** Sets the revision, and forgets the changes up to `forgotten`. */
  advance(revision: number, forgotten: number): void;
  commitsAfter(revision: number): Commit[];
  /** Writes a page, and takes back what it wrote. */
  scribble(): void;
  /** Has another process committed since this was last asked? */
  othersCommitted(): boolean;
}

export function statementsOf(database: DatabaseSync): Statements {
  const state = database.prepare("SELECT revision, forgotten FROM state");
  // Keys are ordered by their UTF-8 bytes, and nothing follows a prefix that is greater than the last code point.
  const entries = database.prepare("SELECT key, value, revision FROM entry WHERE key >= ? AND key < ? || char(0x10ffff) ORDER BY key");
  const revisionOf = database.prepare("SELECT revision FROM entry WHERE key = ?");
  const put = database.prepare(
    "INSERT INTO entry VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision",
  );
  const remove = database.prepare("DELETE FROM entry WHERE key = ?");
  const remember = database.prepare("INSERT INTO change VALUES (?, ?, ?, ?)");
  const forget = database.prepare("DELETE FROM change WHERE revision <= ?");
  const advance = database.prepare("UPDATE state SET revision = ?, forgotten = ?");
  const changes = database.prepare("SELECT revision, key, value FROM change WHERE revision > ? ORDER BY revision, ordinal");
  // Before every revision: no watch begins there.
  const scribble = database.prepare("INSERT INTO change VALUES (-1, 0, '', NULL)");
  const erase = database.prepare("DELETE FROM change WHERE revision = -1");
  const version = database.prepare("PRAGMA data_version");

  const dataVersion = () => number(version.get(), "data_version");
  let known = dataVersion();

  return {
    state: () => {
      const row = state.get();
      return { revision: number(row, "revision"), forgotten: number(row, "forgotten") };
    },
    entries: (prefix) =>
      entries.all(prefix, prefix).map((row) => ({ key: text(row, "key"), value: text(row, "value"), revision: number(row, "revision") })),
    revisionOf: (key) => {
      const row = revisionOf.get(key);
      return row === undefined ? 0 : number(row, "revision");
    },
    write: ({ key, value }, revision, ordinal) => {
      if (value === undefined) remove.run(key);
      else put.run(key, value, revision);
      remember.run(revision, ordinal, key, value ?? null);
    },
    advance: (revision, forgotten) => {
      advance.run(revision, forgotten);
      forget.run(forgotten);
    },
    commitsAfter: (revision) => commitsOf(changes.all(revision)),
    scribble: () => {
      scribble.run();
      erase.run();
    },
    othersCommitted: () => {
      const before = known;
      known = dataVersion();
      return known !== before;
    },
  };
}

/** Rows come by revision: each run of one revision is a commit. */
function commitsOf(rows: readonly Row[]): Commit[] {
  const commits: { revision: number; writes: Write[] }[] = [];
  for (const row of rows) {
    const revision = number(row, "revision");
    let commit = commits.at(-1);
    if (commit?.revision !== revision) commits.push((commit = { revision, writes: [] }));
    const key = text(row, "key");
    commit.writes.push(row["value"] === null ? { key } : { key, value: text(row, "value") });
  }
  return commits;
}

function number(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== "number") throw new Error(`the store's column ${column} holds ${typeof value} where a number belongs`);
  return value;
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`the store's column ${column} holds ${typeof value} where a text belongs`);
  return value;
}
