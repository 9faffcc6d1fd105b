/** Older rows are brought forward in one commit after a copy was put aside; newer ones are left alone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import type { Store } from "#contracts/store.ts";
import { inconsistencies } from "#core/neutron/consistency.ts";
import type { Fresh } from "#core/neutron/decision.ts";
import { ROWS_VERSION } from "#core/neutron/migrations.ts";
import { ROWS_OF_VERSION_1 } from "#core/neutron/rows-of-version-1.ts";
import { HEAD, HEAD_TEXT, mustBeKnown } from "./head.ts";
import { bringForward, versionedRows } from "./rows-version.ts";

function fresh(): () => Fresh {
  let ids = 0;
  return () => ({
    now: "2026-12-01T08:00:00Z",
    uuid: () => `f${String(++ids).padStart(7, "0")}-0000-4000-8000-000000000000`,
    below: () => 0n,
  });
}

async function older(head: string): Promise<Store> {
  const store = memoryStore();
  const rows = Object.entries(ROWS_OF_VERSION_1).map(([key, row]) => ({ key, value: JSON.stringify(row) }));
  await store.commit({ if: [], writes: [...rows, { key: "identity/keys", value: '"no row"' }, { key: HEAD, value: head }] });
  return store;
}

interface Run {
  readonly copies: { readonly name: string; readonly revision: number }[];
  readonly log: ReturnType<typeof fakeLog>;
}

async function run(store: Store, around: (commit: Store["commit"]) => Store["commit"] = (commit) => commit): Promise<Run> {
  const [log, copies]: [Run["log"], Run["copies"]] = [fakeLog(), []];
  const files = {
    keep: async (name: string) => {
      copies.push({ name, revision: (await store.range("")).revision });
      return `/store.${name}`;
    },
  };
  await bringForward({ store: { ...store, commit: around(store.commit) }, files, fresh: fresh(), clock: fakeClock(), log });
  return { copies, log };
}

describe("rows of version 1", () => {
  test("are copied aside, and become this program's in one commit", async () => {
    const store = await older("{}");
    const before = (await store.range("")).revision;
    const { copies, log } = await run(store);
    const { revision, entries } = await store.range("");
    assert.equal(revision, before + 1);
    assert.deepEqual(copies, [{ name: "backup-v1-20261123T080000000Z", revision: before }]);
    const held = versionedRows(entries);
    assert.deepEqual([held.version, held.head?.value], [ROWS_VERSION, HEAD_TEXT]);
    assert.deepEqual(inconsistencies(held.rows), []);
    assert.equal(log.lines.at(-1)?.event, "rows were brought forward");
    assert.deepEqual((await run(store)).copies, [], "the second time there is nothing to do");
  });

  test("that another controller brings forward meanwhile are looked at again", async () => {
    const store = await older("{}");
    let tries = 0;
    const { copies } = await run(store, (commit) => async (transaction) => {
      tries += 1;
      if (tries === 1) await commit({ if: [], writes: [{ key: HEAD, value: "{}" }] });
      return await commit(transaction);
    });
    assert.deepEqual([tries, copies.length], [2, 2]);
    assert.equal(versionedRows((await store.range("")).entries).version, ROWS_VERSION);
  });

  test("without a copy stay as they are", async () => {
    const store = await older("{}");
    const before = await store.range("");
    const full = { keep: () => Promise.reject(new Error("no space left on device")) };
    await assert.rejects(bringForward({ store, files: full, fresh: fresh(), clock: fakeClock(), log: fakeLog() }), /no space/);
    assert.deepEqual(await store.range(""), before);
  });
});

test("a new store is not older than anything", async () => assert.deepEqual((await run(memoryStore())).copies, []));

test("newer rows are refused with both versions named, also while this program runs", async () => {
  const newer = JSON.stringify({ rows: ROWS_VERSION + 1 });
  const store = await older(newer);
  const before = await store.range("");
  const both = new RegExp(`version ${ROWS_VERSION + 1}, and this program knows versions up to ${ROWS_VERSION}`);
  await assert.rejects(run(store), both);
  assert.deepEqual(await store.range(""), before);
  assert.throws(() => mustBeKnown(newer), both);
  mustBeKnown(HEAD_TEXT);
  mustBeKnown("{}");
});
