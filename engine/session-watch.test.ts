import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { fakeClock } from "#contracts/clock.fake.ts";
import type { Sessions } from "#core/feed/item.ts";
import { sessionWatch } from "./session-watch.ts";

const UP: Sessions = { established: 2, down: [] };
const DOWN: Sessions = { established: 1, down: ["gateway:gw1"] };

function watched(answer: Sessions | undefined) {
  const clock = fakeClock();
  const world = { answer, asked: 0, news: 0 };
  const speaker = {
    sessions: async () => {
      world.asked++;
      return world.answer;
    },
  };
  const watch = sessionWatch({ speaker, clock, changed: () => world.news++ });
  const pass = async (ms: number) => {
    clock.pass(ms);
    await turn();
  };
  return { world, watch, pass };
}

test("sessions are told when they change, and asked more often while one is down", async () => {
  const { world, watch, pass } = watched(DOWN);
  await pass(0);
  assert.deepEqual([watch.now(), world.news, world.asked], [DOWN, 1, 1]);
  await pass(250);
  assert.deepEqual([world.news, world.asked], [1, 2]);
  world.answer = UP;
  await pass(250);
  assert.deepEqual([watch.now(), world.news, world.asked], [UP, 2, 3]);
  await pass(999);
  assert.equal(world.asked, 3);
  await pass(1);
  assert.deepEqual([world.news, world.asked], [2, 4]);
});

test("after the speaker was told something else, what was known counts no more, nor what was on its way", async () => {
  const { world, watch, pass } = watched(UP);
  await pass(0);
  world.answer = DOWN;
  watch.mistrust();
  assert.equal(watch.now(), undefined);
  await pass(0);
  assert.deepEqual([watch.now(), world.news], [DOWN, 2]);
});

test("one that was stopped asks no more", async () => {
  const { world, watch, pass } = watched(undefined);
  await pass(0);
  watch.stop();
  await pass(5000);
  assert.deepEqual([world.asked, world.news], [1, 0]);
});
