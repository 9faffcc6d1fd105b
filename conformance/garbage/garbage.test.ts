/** Garbage in, refusals out. `npm run bench garbage` plays ten times as many. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inconsistencies } from "#core/neutron/consistency.ts";
import { played, replayed } from "./play.ts";

test("whatever is asked is answered, and only what is right changes anything", async () => {
  const { statuses, faults, changing, rows } = await played(20_000, 20261123);
  assert.deepEqual(faults, []);
  assert.ok((statuses.get(400) ?? 0) > 2000 && (statuses.get(200) ?? 0) > 1000, JSON.stringify([...statuses]));
  assert.ok(changing.length > 500, `${changing.length} requests changed something`);
  assert.deepEqual(await replayed(changing), rows);
  assert.deepEqual(inconsistencies(rows), []);
});
