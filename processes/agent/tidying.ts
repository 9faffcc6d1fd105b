/** Memory that a great change took, given back: V8 keeps it for the next one, and on a compute host that is memory of VMs. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Finished } from "#engine/host-loop.ts";

/** So many objects changed in one round: a start on an empty host, a large group that comes into sight. */
const GREAT = 2000;
/** By then the host has been looked at again, and nothing holds on to what was changed. */
const REST_MS = 12_000;

/**
 * An agent starts as fast as it can. When nothing great has happened for a while, the heap is cleaned once, which takes some 100 ms; from
 * then on it grows by a quarter of what it holds before V8 cleans it, not by as much again.
 */
export function tidying(): (finished: Finished) => void {
  setFlagsFromString("--expose-gc");
  // The flag counts for contexts that are made after it.
  const collect = runInNewContext("gc") as () => void;
  const later = () =>
    setTimeout(() => {
      setFlagsFromString("--heap-growing-percent=25");
      collect();
    }, REST_MS).unref();
  let timer = later();
  return ({ result }) => {
    if (result.news.length < GREAT) return;
    clearTimeout(timer);
    timer = later();
  };
}
