/** A clock that stands until it is told to go on. */
import type { Clock } from "./clock.ts";

export interface FakeClock extends Clock {
  /** Lets `ms` pass: what falls due is called in its order, also what was asked for on the way. */
  pass(ms: number): void;
}

interface Alarm {
  readonly at: number;
  readonly call: () => void;
}

export function fakeClock(start = Date.UTC(2026, 10, 23, 8)): FakeClock {
  let now = start;
  const alarms = new Set<Alarm>();
  const nextBefore = (end: number) => [...alarms].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];

  return {
    now: () => now,
    after: (ms, call) => {
      const alarm = { at: now + Math.max(ms, 0), call };
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
    pass: (ms) => {
      const end = now + ms;
      for (let alarm = nextBefore(end); alarm !== undefined; alarm = nextBefore(end)) {
        alarms.delete(alarm);
        now = alarm.at;
        alarm.call();
      }
      now = end;
    },
  };
}
