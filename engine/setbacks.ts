/** Which objects failed, and until when they are left alone. What is wanted otherwise than when it failed is tried at once. */
import { LONGEST_PAUSE, retryAfter } from "#core/reconcile/retry.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Entry } from "./round.ts";
import type { Item } from "./track.ts";

interface Setback {
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly value: string;
  readonly reason: string;
}

export interface Setbacks {
  /** The reason that it failed for, as long as it rests. */
  resting(item: Item, now: number): string | undefined;
  /** Takes in a round's entries. */
  learn(entries: readonly Entry[], now: number): void;
  /** When the next one is due, of those that rest; undefined when none does. */
  due(): number | undefined;
}

export function setbacks(): Setbacks {
  let known = new Map<Ref, Setback>();
  const restingAt = (item: Item, now: number) => {
    const setback = known.get(item.ref);
    // A clock that was put back would make it rest for as long.
    const rests = setback !== undefined && setback.until > now && setback.until <= now + LONGEST_PAUSE;
    return rests && setback.value === JSON.stringify(item.value) ? setback : undefined;
  };
  return {
    resting: (item, now) => restingAt(item, now)?.reason,
    learn: (entries, now) => {
      const failed = entries.flatMap((entry) =>
        // Trying again does not settle a contest: another intent does.
        entry.outcome.state === "failed" && entry.op !== "contested" ? [{ entry, reason: entry.outcome.reason }] : [],
      );
      known = new Map(
        failed.map(({ entry, reason }) => [entry.ref, restingAt(entry, now) ?? next(known.get(entry.ref), { entry, reason, now })]),
      );
    },
    due: () => (known.size === 0 ? undefined : Math.min(...[...known.values()].map(({ until }) => until))),
  };
}

function next(
  last: Setback | undefined,
  { entry, reason, now }: { readonly entry: Entry; readonly reason: string; readonly now: number },
): Setback {
  // What could not even be listed does not rest: as soon as it can be, it is done. It only says when to look again.
  const value = entry.op === "unknown" ? "" : JSON.stringify(entry.value);
  const attempts = last?.value === value ? last.attempts + 1 : 1;
  return { attempts, until: now + retryAfter(attempts), value, reason };
}
