import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { fakeClock } from "#contracts/clock.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { fakeNeighbourhood } from "#contracts/neighbourhood.fake.ts";
import type { Watched } from "#core/intent/bfd.ts";
import type { Ip } from "#core/net/address.ts";
import { watchNeighbours } from "./neighbour-watch.ts";

const GW1: Watched = { name: "gw1", session: "gateway:gw1", interface: "fab0", local: "192.168.100.11" as Ip, peer: "192.168.100.1" as Ip };

function watching(state = "Up") {
  const [clock, log, world] = [fakeClock(), fakeLog(), fakeNeighbourhood([GW1], state)];
  const stop = watchNeighbours({ neighbourhood: world, neighbours: () => [GW1], clock, log });
  const pass = async (ms: number) => {
    for (let left = ms; left >= 0; left -= 50) {
      clock.pass(Math.min(50, left));
      for (let times = 0; times < 5; times++) await turn();
    }
  };
  return { world, log, stop, pass };
}

test("a neighbour that answers neither BFD nor an echo is left once, and may be left again after it was back", async () => {
  const { world, log, pass } = watching();
  await pass(100);
  Object.assign(world, { state: "Down", lives: false });
  await pass(100);
  assert.deepEqual(world.left, ["gateway:gw1"]);
  await pass(2000);
  assert.deepEqual([world.left.length, world.echoes], [1, 1]);
  Object.assign(world, { state: "Up", lives: true });
  await pass(100);
  assert.equal(log.lines.at(-1)?.event, "a neighbour is back");
  Object.assign(world, { state: "Down", lives: false });
  await pass(300);
  assert.equal(world.left.length, 2);
});

test("one whose kernel answers stays, and is asked again until it answers BFD, or nothing", async () => {
  const { world, pass } = watching();
  await pass(100);
  world.state = "Down";
  await pass(1000);
  assert.deepEqual(world.left, []);
  assert.ok(world.echoes >= 3 && world.echoes <= 5, `${world.echoes}`);
  world.lives = false;
  await pass(400);
  assert.deepEqual(world.left, ["gateway:gw1"]);
});

test("one that was never up is not judged, nor anybody while the own process is away; its successor judges whom it has seen", async () => {
  const { world, pass } = watching("Down");
  world.lives = false;
  await pass(1000);
  assert.deepEqual([world.left, world.echoes], [[], 0]);
  world.state = "Up";
  await pass(300);
  world.speaks = false;
  await pass(500);
  Object.assign(world, { speaks: true, state: "Init" });
  await pass(1000);
  assert.deepEqual([world.left, world.echoes], [[], 0]);
});

test("whom the process before has seen, its successor does not judge", async () => {
  const { world, pass } = watching();
  await pass(100);
  Object.assign(world, { state: "Down", lives: false });
  world.replace();
  await pass(1000);
  assert.deepEqual([world.left, world.echoes], [[], 0]);
});

test("while BIRD is away nobody can be left: it is tried again", async () => {
  const { world, log, pass } = watching();
  await pass(100);
  Object.assign(world, { state: "Down", lives: false, bird: false });
  await pass(500);
  assert.ok(log.lines.some(({ event }) => event === "its session could not be ended"));
  world.bird = true;
  await pass(400);
  assert.deepEqual(world.left, ["gateway:gw1"]);
});

test("whoever stops watching leaves nobody", async () => {
  const { world, stop, pass } = watching();
  await pass(100);
  stop();
  Object.assign(world, { state: "Down", lives: false });
  await pass(1000);
  assert.deepEqual([world.left, world.closed], [[], true]);
});
