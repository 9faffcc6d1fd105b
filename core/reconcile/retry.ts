/** When what failed is tried again. */

const FIRST = 250;
export const LONGEST_PAUSE = 30_000;

/** Milliseconds to wait after the `attempts`th failure in a row: twice as long each time, up to half a minute. */
export function retryAfter(attempts: number): number {
  return Math.min(LONGEST_PAUSE, FIRST * 2 ** (Math.max(1, attempts) - 1));
}
