/**
 * How often an address may fail to log in: some times at once, then one more every so many seconds. An attempt counts from
 * its beginning, so that many at once are no way around it, and is given back when it did not fail.
 */
import type { Clock } from "#contracts/clock.ts";
import { familyOf, readIp } from "#core/net/address.ts";
import { prefixOf } from "#core/net/prefix.ts";

export interface Attempts {
  /** False: too many have failed, and this one must not even be tried. */
  begin(from: string): boolean;
  giveBack(from: string): void;
}

export interface AttemptLimits {
  readonly atOnce: number;
  /** Until one more is allowed. */
  readonly secondsEach: number;
}

export const ATTEMPTS: AttemptLimits = { atOnce: 20, secondsEach: 6 };

/** Beyond this many addresses the longest unused is forgotten: an attacker with so many gains little by that. */
const MOST_ADDRESSES = 10_000;

interface Budget {
  readonly left: number;
  readonly at: number;
}

export function attempts(clock: Clock, { atOnce, secondsEach }: AttemptLimits = ATTEMPTS): Attempts {
  const budgets = new Map<string, Budget>();
  const now = (key: string): number => {
    const known = budgets.get(key);
    return known === undefined ? atOnce : Math.min(atOnce, known.left + Math.max(0, clock.now() - known.at) / 1000 / secondsEach);
  };
  const set = (key: string, left: number): void => {
    budgets.delete(key);
    if (left < atOnce) budgets.set(key, { left, at: clock.now() });
    const [oldest] = budgets.size > MOST_ADDRESSES ? budgets.keys() : [];
    if (oldest !== undefined) budgets.delete(oldest);
  };
  return {
    begin: (from) => {
      const key = networkOf(from);
      const left = now(key);
      if (left < 1) return false;
      set(key, left - 1);
      return true;
    },
    giveBack: (from) => {
      const key = networkOf(from);
      set(key, Math.min(atOnce, now(key) + 1));
    },
  };
}

/** One client has a whole /64 of IPv6 addresses. */
function networkOf(from: string): string {
  const ip = readIp(from.replace(/^::ffff:/, "").replace(/%.*$/, ""));
  return ip === undefined || familyOf(ip) === 4 ? from : prefixOf(ip, 64);
}
