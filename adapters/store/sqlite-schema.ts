/**
 * The tables of the SQLite store, and who may open them.
 *
 * `entry` is the map; `change` its last commits, write by write, so that a watch can begin in the past; `state` holds one row:
 * the revision, and up to which revision the changes have been forgotten. The file names its program (application_id) and the
 * version of its tables (user_version): a newer one is refused, since an older program would not keep what it does not know.
 * What the rows in them look like has a version of its own, which is no affair of SQLite's: engine/rows-version.ts.
 */
import type { DatabaseSync } from "node:sqlite";

/** "MGAY" */
const APPLICATION = 0x4d474159;

/** The steps from one version of the tables to the next: `STEPS[n]` leads from version n to n + 1. */
const STEPS: readonly string[] = [
  `CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE change (revision INTEGER, ordinal INTEGER, key TEXT NOT NULL, value TEXT, PRIMARY KEY (revision, ordinal)) STRICT, WITHOUT ROWID;
   CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, forgotten INTEGER NOT NULL) STRICT;
   INSERT INTO state VALUES (1, 1, 0);`,
  // The same tables. From here on their rows name their own version; who does not know to look for it must not open them.
  "",
];

/** The version of the tables that this program keeps. */
export const FORMAT = STEPS.length;

/** Makes the tables, or brings them to the present version; throws when the file is not ours to open. */
export function prepareTables(database: DatabaseSync, path: string): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = formatOf(database, path);
    for (const step of STEPS.slice(version)) database.exec(step);
    database.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${FORMAT}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** The version of its tables, 0 of an empty file; throws when it is another program's, or newer. */
export function formatOf(database: DatabaseSync, path: string): number {
  const application = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  const tables = Number(database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.["count"]);
  if (application !== APPLICATION && (application !== 0 || version !== 0 || tables !== 0))
    throw new Error(`Cannot open the store "${path}": it is another program's SQLite database`);
  if (version > FORMAT)
    throw new Error(`Cannot open the store "${path}": its tables have version ${version}, and this program knows versions up to ${FORMAT}`);
  return version;
}

function pragma(database: DatabaseSync, name: "application_id" | "user_version"): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
