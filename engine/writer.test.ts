import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import type { Clock } from "#contracts/clock.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import type { Commit, Store } from "#contracts/store.ts";
import type { Writer } from "#contracts/writer.ts";
import type { Decide, Fresh } from "#core/neutron/decision.ts";
import { ok, refused } from "#core/result.ts";
import { load } from "./present.ts";
import { writer } from "./writer.ts";

/** Rows by key, as every state of ours is. */
class Ledger {
  readonly rows = new Map<string, object>();
  apply(key: string, row: object | undefined): void {
    if (key.startsWith("broken/")) throw new Error(`there is no table for ${key}`);
    if (row === undefined) this.rows.delete(key);
    else this.rows.set(key, row);
  }
  count(key: string): number {
    const row = this.rows.get(key);
    return row !== undefined && "count" in row ? Number(row.count) : 0;
  }
}

const FRESH: Fresh = { now: "2026-11-23T08:00:00Z", uuid: () => "0", below: () => 0n };
const CLOCK: Clock = {
  now: () => 0,
  after: (_, call) => {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  },
};

async function controller(store: Store) {
  const [committed, log] = [new Ledger(), fakeLog()];
  const present = await load(store, committed);
  const write: Writer<Ledger>["write"] = writer({ store, present, fresh: () => FRESH, clock: CLOCK, log }).write;
  return { present, committed, log, write };
}

const add =
  (key: string): Decide<Ledger, number> =>
  (ledger) => {
    const count = ledger.count(key) + 1;
    return ok({ writes: [{ key, row: { count } }], answer: count });
  };
const rowsOf = async (store: Store) =>
  new Map((await store.range("")).entries.filter(({ key }) => key !== "head").map(({ key, value }) => [key, JSON.parse(value)]));

test("decisions made together see each other's writes, and are committed as one", async () => {
  const store = memoryStore();
  const { write, committed } = await controller(store);
  const before = (await store.range("")).revision;
  const answers = await Promise.all(Array.from({ length: 20 }, () => write(add("a"))));
  assert.deepEqual(
    answers,
    Array.from({ length: 20 }, (_, n) => ok(n + 1)),
  );
  assert.equal((await store.range("")).revision, before + 1);
  assert.equal(committed.count("a"), 20);
});

test("a commit waits for the disk unless all that is in it is told again when it is lost", async () => {
  const [store, retold] = [memoryStore(), [] as (true | undefined)[]];
  const { write } = await controller({ ...store, commit: (transaction) => (retold.push(transaction.retold), store.commit(transaction)) });
  await Promise.all([write(add("a"), { retold: true }), write(add("b"), { retold: true })]);
  await Promise.all([write(add("a"), { retold: true }), write(add("b"))]);
  await write(add("a"));
  assert.deepEqual(retold, [true, undefined, undefined]);
});

test("nobody sees what is decided before it is committed", async () => {
  const store = memoryStore();
  const { write, committed } = await controller({
    ...store,
    commit: (transaction) => {
      assert.equal(committed.count("a"), 0);
      return store.commit(transaction);
    },
  });
  await Promise.all([write(add("a")), write(add("a"))]);
  assert.equal(committed.count("a"), 2);
});

test("the answer comes when readers can see what was written", async () => {
  const { write, committed } = await controller(memoryStore());
  const seen = await write(add("a")).then(() => committed.count("a"));
  assert.equal(seen, 1);
});

test("a refusal writes nothing, and those beside it are served", async () => {
  const store = memoryStore();
  const { write, committed } = await controller(store);
  const no = { status: 409, type: "Conflict", message: "no" };
  const answers = await Promise.all([write(add("a")), write(() => refused(no)), write(add("a"))]);
  assert.deepEqual(answers, [ok(1), refused(no), ok(2)]);
  assert.deepEqual(await rowsOf(store), new Map([["a", { count: 2 }]]));
  assert.deepEqual(committed.rows, await rowsOf(store));
});

test("a decision that throws is told to its asker alone, and leaves nothing behind", async () => {
  const store = memoryStore();
  const { write, committed } = await controller(store);
  const bug: Decide<Ledger, number> = () => {
    throw new Error("a bug");
  };
  const halfway: Decide<Ledger, number> = () =>
    ok({
      writes: [
        { key: "a", row: {} },
        { key: "b", row: {} },
        { key: "broken/1", row: {} },
      ],
      answer: 0,
    });
  const noJson: Decide<Ledger, number> = () =>
    ok({
      writes: [
        { key: "c", row: {} },
        { key: "d", row: { bits: 1n } },
      ],
      answer: 0,
    });
  const answers = await Promise.allSettled([write(add("a")), write(bug), write(halfway), write(noJson), write(add("a"))]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ["fulfilled", "rejected", "rejected", "rejected", "fulfilled"],
  );
  assert.deepEqual(await rowsOf(store), new Map([["a", { count: 2 }]]));
  assert.deepEqual(committed.rows, await rowsOf(store));
});

test("a row is the same to readers whether just written or loaded", async () => {
  const store = memoryStore();
  const first = await controller(store);
  await first.write(() => ok({ writes: [{ key: "a", row: { absent: undefined, none: null, text: "x" } }], answer: 0 }));
  const second = await controller(store);
  assert.deepEqual(first.committed.rows.get("a"), { none: null, text: "x" });
  assert.deepEqual(second.committed.rows, first.committed.rows);
});

