/** When Nova is told: at once, together, again, and never in anybody's way. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { fakeClock } from "#contracts/clock.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { fakeNova, novaWorld } from "#contracts/nova.fake.ts";
import type { Nova } from "#contracts/nova.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import type { Store } from "#contracts/store.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import { ok } from "#core/result.ts";
import { novaNotifier } from "./nova-notifier.ts";
import { novaQueue } from "./nova-queue.ts";
import { load } from "./present.ts";
import { writer } from "./writer.ts";

const VM = "0b8d7f6c-5a4e-4d3c-9b2a-1f0e9d8c7b6a";
const LIMITS = { gatherMs: 2000, waiting: 5 };

async function controller({
  store = memoryStore(),
  self = "one",
  nova = fakeNova(novaWorld([VM])),
}: { store?: Store; self?: string; nova?: Nova } = {}) {
  const [clock, log] = [fakeClock(), fakeLog()];
  const present = await load(store, new Cloud(), self);
  const fresh = () => ({ now: "2026-11-23T08:00:00Z", uuid: () => "x", below: () => 0n });
  const { write } = writer({ store, present, fresh, clock: { ...clock, after: nextTurn }, log });
  const notifier = novaNotifier({ present, nova, clock, log, limits: LIMITS });
  /** A VM's port with this name and status. */
  const put = async (id: string, said: object = {}) => {
    const port = { id, device_id: VM, device_owner: "compute:nova", status: "DOWN", ready_on: [], fixed_ips: [], "binding:profile": {} };
    await write(() => ok({ writes: [{ key: `port/${id}`, row: { ...port, ...said } }], answer: undefined }));
  };
  const pass = async (ms: number) => {
    clock.pass(ms);
    for (let n = 0; n < 4; n += 1) await turn();
  };
  return { clock, log, notifier, put, pass };
}

function nextTurn(_ms: number, call: () => void): () => void {
  const immediate = setImmediate(call);
  return () => clearImmediate(immediate);
}

/** A fake, and what it has heard, request by request. */
function hearing() {
  const world = novaWorld([VM]);
  const heard = () => world.heard.splice(0).map((events) => events.map(({ name, tag }) => `${name.replace("network-", "")} ${tag}`));
  return { world, nova: fakeNova(world), heard };
}

describe("when Nova is told", () => {
  test("the first at once, what follows together after a while, and the same news once", async () => {
    const { nova, heard } = hearing();
    const { put, pass } = await controller({ nova });
    await put("a");
    await put("b");
    await pass(10);
    assert.deepEqual(heard(), [], "a port that is made is no news");
    await put("a", { name: "1" });
    await pass(0);
    assert.deepEqual(heard(), [["changed a"]]);
    for (const name of ["2", "3"]) await put("a", { name });
    await put("b", { name: "2" });
    await pass(1990);
    assert.deepEqual(heard(), []);
    await pass(10);
    assert.deepEqual(heard(), [["changed a", "changed b"]]);
    await pass(60_000);
    assert.deepEqual(heard(), []);
  });

  test("an instance that waits for its NIC does not wait for others' news", async () => {
    const { nova, heard } = hearing();
    const { put, pass } = await controller({ nova });
    for (const id of ["a", "b"]) await put(id);
    await put("a", { name: "1" });
    await pass(0);
    await put("a", { name: "2" });
    await put("b", { status: "ACTIVE" });
    await pass(0);
    assert.deepEqual(heard(), [["changed a"], ["changed a", "vif-plugged b"]]);
  });

  test("what comes while it is being told goes with the next request: never two at once", async () => {
    const told: { names: readonly string[]; answer: () => void }[] = [];
    const nova: Nova = {
      tell: (events) =>
        new Promise((resolve) => {
          told.push({ names: events.map(({ tag }) => tag), answer: () => resolve({ heard: true, codes: events.map(() => 200) }) });
        }),
    };
    const { put, pass } = await controller({ nova });
    for (const id of ["a", "b", "c"]) await put(id);
    for (const id of ["a", "b", "c"]) {
      await put(id, { status: "ACTIVE" });
      await pass(0);
    }
    assert.deepEqual(
      told.map(({ names }) => names),
      [["a"]],
    );
    told[0]?.answer();
    await pass(0);
    await pass(0);
    assert.deepEqual(
      told.map(({ names }) => names),
      [["a"], ["b", "c"]],
    );
  });
});

