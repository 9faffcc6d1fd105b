/** The keys of a table in order, for lists that are read page by page: a key comes and goes without the others being moved. */
import { orderTexts } from "../resource/type.ts";

/** A run of keys is cut in two beyond this length: short enough to be moved, long enough for few runs. */
const LONGEST_RUN = 1024;

export type Direction = "up" | "down";

export class SortedKeys {
  /** None is empty, and each is less than the next. */
  readonly #runs: string[][] = [];

  constructor(keys: Iterable<string>) {
    const sorted = [...keys].toSorted(orderTexts);
    for (let at = 0; at < sorted.length; at += LONGEST_RUN / 2) this.#runs.push(sorted.slice(at, at + LONGEST_RUN / 2));
  }

  /** One that is there already stays once. */
  add(key: string): void {
    const run = this.#runs[this.#runOf(key)];
    if (run === undefined) return void this.#runs.push([key]);
    const at = placeIn(run, key);
    if (run[at] === key) return;
    run.splice(at, 0, key);
    if (run.length > LONGEST_RUN) this.#runs.splice(this.#runOf(key) + 1, 0, run.splice(LONGEST_RUN / 2));
  }

  remove(key: string): void {
    const which = this.#runOf(key);
    const run = this.#runs[which];
    const at = run === undefined ? 0 : placeIn(run, key);
    if (run?.[at] !== key) return;
    run.splice(at, 1);
    if (run.length === 0) this.#runs.splice(which, 1);
  }

  /** Keys beyond `marker` (which need not be there itself), or all. Nothing may come or go meanwhile. */
  *walk(direction: Direction, marker?: string): Generator<string> {
    if (direction === "up") yield* this.#up(marker);
    else yield* this.#down(marker);
  }

  *#up(marker: string | undefined): Generator<string> {
    for (let which = marker === undefined ? 0 : this.#runOf(marker); which < this.#runs.length; which += 1)
      for (const key of this.#runs[which] ?? []) if (marker === undefined || key > marker) yield key;
  }

  *#down(marker: string | undefined): Generator<string> {
    for (let which = marker === undefined ? this.#runs.length - 1 : this.#runOf(marker); which >= 0; which -= 1)
      for (const key of this.#runs[which]?.toReversed() ?? []) if (marker === undefined || key < marker) yield key;
  }

  /** The last run that begins at or before the key; else the first. */
  #runOf(key: string): number {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle]?.[0] ?? "") <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Where the key is in a run, or would be. */
function placeIn(run: readonly string[], key: string): number {
  let [low, high] = [0, run.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((run[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
