import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { contact } from "./contact.ts";

function setting() {
  const [clock, log] = [fakeClock(), fakeLog()];
  const states: string[] = [];
  const one = contact({ clock, log, state: (text) => states.push(text) });
  return { ...one, clock, states, told: () => log.lines.map(({ level, event, fields }) => `${level} ${event} ${JSON.stringify(fields)}`) };
}

const HOUR = 3_600_000;

test("a controller that is gone is told at once, then ever more rarely, then hourly", () => {
  const { lost, clock, told, states } = setting();
  lost("connect ECONNREFUSED");
  assert.deepEqual(told(), [`warn not connected {"reason":"connect ECONNREFUSED"}`]);
  assert.deepEqual(states, ["not connected since 2026-11-23T08:00:00Z: connect ECONNREFUSED"]);
  clock.pass(60_000);
  assert.equal(told().length, 2);
  assert.equal(told()[1], `warn still not connected {"since":"2026-11-23T08:00:00Z","reason":"connect ECONNREFUSED"}`);
  clock.pass(10 * HOUR);
  // 1, 3, 7, 15, 31 and 63 minutes after it was lost, then each hour.
  assert.equal(told().length, 1 + 6 + 8);
});

test("two controllers that are gone for different reasons are no flood, and the last reason is shown", () => {
  const { lost, clock, told, states } = setting();
  for (let second = 0; second < 50; second++) {
    lost(second % 2 === 0 ? "refused" : "no route");
    clock.pass(1000);
  }
  assert.equal(told().length, 1);
  assert.equal(states.at(-1), "not connected since 2026-11-23T08:00:00Z: no route");
});

test("when it is there again that is told with how long it was gone, and the next loss is news", () => {
  const { lost, heard, clock, told, states } = setting();
  lost("refused");
  clock.pass(90_000);
  heard();
  heard();
  assert.equal(told().at(-1), `info connected {"after_seconds":90}`);
  assert.equal(states.at(-1), "connected");
  clock.pass(HOUR);
  assert.equal(told().filter((line) => line.includes("still")).length, 1);
  lost("refused");
  assert.equal(told().at(-1), `warn not connected {"reason":"refused"}`);
  assert.equal(states.at(-1), "not connected since 2026-11-23T09:01:30Z: refused");
});

test("who stops is reminded no more", () => {
  const { lost, stop, clock, told } = setting();
  lost("refused");
  stop();
  clock.pass(HOUR);
  assert.equal(told().length, 1);
});
