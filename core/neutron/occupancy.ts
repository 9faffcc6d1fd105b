/**
 * Which of a family's addresses are taken, as a sparse tree of 32-bit words: a bit of the lowest level is one address,
 * a bit further up says that the whole word below it is full. The next free address is a few words away, however many are taken.
 */
const BITS = 5n;
const FULL = -1;

export class Occupancy {
  readonly #levels: Map<bigint, number>[] = [];
  readonly #depth: number;

  /** For numbers of `width` bits. */
  constructor(width: number) {
    this.#depth = Math.ceil(width / Number(BITS));
    for (let level = 0; level < this.#depth; level++) this.#levels.push(new Map());
  }

  add(number: bigint): void {
    let at = number;
    for (const words of this.#levels) {
      const word = (words.get(at >> BITS) ?? 0) | bitOf(at);
      words.set(at >> BITS, word);
      if (word !== FULL) return;
      at >>= BITS;
    }
  }

  remove(number: bigint): void {
    let at = number;
    for (const words of this.#levels) {
      const before = words.get(at >> BITS) ?? 0;
      const word = before & ~bitOf(at);
      if (word === 0) words.delete(at >> BITS);
      else words.set(at >> BITS, word);
      if (before !== FULL) return;
      at >>= BITS;
    }
  }

  /** The first number from `from` on that is not taken; it may lie beyond the family's width when all are. */
  nextFree(from: bigint): bigint {
    let [at, level] = [from, 0];
    for (;;) {
      if (level === this.#depth) return at << (BITS * BigInt(level));
      const free = ~(this.#levels[level]?.get(at >> BITS) ?? 0) & (FULL << Number(at & 31n));
      if (free === 0) {
        at = (at >> BITS) + 1n;
        level++;
      } else {
        at = ((at >> BITS) << BITS) | BigInt(lowestBit(free));
        if (level === 0) return at;
        at <<= BITS;
        level--;
      }
    }
  }
}

function bitOf(at: bigint): number {
  return 1 << Number(at & 31n);
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
