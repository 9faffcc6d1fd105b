/** Requests by the hundred thousand, most of them wrong: every one answered, none by 5xx where Neutron has none, and nothing kept that a wrong one said. */
import { isDeepStrictEqual } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { played, replayed } from "#conformance/garbage/play.ts";
import { atMost } from "./figure.ts";
import type { Bench } from "./figure.ts";

const REQUESTS = 200_000;
const SEED = 1;
/** What a program keeps of itself: code that was compiled, caches of fixed size. */
const KEPT_MB = 64;

export const garbage: Bench = async (say, { times = REQUESTS }) => {
  // Warm: what the first requests load stays.
  await played(2000, SEED);
  const before = heap();
  const { statuses, faults, changing, rows } = await played(times, SEED);
  say(
    [...statuses]
      .toSorted(([left], [right]) => left - right)
      .map(([status, count]) => `${status}: ${count}`)
      .join(", "),
  );
  for (const fault of faults.slice(0, 5)) say(fault);
  const same = isDeepStrictEqual(await replayed(changing), rows);
  const size = JSON.stringify([...rows]).length / 2 ** 20;
  return [
    atMost(`${times} requests, most of them wrong: answered by 5xx, or not at all`, faults.length, {
      limit: 0,
      unit: "requests",
    }),
    atMost("store differs from what the right ones made", same ? 0 : 1, { limit: 0, unit: "stores" }),
    atMost("memory that stays, besides what is stored", heap() - before - 4 * size, { limit: KEPT_MB, unit: "MB" }),
  ];
};

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
