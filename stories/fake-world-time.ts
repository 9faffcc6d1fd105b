/** Time in a world of fakes: one clock for all processes, each of which may be killed at any moment. */
import { setImmediate as turn } from "node:timers/promises";
import { fakeClock } from "#contracts/clock.fake.ts";
import type { Clock } from "#contracts/clock.ts";
import { DRIFT_MS } from "#engine/host-loop.ts";

/** A process, from its start to the moment when it is killed. What it asked for before is never answered after. */
export interface Life {
  readonly alive: boolean;
  end(): void;
}

export function life(): Life {
  let alive = true;
  return {
    get alive() {
      return alive;
    },
    end: () => (alive = false),
  };
}

/** Stays pending as long as nobody asks any more. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}

export interface Time {
  /** The clock as one process sees it: it does not ring for the dead. */
  clockOf(whose: Life): Clock;
  now(): number;
  /** Lets `ms` pass at once, and everything happen that follows from it at once. */
  pass(ms: number): Promise<void>;
  /** Lets `ms` pass, and no more than so many turns of promises: whatever is under way then is half done. */
  hurry(ms: number, turns: number): Promise<void>;
  /**
   * Lets time pass until nothing is under way but what comes around for ever (heartbeats, looking for drift). Throws when
   * that does not come to be.
   */
  rest(): Promise<void>;
}

interface Alarm {
  readonly at: number;
  readonly delay: number;
  readonly whose: Life;
}

/** So often may something be waited for before the world rests. */
const PATIENCE = 500;

export function time(): Time {
  const clock = fakeClock();
  const alarms = new Set<Alarm>();
  const clockOf = (whose: Life): Clock => ({
    now: clock.now,
    after: (delay, call) => {
      const alarm = { at: clock.now() + Math.max(0, delay), delay, whose };
      const takeBack = clock.after(delay, () => {
        alarms.delete(alarm);
        if (whose.alive) call();
      });
      alarms.add(alarm);
      return () => {
        alarms.delete(alarm);
        takeBack();
      };
    },
  });
  const pass = async (ms: number) => {
    await turn(); // the fakes know no other turns than those of promises: after this one, they have all been taken
    clock.pass(ms);
    await turn();
  };
  const hurry = async (ms: number, turns: number) => {
    clock.pass(ms);
    for (let taken = 0; taken < turns; taken++) await Promise.resolve();
  };
  const soonest = () => {
    const due = [...alarms].flatMap(({ at, delay, whose }) => (whose.alive && delay < DRIFT_MS ? [at] : []));
    return due.length === 0 ? undefined : Math.min(...due);
  };
  const rest = async () => {
    await turn();
    for (let waits = 0, due = soonest(); due !== undefined; due = soonest()) {
      if (++waits > PATIENCE) throw new Error(`the world does not come to rest: ${PATIENCE} times something was still to come`);
      await pass(due - clock.now());
    }
  };
  return { clockOf, now: clock.now, pass, hurry, rest };
}
