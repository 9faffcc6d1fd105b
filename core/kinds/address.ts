/**
 * Addresses that Margay puts on the links of others: on taps, the one under which every VM finds its metadata over IPv6.
 * Nobody else has a reason to put it there, so the address itself tells that it is ours. (What own links carry is part of
 * those links.)
 */
import type { Ip } from "../net/address.ts";
import type { Kind } from "./kind.ts";

export interface TapAddress {
  readonly dev: string;
  readonly ip: Ip;
}

/** As OpenStack has it: 169.254.169.254 written as a link-local address of IPv6. */
export const METADATA6 = "fe80::a9fe:a9fe" as Ip;

export function isOwnAddress({ dev, ip }: TapAddress): boolean {
  return dev.startsWith("tap") && ip === METADATA6;
}

export const address: Kind<TapAddress> = {
  name: "address",
  key: (value) => `${value.dev} ${value.ip}`,
  same: () => true,
  needs: (value) => [`link/${value.dev}`],
  show: (value) => `${value.ip} dev ${value.dev}`,
};
