/** Every address that a port of the cloud has, and whose it is: one address space, so an address has at most one port. */
import { bitsOf, familyOf, widthOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { Occupancy } from "./occupancy.ts";

export class Addresses {
  readonly #ports = new Map<Ip, string>();
  readonly #taken: Readonly<Record<Family, Occupancy>> = { 4: new Occupancy(widthOf(4)), 6: new Occupancy(widthOf(6)) };

  /** Id of the port that has it. */
  ownerOf(address: Ip): string | undefined {
    return this.#ports.get(address);
  }

  /** How many are taken. */
  get size(): number {
    return this.#ports.size;
  }

  /** The first address, as a number, from `from` on that no port has. */
  nextFree(family: Family, from: bigint): bigint {
    return this.#taken[family].nextFree(from);
  }

  /** Moves a port from the addresses that it had to those that it has. */
  move(port: string, had: Iterable<Ip>, has: Iterable<Ip>): void {
    for (const address of had) {
      // Its next owner may have been told before its last one let go.
      if (this.#ports.get(address) !== port) continue;
      this.#ports.delete(address);
      this.#taken[familyOf(address)].remove(bitsOf(address));
    }
    for (const address of has) {
      this.#ports.set(address, port);
      this.#taken[familyOf(address)].add(bitsOf(address));
    }
  }
}
