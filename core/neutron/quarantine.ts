/**
 * Addresses that were released a while ago, by the time until which nobody is given them unasked. A row for each is in the
 * store (released.ts), so a restart forgets none; its time may be over before its row is gone.
 */
import type { Ip } from "../net/address.ts";

/** Times are RFC 3339 in UTC, whole seconds: their order is that of their texts. */
export class Quarantine {
  readonly #until = new Map<Ip, string>();
  /** Those that are still to come, ascending, and the addresses of each. */
  readonly #times: string[] = [];
  readonly #ending = new Map<string, Set<Ip>>();
  readonly #over = new Set<Ip>();

  /** `until` undefined: its row is gone. */
  set(address: Ip, until: string | undefined): void {
    const before = this.#until.get(address);
    if (before !== undefined) this.#forget(address, before);
    if (until === undefined) return;
    this.#until.set(address, until);
    this.#addressesUntil(until).add(address);
  }

  /** Is there a row of it, whether its time is over or not? */
  has(address: Ip): boolean {
    return this.#until.has(address);
  }

  holds(address: Ip): boolean {
    return this.#until.has(address) && !this.#over.has(address);
  }

  /** Lets time pass; tells whose time was over for the first time. */
  pass(now: string): readonly Ip[] {
    const ended: Ip[] = [];
    for (let [time] = this.#times; time !== undefined && time <= now; [time] = this.#times) {
      ended.push(...(this.#ending.get(time) ?? []));
      this.#ending.delete(time);
      this.#times.shift();
    }
    for (const address of ended) this.#over.add(address);
    return ended;
  }

  /** Those whose time is over, and whose rows are still there. */
  over(): Iterable<Ip> {
    return this.#over;
  }

  #forget(address: Ip, until: string): void {
    this.#until.delete(address);
    this.#over.delete(address);
    const ending = this.#ending.get(until);
    if (ending?.delete(address) !== true || ending.size > 0) return;
    this.#ending.delete(until);
    this.#times.splice(this.#placeOf(until), 1);
  }

  #addressesUntil(time: string): Set<Ip> {
    const there = this.#ending.get(time);
    if (there !== undefined) return there;
    const addresses = new Set<Ip>();
    this.#ending.set(time, addresses);
    this.#times.splice(this.#placeOf(time), 0, time);
    return addresses;
  }

  /** Nearly always the end; not where rows are loaded, which come in the order of addresses. */
  #placeOf(time: string): number {
    let [low, high] = [0, this.#times.length];
    if (high > 0 && (this.#times[high - 1] ?? "") < time) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? "") < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
