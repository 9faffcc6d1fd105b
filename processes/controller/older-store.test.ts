/** A controller that is started on the store of an older program, and on that of a newer one. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { ROWS_VERSION } from "#core/neutron/migrations.ts";
import { ROWS_OF_VERSION_1 } from "#core/neutron/rows-of-version-1.ts";
import { ask, ended, home, margay, refusedStart, started } from "./running.real.ts";

/** The tables of format 1 as its program made them, letter by letter: never changed. */
const FORMAT_1 = `
CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE change (revision INTEGER, ordinal INTEGER, key TEXT NOT NULL, value TEXT, PRIMARY KEY (revision, ordinal)) STRICT, WITHOUT ROWID;
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, forgotten INTEGER NOT NULL) STRICT;
INSERT INTO state VALUES (1, 7, 0);
PRAGMA application_id = 0x4d474159; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;`;

function writeStore(path: string, head: string): void {
  const database = new DatabaseSync(path);
  database.exec(FORMAT_1);
  const put = database.prepare("INSERT INTO entry VALUES (?, ?, 7)");
  for (const [key, row] of Object.entries(ROWS_OF_VERSION_1)) put.run(key, JSON.stringify(row));
  put.run("head", head);
  database.close();
}

function pragma(path: string, name: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  const value = database.prepare(`PRAGMA ${name}`).get()?.[name];
  database.close();
  return value;
}

test("on an older one it keeps a copy, brings tables and rows forward, and serves what they said", { timeout: 60_000 }, async (t) => {
  const directory = home(t);
  const path = join(directory, "margay.db");
  writeStore(path, "{}");
  const running = await started(t, directory);

  const { body } = await ask(running.socket, { method: "GET", path: "/v2.0/networks?sort_key=name&sort_dir=asc" });
  assert.deepEqual(
    body.networks.map((one: Record<string, unknown>) => [one["name"], one["shared"], one["router:external"]]),
    [
      ["external", true, true],
      ["plain", false, false],
    ],
  );
  const checked = await margay(running.socket, "store", "check");
  assert.deepEqual([checked.status, checked.err], [0, ""], checked.out);

  const copies = readdirSync(directory).filter((name) => name.includes(".backup-"));
  const [older] = copies.filter((name) => name.includes(".backup-format1-"));
  assert.ok(older !== undefined && copies.some((name) => name.includes(".backup-v1-")), copies.join());
  assert.equal(pragma(join(directory, older), "user_version"), 1);

  running.child.kill("SIGKILL");
  await ended(running.child);
  const again = await started(t, directory);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.includes(".backup-")),
    copies,
    "the second time there is nothing to bring forward",
  );
  assert.ok(!again.log.some(({ msg }) => msg === "rows were brought forward"));
});

test("on newer rows and on newer tables it does not start, names both versions, and changes nothing", { timeout: 60_000 }, async (t) => {
  const rows = home(t);
  writeStore(join(rows, "margay.db"), JSON.stringify({ rows: 99 }));
  const refusedRows = await refusedStart(t, rows, join(rows, "margay.db"));
  assert.equal(refusedRows.status, 1);
  assert.match(refusedRows.text, new RegExp(`its rows have version 99, and this program knows versions up to ${ROWS_VERSION}`));

  const tables = home(t);
  const path = join(tables, "margay.db");
  writeStore(path, "{}");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  const before = readFileSync(path);
  const refusedTables = await refusedStart(t, tables, join(tables, "margay.db"));
  assert.equal(refusedTables.status, 1);
  assert.match(refusedTables.text, /its tables have version 99, and this program knows versions up to \d/);
  assert.deepEqual(readFileSync(path), before);
});
