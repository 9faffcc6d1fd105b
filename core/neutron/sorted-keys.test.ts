import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SortedKeys } from "./sorted-keys.ts";

const key = fc.nat(5000).map((n) => n.toString(16).padStart(4, "0"));
const step = fc.oneof(
  key.map((add) => ({ add })),
  key.map((remove) => ({ remove })),
);

test("whatever came and went, in whatever order, the keys are walked in order, both ways, from anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 3000, size: "max" }),
      fc.array(step, { maxLength: 3000, size: "max" }),
      key,
      (first, steps, marker) => {
        const sorted = new SortedKeys(new Set(first));
        const there = new Set(first);
        for (const one of steps) {
          if ("add" in one) sorted.add(one.add);
          else sorted.remove(one.remove);
          if ("add" in one) there.add(one.add);
          else there.delete(one.remove);
        }
        const all = [...there].toSorted();
        assert.deepEqual([...sorted.walk("up")], all);
        assert.deepEqual([...sorted.walk("down")], all.toReversed());
        assert.deepEqual(
          [...sorted.walk("up", marker)],
          all.filter((one) => one > marker),
        );
        assert.deepEqual([...sorted.walk("down", marker)], all.filter((one) => one < marker).toReversed());
      },
    ),
    { numRuns: 50 },
  );
});

test("runs are cut where they grow too long, and go when they are empty", () => {
  const keys = Array.from({ length: 10_000 }, (_, n) => n.toString().padStart(5, "0"));
  const sorted = new SortedKeys([]);
  for (const one of keys) sorted.add(one);
  assert.deepEqual([...sorted.walk("up")], keys);
  for (const one of keys.slice(10)) sorted.remove(one);
  assert.deepEqual([...sorted.walk("down")], keys.slice(0, 10).toReversed());
  for (const one of keys) sorted.remove(one);
  assert.deepEqual([...sorted.walk("up", "0")], []);
  sorted.add("x");
  assert.deepEqual([...sorted.walk("down")], ["x"]);
});
