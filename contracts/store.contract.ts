/** What every store keeps, whatever it is made of. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Commit, Store, Write } from "./store.ts";

export interface OpenOptions {
  /** How many commits back a watch may begin. */
  readonly remembers: number;
}

/** `open` gives an empty store; whatever it leaves behind is removed by `t.after`. */
export function storeContract(name: string, open: (t: TestContext, options: OpenOptions) => Store): void {
  const opened = (t: TestContext, remembers = 1000) => {
    const store = open(t, { remembers });
    t.after(() => store.close());
    return store;
  };

  describe(`${name} is a store:`, () => {
    test("it gives entries by prefix, in the order of their keys' UTF-8", async (t) => {
      const store = opened(t);
      const keys = ["port/b", "port/a", "port/\u{1f431}", "port/\uffee", "porter", "poor", "port", "port/%", "port/_"];
      await store.commit({ if: [], writes: keys.map((key) => ({ key, value: key.length.toString() })) });
      const found = async (prefix: string) => (await store.range(prefix)).entries.map((entry) => entry.key);
      assert.deepEqual(await found("port/"), ["port/%", "port/_", "port/a", "port/b", "port/\uffee", "port/\u{1f431}"]);
      assert.deepEqual(await found("port/%"), ["port/%"]);
      assert.equal((await found("")).length, keys.length);
      assert.deepEqual(await found("nothing"), []);
      assert.equal((await store.range("porter")).entries[0]?.value, "6");
    });

    test("each commit has a higher revision than the one before, and its entries carry it", async (t) => {
      const store = opened(t);
      const first = await committed(store, [
        { key: "a", value: "1" },
        { key: "b", value: "1" },
      ]);
      const second = await committed(store, [{ key: "a", value: "2" }]);
      assert.ok(second > first);
      const { revision, entries } = await store.range("");
      assert.equal(revision, second);
      assert.deepEqual(entries, [
        { key: "a", value: "2", revision: second },
        { key: "b", value: "1", revision: first },
      ]);
      await committed(store, [{ key: "a" }]);
      assert.deepEqual(
        (await store.range("")).entries.map((entry) => entry.key),
        ["b"],
      );
    });

    test("what is told again after a failure is committed like anything else, between what is not", async (t) => {
      const store = opened(t);
      const put = (key: string, retold?: true) => store.commit({ if: [], writes: [{ key, value: `"${key}"` }], ...(retold && { retold }) });
      const revisions = [await put("a"), await put("b", true), await put("c", true), await put("d")];
      const { revision, entries } = await store.range("");
      assert.deepEqual(
        entries.map((entry) => [entry.key, entry.revision]),
        ["a", "b", "c", "d"].map((key, at) => [key, revisions[at]]),
      );
      assert.equal(revision, revisions.at(-1));
    });

    test("a commit whose condition does not hold writes nothing at all", async (t) => {
      const store = opened(t);
      const revision = await committed(store, [{ key: "a", value: "1" }]);
      const writes = [
        { key: "a", value: "2" },
        { key: "b", value: "2" },
      ];
      for (const conditions of [
        [{ key: "a", revision: revision + 1 }],
        [{ key: "a", revision: 0 }],
        [{ key: "b", revision }],
        [
          { key: "a", revision },
          { key: "b", revision },
        ],
      ])
        assert.equal(await store.commit({ if: conditions, writes }), undefined);
      assert.deepEqual(await store.range(""), { revision, entries: [{ key: "a", value: "1", revision }] });

      assert.ok(
        await store.commit({
          if: [
            { key: "a", revision },
            { key: "b", revision: 0 },
          ],
          writes,
        }),
      );
      assert.deepEqual(
        (await store.range("")).entries.map((entry) => entry.value),
        ["2", "2"],
      );
    });

    test("of commits made at once on the same condition, one holds", async (t) => {
      const store = opened(t);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.commit({ if: [{ key: "a", revision: 0 }], writes: [{ key: "a", value: `${n}` }] })),
      );
      assert.equal(answers.filter((answer) => answer !== undefined).length, 1);
    });

    test("a transaction that writes a key twice is a mistake, and writes nothing", async (t) => {
      const store = opened(t);
      await assert.rejects(store.commit({ if: [], writes: [{ key: "b", value: "0" }, { key: "a", value: "1" }, { key: "a" }] }), /"a"/);
      assert.deepEqual((await store.range("")).entries, []);
    });

    test("a transaction that changes nothing makes no revision, and nobody is told", async (t) => {
      const store = opened(t);
      const revision = await committed(store, [{ key: "a", value: "1" }]);
      const seen = watched(store, "", revision);
      assert.equal(await store.commit({ if: [{ key: "a", revision }], writes: [] }), revision);
      assert.equal(await store.commit({ if: [], writes: [{ key: "absent" }] }), revision);
      const next = await committed(store, [{ key: "absent" }, { key: "b", value: "2" }]);
      await seen.until(1);
      assert.deepEqual(seen.commits, [{ revision: next, writes: [{ key: "b", value: "2" }] }]);
    });

    test("a watch tells every commit once, whole, in order, those before it first", async (t) => {
      const store = opened(t);
      const start = await committed(store, [{ key: "row/0", value: "0" }]);
      const expected: Commit[] = [];
      const put = async (writes: readonly Write[]) => expected.push({ revision: await committed(store, writes), writes });
      await put([
        { key: "row/2", value: "2" },
        { key: "row/1", value: "1" },
      ]);
      await put([{ key: "row/2" }]);
      const seen = watched(store, "row/", start);
      await put([{ key: "row/3", value: "3" }]);
      await Promise.all([4, 5, 6, 7].map((n) => put([{ key: `row/${n}`, value: `${n}` }])));
      await seen.until(expected.length);
      assert.deepEqual(
        seen.commits,
        expected.toSorted((a, b) => a.revision - b.revision),
      );
    });

    test("a watch tells only what lies under its prefix, and nothing once it is ended", async (t) => {
      const store = opened(t);
      const start = (await store.range("")).revision;
      const seen = watched(store, "row/", start);
      await committed(store, [{ key: "other", value: "1" }]);
      const revision = await committed(store, [{ key: "other" }, { key: "row/1", value: "1" }]);
      await seen.until(1);
      assert.deepEqual(seen.commits, [{ revision, writes: [{ key: "row/1", value: "1" }] }]);
      seen.stop();
      const all = watched(store, "", revision);
      await committed(store, [{ key: "row/2", value: "2" }]);
      await all.until(1);
      assert.equal(seen.commits.length, 1);
    });

    test("a watch that begins where a range ended misses nothing", async (t) => {
      const store = opened(t);
      const known = new Map<string, string>();
      const writing = (async () => {
        for (let n = 0; n < 50; n += 1) await store.commit({ if: [], writes: [{ key: `k${n % 7}`, value: `${n}` }] });
      })();
      await store.range("");
      const { revision, entries } = await store.range("");
      for (const { key, value } of entries) known.set(key, value);
      store.watch("", revision, ({ writes }) => writes.forEach(({ key, value }) => known.set(key, value ?? "")));
      await writing;
      const end = watched(store, "end", revision);
      await committed(store, [{ key: "end", value: "" }]);
      await end.until(1);
      for (const { key, value } of (await store.range("k")).entries) assert.equal(known.get(key), value);
    });

    test("a watch from further back than it remembers is refused", async (t) => {
      const store = opened(t, 10);
      const revisions: number[] = [];
      for (let n = 0; n < 100; n += 1) revisions.push(await committed(store, [{ key: "a", value: `${n}` }]));
      assert.throws(() => store.watch("", 0, () => {}), /remember/);
      const from = revisions.at(-11);
      assert.ok(from !== undefined);
      const seen = watched(store, "", from);
      await seen.until(10);
      assert.deepEqual(
        seen.commits.map((commit) => commit.revision),
        revisions.slice(-10),
      );
    });

    test("once closed it answers nothing", async (t) => {
      const store = opened(t);
      const seen = watched(store, "", 0);
      await store.close();
      await store.close();
      await assert.rejects(store.range(""), /closed/);
      await assert.rejects(store.commit({ if: [], writes: [{ key: "a", value: "" }] }), /closed/);
      assert.throws(() => store.watch("", 0, () => {}), /closed/);
      assert.deepEqual(seen.commits, []);
    });
  });
}

async function committed(store: Store, writes: readonly Write[]): Promise<number> {
  const revision = await store.commit({ if: [], writes });
  assert.ok(revision !== undefined);
  return revision;
}

/** Collects commits; `until(n)` waits until there are n of them, however long the store takes to tell. */
function watched(store: Store, prefix: string, from: number) {
  const commits: Commit[] = [];
  let wake = () => {};
  const stop = store.watch(prefix, from, (commit) => {
    commits.push(commit);
    wake();
  });
  const until = async (count: number): Promise<void> => {
    while (commits.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { commits, until, stop };
}
