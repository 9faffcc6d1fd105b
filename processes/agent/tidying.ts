/**
 * Memory that is not needed, given back: V8 keeps what a start or a great change took for the next one, and on a compute host that is
 * memory of VMs.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Finished } from "#engine/host-loop.ts";

/** So many objects changed in one round: a large group that comes into sight. */
const GREAT = 2000;
/** By then the host has been looked at again, and nothing holds on to what was changed. */
const REST_MS = 12_000;

/** Takes some 100 ms once, when nothing at all has happened for a while. */
export function tidying(): (finished: Finished) => void {
  let timer: NodeJS.Timeout | undefined;
  // Of the start.
  let isDue = true;
  const tidy = () => {
    isDue = false;
    // From now on the heap grows by a third of what it holds before it is cleaned, not by as much again: a start would be cleaning all the time.
    setFlagsFromString("--heap-growing-percent=35");
    collect();
  };
  return ({ result, changed }) => {
    isDue ||= result.news.length >= GREAT;
    if (!isDue || !changed) return;
    clearTimeout(timer);
    timer = setTimeout(tidy, REST_MS).unref();
  };
}

/** Only what V8 calls the last resort gives back the room that young objects had. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  // The flag counts for contexts that are made after it.
  const gc = runInNewContext("gc") as (options: object) => void;
  gc({ type: "major", execution: "sync", flavor: "last-resort" });
}
