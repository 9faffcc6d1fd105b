import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { systemFresh } from "./fresh.ts";

test("time is RFC 3339 in UTC, to the second", () => {
  assert.equal(systemFresh(fakeClock(Date.UTC(2026, 10, 23, 8, 0, 0, 999))).now, "2026-11-23T08:00:00Z");
});

test("ids are UUIDs of version 4, each another", () => {
  const fresh = systemFresh(fakeClock());
  const ids = Array.from({ length: 100 }, () => fresh.uuid());
  assert.equal(new Set(ids).size, 100);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("chance stays below its bound and reaches all of it, however large", () => {
  const { below } = systemFresh(fakeClock());
  const drawn = new Set(Array.from({ length: 400 }, () => below(5n)));
  assert.deepEqual([...drawn].toSorted(), [0n, 1n, 2n, 3n, 4n]);
  assert.equal(below(1n), 0n);
  const large = Array.from({ length: 50 }, () => below(1n << 64n));
  assert.ok(large.every((value) => value >= 0n && value < 1n << 64n));
  assert.ok(large.some((value) => value >= 1n << 60n));
  assert.throws(() => below(0n), /up to, and not including, 0/);
});
