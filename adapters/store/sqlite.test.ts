import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { storeContract } from "#contracts/store.contract.ts";
import { sqliteStore } from "./sqlite.ts";

storeContract("sqliteStore()", (t, { remembers }) => sqliteStore({ path: newPath(t), remembers }));

test("what was committed is there when the file is opened again, with its revisions and its past", async (t) => {
  const path = newPath(t);
  const first = sqliteStore({ path });
  const start = (await first.range("")).revision;
  const revision = await first.commit({ if: [], writes: [{ key: "port/1", value: '{"a":null}' }] });
  await first.close();

  const second = sqliteStore({ path });
  t.after(() => second.close());
  assert.deepEqual(await second.range(""), { revision, entries: [{ key: "port/1", value: '{"a":null}', revision }] });
  const told = await new Promise((resolve) => second.watch("", start, resolve));
  assert.deepEqual(told, { revision, writes: [{ key: "port/1", value: '{"a":null}' }] });
});

test("two processes on one file exclude each other, and hear of each other's commits", async (t) => {
  const path = newPath(t);
  const [one, two] = [sqliteStore({ path }), sqliteStore({ path })];
  t.after(() => Promise.all([one.close(), two.close()]));
  const { revision } = await one.range("");
  const heard = new Promise((resolve) => two.watch("", revision, resolve));
  const writes = [{ key: "head", value: "1" }];
  const next = await one.commit({ if: [{ key: "head", revision: 0 }], writes });
  assert.equal(await two.commit({ if: [{ key: "head", revision: 0 }], writes }), undefined);
  assert.deepEqual(await heard, { revision: next, writes });
});

test("the file is for its owner only", async (t) => {
  const path = newPath(t);
  const store = sqliteStore({ path });
  t.after(() => store.close());
  await store.commit({ if: [], writes: [{ key: "a", value: "1" }] });
  for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, 0o600, file);
});

test("trying to write reaches the disk, and leaves nothing behind", async (t) => {
  const path = newPath(t);
  const store = sqliteStore({ path });
  t.after(() => store.close());
  const revision = await store.commit({ if: [], writes: [{ key: "a", value: "1" }] });
  const told: unknown[] = [];
  store.watch("", revision ?? 0, (commit) => told.push(commit));
  const before = statSync(`${path}-wal`).size;
  await store.tryWrite();
  assert.ok(statSync(`${path}-wal`).size > before, "it reaches the disk");
  assert.equal((await store.range("")).revision, revision);
  assert.deepEqual(told, []);

  await store.close();
  await assert.rejects(store.tryWrite(), /closed/);
});

test("a store of a newer program is refused, and so is what is no store", async (t) => {
  const newer = newPath(t);
  await sqliteStore({ path: newer }).close();
  const database = new DatabaseSync(newer);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assert.throws(() => sqliteStore({ path: newer }), /version 99/);

  const foreign = newPath(t);
  const other = new DatabaseSync(foreign);
  other.exec("CREATE TABLE theirs (a)");
  other.close();
  assert.throws(() => sqliteStore({ path: foreign }), /another program's/);
  assert.throws(() => sqliteStore({ path: "/dev/null/store" }), /ENOTDIR/);

  const text = newPath(t);
  writeFileSync(text, "no database, however long it is\n".repeat(100));
  assert.throws(() => sqliteStore({ path: text }), { message: `Cannot open the store "${text}": file is not a database` });
});

function newPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "margay-store-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "margay.db");
}