describe("when Nova cannot be told", () => {
  test("it is told again, rarer and rarer up to five seconds, and the log says it twice", async () => {
    const { world, nova, heard } = hearing();
    const { put, pass, log, notifier } = await controller({ nova });
    await put("a");
    world.state = "away";
    await put("a", { status: "ACTIVE" });
    await pass(0);
    world.state = "broken";
    for (let n = 0; n < 10; n += 1) await pass(1000);
    assert.deepEqual([heard(), notifier.standing()], [[], { waiting: 1, dropped: 0 }]);
    world.state = "there";
    await pass(5000);
    assert.deepEqual(heard(), [["vif-plugged a"]]);
    assert.deepEqual(
      log.lines.map(({ level, event }) => `${level} ${event}`),
      ["warn Nova cannot be told: it is told again until it hears", "info Nova can be told again"],
    );
  });

  test("no more wait than may: news goes first, then the oldest; how many is counted", async () => {
    const { world, nova, heard } = hearing();
    const { put, pass, notifier } = await controller({ nova });
    const ids = ["a", "b", "c", "d", "e", "f"];
    for (const id of ids) await put(id);
    world.state = "away";
    for (const id of ["a", "b", "c"]) await put(id, { name: "new" });
    for (const id of ids) await put(id, { name: "new", status: "ACTIVE" });
    await pass(0);
    assert.equal(notifier.standing().waiting, 5);
    const { dropped } = notifier.standing();
    world.state = "there";
    await pass(5000);
    assert.deepEqual(
      heard().flat(),
      ["b", "c", "d", "e", "f"].map((id) => `vif-plugged ${id}`),
    );
    assert.ok(dropped >= 4);
  });

  test("what it refuses is not told again", async () => {
    const { world, nova, heard } = hearing();
    const { put, pass, log } = await controller({ nova });
    await put("a");
    world.state = "refusing";
    await put("a", { name: "1" });
    await pass(0);
    world.state = "there";
    await pass(60_000);
    assert.deepEqual(heard(), []);
    assert.deepEqual(
      log.lines.map(({ level }) => level),
      ["error"],
    );
  });

  test("an instance that it does not know is not told of again, and others are", async () => {
    const { world, nova, heard } = hearing();
    const { put, pass, log } = await controller({ nova });
    for (const id of ["a", "b"]) await put(id);
    world.instances.clear();
    await put("a", { name: "1" });
    await pass(0);
    await pass(60_000);
    assert.deepEqual(heard(), [["changed a"]]);
    assert.deepEqual(
      log.lines.map(({ level }) => level),
      ["info"],
    );
  });

  test("commits do not wait for it", async () => {
    const { put } = await controller({ nova: { tell: () => new Promise(() => {}) } });
    await put("a");
    for (const name of ["1", "2", "3"]) await put("a", { name });
  });
});

test("of two controllers on one store each tells what it wrote itself", async () => {
  const [store, one, two] = [memoryStore(), hearing(), hearing()];
  const first = await controller({ store, self: "one", nova: one.nova });
  const second = await controller({ store, self: "two", nova: two.nova });
  await first.put("a");
  await first.put("a", { name: "1" });
  await second.put("a", { name: "2" });
  await second.put("b");
  await second.put("b", { status: "ACTIVE" });
  await first.pass(5000);
  await second.pass(5000);
  assert.deepEqual([one.heard().flat(), two.heard().flat()], [["changed a"], ["changed a", "vif-plugged b"]]);
});

test("a controller that does not know its own batches does not begin", async () => {
  const present = await load(memoryStore(), new Cloud());
  assert.throws(() => novaNotifier({ present, nova: fakeNova(), clock: fakeClock(), log: fakeLog() }), /loaded without a name/);
});

test("a controller that stops tells what waits, unless Nova does not hear", async () => {
  for (const state of ["there", "away"] as const) {
    const { world, nova, heard } = hearing();
    const { put, pass, notifier } = await controller({ nova });
    await put("a");
    await put("a", { name: "1" });
    await pass(0);
    world.state = state;
    await put("a", { name: "2" });
    await notifier.stop();
    await put("a", { name: "3" });
    await pass(60_000);
    assert.deepEqual(heard(), state === "there" ? [["changed a"], ["changed a"]] : [["changed a"]]);
  }
});

test("what was taken and not heard comes before what came meanwhile", () => {
  const queue = novaQueue(10);
  const event = (tag: string) => ({ name: "network-vif-deleted", server_uuid: VM, tag }) as const;
  for (const tag of ["a", "b"]) queue.add(event(tag));
  const taken = queue.take(1);
  queue.add(event("c"));
  queue.putBack(taken);
  assert.deepEqual(
    queue.take(10).map(({ tag }) => tag),
    ["a", "b", "c"],
  );
  assert.deepEqual([queue.size(), queue.isUrgent(), queue.dropped()], [0, false, 0]);
});
