import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfter } from "./retry.ts";

test("retries come soon at first, then rarer, and never stop", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 1000].map(retryAfter), [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});
