import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { viewWith } from "#contracts/last-view.contract.ts";
import { fakeLastView } from "#contracts/last-view.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { COLD_MS, CONFIRM_MS, remembering } from "./remembering.ts";
import type { Heard } from "./replica.ts";

const OLD: Heard = { view: viewWith("old", ["10.0.0.1"]), revision: 7 };
const NEW: Heard = { view: viewWith("new", ["10.0.0.2"]), revision: 9 };

function setting() {
  const [clock, log, last] = [fakeClock(), fakeLog(), fakeLastView()];
  last.keep(OLD);
  let [told, recalls, confirmed, connected]: [Heard | undefined, number, number, boolean] = [undefined, 0, 0, false];
  const one = remembering({
    last: { ...last, confirm: () => confirmed++ },
    clock,
    log,
    told: () => told,
    isConnected: () => connected,
    recalled: () => recalls++,
  });
  const tell = (heard: Heard) => {
    [told, connected] = [heard, true];
    one.keep(heard);
  };
  return { ...one, clock, log, last, tell, lose: () => (connected = false), counts: () => ({ recalls, confirmed }) };
}

test("who is told nothing goes by what was told last, after a while, and says so", () => {
  const { heard, clock, log, counts } = setting();
  clock.pass(COLD_MS - 1);
  assert.equal(heard(), undefined);
  clock.pass(1);
  assert.deepEqual(heard(), OLD);
  assert.equal(counts().recalls, 1);
  assert.deepEqual(log.lines, [
    { level: "warn", event: "nobody tells what is wanted here: going by what was told last", fields: { revision: 7 } },
  ]);
});

test("who is told in time remembers nothing, and keeps what is told", () => {
  const { heard, clock, last, tell, counts } = setting();
  tell(NEW);
  clock.pass(COLD_MS);
  assert.deepEqual([heard(), counts().recalls], [NEW, 0]);
  assert.deepEqual(last.recall(), { state: "whole", ...NEW });
});

test("what is told takes the place of what is remembered", () => {
  const { heard, clock, tell } = setting();
  clock.pass(COLD_MS);
  tell(NEW);
  assert.deepEqual(heard(), NEW);
});

test("what cannot be gone by is told with its reason, and nothing is wanted", () => {
  const { heard, clock, last, log, counts } = setting();
  last.spoil("last-view is damaged");
  clock.pass(COLD_MS);
  assert.deepEqual([heard(), counts().recalls], [undefined, 0]);
  assert.deepEqual(log.lines[0]?.fields, { reason: "last-view is damaged" });
});

test("as long as the controller is there, what is kept is said to be so now and then", () => {
  const { clock, tell, lose, counts } = setting();
  clock.pass(CONFIRM_MS);
  assert.equal(counts().confirmed, 0);
  tell(NEW);
  clock.pass(2 * CONFIRM_MS);
  assert.equal(counts().confirmed, 2);
  lose();
  clock.pass(2 * CONFIRM_MS);
  assert.equal(counts().confirmed, 2);
});
