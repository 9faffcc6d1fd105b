/** A short storm; `npm run bench kill-storm -- --times 100` is a long one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { killStorm } from "../../bench/kill-storm.ts";

test(
  "a controller that is killed under writers has every answered write, and of others all or nothing",
  { timeout: 120_000 },
  async (t) => {
    const { problems, answered, unanswered, committed, kills } = await killStorm(5);
    t.diagnostic(`${kills} kills, ${answered} answered, ${unanswered} not, ${committed} of them committed`);
    assert.deepEqual(problems, []);
    assert.ok(answered > 0 && unanswered > 0);
  },
);
