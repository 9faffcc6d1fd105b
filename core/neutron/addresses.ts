/**
 * Every address of the cloud that is not to be given out: those of ports, those of gateways, and those that were released a
 * moment ago. There is one address space, so an address has at most one port.
 */
import { bitsOf, familyOf, widthOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { Occupancy } from "./occupancy.ts";
import { Quarantine } from "./quarantine.ts";

export class Addresses {
  readonly #ports = new Map<Ip, string>();
  /** How many subnets have it as their gateway. */
  readonly #gateways = new Map<Ip, number>();
  readonly #quarantine = new Quarantine();
  readonly #taken: Readonly<Record<Family, Occupancy>> = { 4: new Occupancy(widthOf(4)), 6: new Occupancy(widthOf(6)) };

  /** Id of the port that has it. */
  ownerOf(address: Ip): string | undefined {
    return this.#ports.get(address);
  }

  /** Of how many subnets is it the gateway? */
  gatewaysAt(address: Ip): number {
    return this.#gateways.get(address) ?? 0;
  }

  /** How many ports have. */
  get size(): number {
    return this.#ports.size;
  }

  /** The first address, as a number, from `from` on that may be given out as of the time that has passed. */
  nextFree(family: Family, from: bigint): bigint {
    return this.#taken[family].nextFree(from);
  }

  /** Moves a port from the addresses that it had to those that it has. */
  move(port: string, had: Iterable<Ip>, has: Iterable<Ip>): void {
    for (const address of had) {
      // Its next owner may have been told before its last one let go.
      if (this.#ports.get(address) !== port) continue;
      this.#ports.delete(address);
      this.#settle(address);
    }
    for (const address of has) {
      this.#ports.set(address, port);
      this.#settle(address);
    }
  }

  /** Moves a subnet from the gateway that it had to the one that it has. */
  moveGateway(had: Ip | null, has: Ip | null): void {
    for (const [address, by] of [[had, -1] as const, [has, 1] as const]) {
      if (address === null) continue;
      const count = this.gatewaysAt(address) + by;
      if (count === 0) this.#gateways.delete(address);
      else this.#gateways.set(address, count);
      this.#settle(address);
    }
  }

  /** Nobody is given it unasked before `until`; undefined: no longer. */
  release(address: Ip, until: string | undefined): void {
    this.#quarantine.set(address, until);
    this.#settle(address);
  }

  /** Was it released, and is there still a row of that? */
  isReleased(address: Ip): boolean {
    return this.#quarantine.has(address);
  }

  /** Lets time pass. Decisions give the time; it is told here as the trees cannot ask which of their addresses are due. */
  pass(now: string): void {
    for (const address of this.#quarantine.pass(now)) this.#settle(address);
  }

  /** Released ones that are free again, and whose rows are still there. */
  over(): Iterable<Ip> {
    return this.#quarantine.over();
  }

  #settle(address: Ip): void {
    const taken = this.#ports.has(address) || this.#gateways.has(address) || this.#quarantine.holds(address);
    this.#taken[familyOf(address)][taken ? "add" : "remove"](bitsOf(address));
  }
}
