/**
 * Permanent neighbour entries.
 *
 * A guest may refuse to answer ARP from outside its own subnet (arp_ignore 2), and our end of the link always is
 * outside. So the kernel is given the answer instead of having to ask.
 */
import type { Ip } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Kind } from "./kind.ts";

export interface Neighbour {
  readonly dev: string;
  readonly ip: Ip;
  readonly lladdr: Mac;
}

export const neighbour: Kind<Neighbour> = {
  name: "neighbour",
  key: (value) => `${value.dev} ${value.ip}`,
  same: (want, have) => want.lladdr === have.lladdr,
  needs: (value) => [`link/${value.dev}`],
  show: (value) => `${value.ip} dev ${value.dev} lladdr ${value.lladdr}`,
};
