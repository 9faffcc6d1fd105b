/** Rows of older programs become rows that this one could have written, and rows of newer ones are left alone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resource } from "../resource/resource.ts";
import { flag, integer, text, uuid } from "../resource/scalars.ts";
import { list, nullable } from "../resource/composites.ts";
import { keptAttributes, valueBefore } from "../resource/kept.ts";
import { Cloud } from "./cloud.ts";
import { inconsistencies } from "./consistency.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { migration, ROWS_VERSION } from "./migrations.ts";
import type { RowsByKey } from "./migrations.ts";
import { ROWS_OF_VERSION_1 } from "./rows-of-version-1.ts";
import { isExternal, isSharedWithAll } from "./sharing.ts";
import { DECLARED } from "./tables.ts";

function fresh(): Fresh {
  let ids = 0;
  return { now: "2026-12-01T08:00:00Z", uuid: () => `f${String(++ids).padStart(7, "0")}-0000-4000-8000-000000000000`, below: () => 0n };
}

function after(rows: RowsByKey, writes: readonly RowWrite[]): RowsByKey {
  const all = new Map(rows);
  for (const { key, row } of writes) {
    if (row === undefined) all.delete(key);
    else all.set(key, row);
  }
  return all;
}

const oldest: RowsByKey = new Map(Object.entries(ROWS_OF_VERSION_1));

describe("rows of version 1", () => {
  const rows = after(oldest, migration(oldest, 1, { fresh: fresh() }));

  test("become rows that are what this program declares", () => assert.deepEqual(inconsistencies(rows), []));
  test("are then what they are: nothing more is to be done", () => {
    assert.deepEqual(migration(rows, ROWS_VERSION, { fresh: fresh() }), []);
  });
  test("keep what they said: who may use a network is now a policy's to say", () => {
    const cloud = new Cloud();
    for (const [key, row] of rows) cloud.apply(key, row);
    const told = [...cloud.all("network")].map(({ id, name }) => [name, isSharedWithAll(cloud, id), isExternal(cloud, id)]);
    assert.deepEqual(told.toSorted(), [
      ["external", true, true],
      ["plain", false, false],
    ]);
    for (const key of oldest.keys()) assert.ok(rows.has(key), key);
    assert.deepEqual(rows.get("quota/p-member"), { port: 7, project_id: "p-member" });
  });
});

test("every attribute that rows keep has a value for rows that are older than it", () => {
  const lacking = Object.values(DECLARED).flatMap((declared) => {
    const name = declared.name;
    const first = Object.entries(ROWS_OF_VERSION_1).find(([key]) => key.startsWith(`${name}/`))?.[1];
    if (first === undefined || name === "quota") return [];
    const later = keptAttributes(declared).filter(([attribute]) => !(attribute in first));
    return later
      .filter(([, attribute]) => valueBefore(attribute) === undefined)
      .map(([attribute]) => `${name}.${attribute}: say it in \`before\``);
  });
  assert.deepEqual(lacking, []);
});

const thing = resource({
  name: "thing",
  plural: "things",
  note: "A thing.",
  may: {},
  attributes: {
    id: { type: uuid, write: "never", note: "Identity." },
    size: { type: integer(0), write: "always", default: 3, note: "How big." },
    label: { type: nullable(text(9)), write: "never", note: "None at first." },
    parts: { type: list(uuid), write: "never", note: "None at first." },
    good: { type: flag, write: "never", before: true, note: "Old ones were." },
    shown: { type: flag, write: "never", computed: true, note: "Not kept." },
  },
});

describe("attributes that were declared since", () => {
  const rows: RowsByKey = new Map([
    ["thing/a", { id: "a" }],
    ["thing/b", { id: "b", size: 0, label: "b", parts: ["a"], good: false }],
    ["other/c", {}],
  ]);
  const parts = { fresh: fresh(), steps: [], declared: { thing } };

  test("get what the declaration says, and what is there stays", () =>
    assert.deepEqual(migration(rows, 1, parts), [{ key: "thing/a", row: { id: "a", size: 3, label: null, parts: [], good: true } }]));
});

test("steps are taken in order from the version of the rows, each sees what the one before it left, and a key is written once", () => {
  const rename = (from: string, to: string) => (rows: RowsByKey) =>
    [...rows].flatMap(([key, row]) => (key.startsWith(from) ? [{ key }, { key: key.replace(from, to), row }] : []));
  const parts = { fresh: fresh(), steps: [rename("a/", "b/"), rename("b/", "c/")], declared: {} };
  assert.deepEqual([...after(new Map([["a/1", {}]]), migration(new Map([["a/1", {}]]), 1, parts)).keys()], ["c/1"]);
  assert.deepEqual(migration(new Map([["a/1", {}]]), 2, parts), []);
  const keys = migration(new Map([["a/1", {}]]), 1, parts).map(({ key }) => key);
  assert.deepEqual(keys, [...new Set(keys)]);
});

test("rows of a newer program are refused with both versions named", () =>
  assert.throws(() => migration(new Map(), ROWS_VERSION + 1, { fresh: fresh() }), {
    message: `its rows have version ${ROWS_VERSION + 1}, and this program knows versions up to ${ROWS_VERSION}`,
  }));
