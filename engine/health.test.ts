/** `/healthz` over fakes: what stops a controller from doing its work is told, and asked at most once a second. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import type { HttpRequest } from "#contracts/http.ts";
import { healthDoor } from "./health.ts";
import type { HealthParts } from "./health.ts";

const request: HttpRequest = { method: "GET", path: "/healthz", query: [], headers: {}, text: "", base: "" };

function world(more: Partial<HealthParts> = {}) {
  const clock = fakeClock();
  let tries = 0;
  const parts: HealthParts = {
    store: { range: async () => ({ revision: 7, entries: [] }), tryWrite: async () => void (tries += 1) },
    present: { revision: () => 7 },
    clock: { ...clock, after: (_ms, call) => (setImmediate(call), () => undefined) },
    ...more,
  };
  const ask = healthDoor(parts, async () => ({ status: 299 }));
  return { clock, ask, tries: () => tries };
}

test("all is well", async () => {
  const { ask } = world();
  assert.deepEqual(await ask(request), { status: 200, body: { status: "ok", store: { writable: true }, watch: { alive: true } } });
  assert.equal((await ask({ ...request, method: "POST" })).status, 405);
  assert.equal((await ask({ ...request, path: "/other" })).status, 299);
});

test("a store that takes no writes is told with its reason", async () => {
  const full = { range: async () => ({ revision: 7, entries: [] }), tryWrite: () => Promise.reject(new Error("database or disk is full")) };
  assert.deepEqual(await world({ store: full }).ask(request), {
    status: 503,
    body: { status: "failing", store: { writable: false, reason: "database or disk is full" }, watch: { alive: true } },
  });
});

test("readers that do not hear of commits are told", async () => {
  const answer = await world({ present: { revision: () => 6 } }).ask(request);
  assert.deepEqual([answer.status, (answer.body as { watch: object }).watch], [503, { alive: false }]);
});

test("whoever asks often costs one write a second", async () => {
  const { ask, tries, clock } = world();
  for (let n = 0; n < 10; n++) await ask(request);
  assert.equal(tries(), 1);
  clock.pass(1001);
  await ask(request);
  assert.equal(tries(), 2);
});
