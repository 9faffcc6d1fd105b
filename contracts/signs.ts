/** Signs of life of VMs, as they come in on taps: what a VM sends of its own accord when it begins to run on a host. */
import type { Ip } from "#core/net/address.ts";
import type { Mac } from "#core/net/mac.ts";

export interface Sign {
  /**
   * Gratuitous ARP (sender and target address are the same), reverse ARP (QEMU announces a migrated VM by it, RFC 903), or an
   * unsolicited neighbour advertisement (RFC 4861, 7.2.6).
   */
  readonly kind: "garp" | "rarp" | "na";
  /** Name of the interface that it came in on. */
  readonly tap: string;
  /** Who says so of itself; whoever hears it decides whether that may be. */
  readonly mac: Mac;
  /** What it says is its own; reverse ARP says none. */
  readonly ip?: Ip;
}

export interface SignsOfLife {
  /** Tells each sign once, as it comes, until the returned function is called. Frames with VLAN tags are not heard. */
  watch(heard: (sign: Sign) => void): () => void;
}
