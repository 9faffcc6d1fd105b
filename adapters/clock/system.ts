/** The machine's clock. */
import type { Clock } from "#contracts/clock.ts";

export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    after: (ms, call) => {
      // No delay means: when what has already arrived has been seen to. A timer would take a millisecond at least.
      if (ms <= 0) {
        const immediate = setImmediate(call);
        return () => clearImmediate(immediate);
      }
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
  };
}