test("a key that one batch writes several times has its last row, and a deleted one is gone", async () => {
  const store = memoryStore();
  const { write, committed } = await controller(store);
  await write(add("b"));
  const remove: Decide<Ledger, number> = () => ok({ writes: [{ key: "a" }, { key: "b" }], answer: 0 });
  await Promise.all([write(add("a")), write(remove), write(add("a"))]);
  assert.deepEqual(await rowsOf(store), new Map([["a", { count: 1 }]]));
  assert.deepEqual(committed.rows, await rowsOf(store));
});

test("a store that cannot commit costs the askers a 503, and nothing else", async () => {
  const store = memoryStore();
  let broken = true;
  const { write, committed, log } = await controller({
    ...store,
    commit: async (t) => (broken ? Promise.reject(new Error("disk full")) : store.commit(t)),
  });
  const answer = await write(add("a"));
  assert.equal(answer.ok ? 200 : answer.refusal.status, 503);
  assert.match(answer.ok ? "" : answer.refusal.message, /disk full/);
  assert.equal(log.lines[0]?.event, "the store did not commit");
  assert.deepEqual(committed.rows, new Map());
  broken = false;
  assert.deepEqual(await write(add("a")), ok(1));
});

test("a commit whose answer was lost is there all the same", async () => {
  const store = memoryStore();
  let lose = true;
  const lossy: Store["commit"] = async (transaction) => {
    const revision = await store.commit(transaction);
    if (lose) throw new Error("the connection was reset");
    return revision;
  };
  const { write, committed } = await controller({ ...store, commit: lossy });
  assert.equal((await write(add("a"))).ok, false);
  lose = false;
  await turn();
  assert.equal(committed.count("a"), 1);
  assert.deepEqual(await write(add("a")), ok(2));
  assert.deepEqual(committed.rows, await rowsOf(store));
});

test("a decision that always comes too late is refused in the end", async () => {
  const store = memoryStore();
  const rival = await controller(store);
  let tries = 0;
  const late: Store["commit"] = async (transaction) => {
    tries += 1;
    await rival.write(add("rival"));
    return store.commit(transaction);
  };
  const { write, committed } = await controller({ ...store, commit: late });
  const answer = await write(add("a"));
  assert.equal(answer.ok ? 200 : answer.refusal.status, 503);
  assert.equal(tries, 5);
  assert.deepEqual(committed.rows, await rowsOf(store));
});

/** A store whose commits and tidings take as long as `scheduler` likes, in order for each watch as every store promises. */
function slow(store: Store, scheduler: fc.Scheduler): Store {
  return {
    ...store,
    commit: async (transaction) => {
      await scheduler.schedule(Promise.resolve(), "to the store");
      const revision = await store.commit(transaction);
      await scheduler.schedule(Promise.resolve(), "and back");
      return revision;
    },
    watch: (prefix, from, each) => {
      const waiting: Commit[] = [];
      return store.watch(prefix, from, (commit) => {
        waiting.push(commit);
        void scheduler.schedule(Promise.resolve(), "watch").then(() => {
          const next = waiting.shift();
          if (next !== undefined) each(next);
        });
      });
    },
  };
}

/** Lets everything happen that is scheduled. The writers' own turns are the machine's, so the scheduler may run dry for a moment. */
async function drain<T>(scheduler: fc.Scheduler, answers: readonly Promise<T>[]): Promise<T[]> {
  const state = { done: false };
  const all = Promise.all(answers).finally(() => (state.done = true));
  while (!state.done || scheduler.count() > 0) {
    await scheduler.waitIdle();
    await turn();
  }
  return all;
}

test("invariant 7: of two controllers on one store, no write is lost, doubled or merged, whatever the order of things", async () => {
  const key = fc.constantFrom("a", "b", "c");
  const asked = fc.array(fc.record({ who: fc.nat(1), key }), { maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), asked, async (scheduler, asks) => {
      const store = memoryStore();
      const controllers = await Promise.all([controller(slow(store, scheduler)), controller(slow(store, scheduler))]);
      const answers = asks.map(async ({ who, key }, at) => {
        await scheduler.schedule(Promise.resolve(), "a request");
        const decide: Decide<Ledger, number> = (ledger) =>
          ok({
            writes: [
              { key, row: { count: ledger.count(key) + 1 } },
              { key: `asked/${at}`, row: {} },
            ],
            answer: at,
          });
        return controllers[who]?.write(decide);
      });
      // The writers' own turns are the machine's, so the scheduler may run dry for a moment.
      const all = await drain(scheduler, answers);
      const held = await rowsOf(store);
      const served = all.flatMap((answer) => (answer?.ok === true ? [answer.value] : []));
      assert.deepEqual([...held.keys()].filter((key) => key.startsWith("asked/")).toSorted(), served.map((at) => `asked/${at}`).toSorted());
      const counts = [...held].reduce((sum, [, row]) => sum + (row.count ?? 0), 0);
      assert.equal(counts, served.length);
      for (const { committed } of controllers) {
        assert.deepEqual(committed.rows, held);
      }
    }),
    { numRuns: 200 },
  );
});
