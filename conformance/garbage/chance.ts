/** Chance that comes again: the same seed, the same choices. */

export interface Chance {
  /** From 0 up to, and not including, `bound`. */
  below(bound: number): number;
  /** True once in `times`. */
  oneIn(times: number): boolean;
  /** One of a list that is not empty. */
  of<T>(list: readonly T[]): T;
}

/** mulberry32. */
export function chance(seed: number): Chance {
  let state = seed | 0;
  const below = (bound: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
  return {
    below,
    oneIn: (times) => below(times) === 0,
    of: (list) => {
      const one = list[below(list.length)];
      if (one === undefined) throw new Error("nothing to choose from");
      return one;
    },
  };
}
