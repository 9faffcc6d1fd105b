/** Kernel settings under /proc/sys. We only speak of those we want: forgetting one leaves it as it is. */
import type { Kind } from "./kind.ts";

export interface Sysctl {
  /** Path below /proc/sys, with slashes (interface names may hold dots): `net/ipv4/conf/tap1/proxy_arp`. */
  readonly path: string;
  readonly value: string;
}

const PER_LINK = /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//;

export const sysctl: Kind<Sysctl> = {
  name: "sysctl",
  key: (value) => value.path,
  same: (want, have) => want.value === have.value,
  isOurs: () => false,
  needs: (value) => {
    const owner = PER_LINK.exec(value.path)?.[1];
    return owner === undefined || owner === "all" || owner === "default" ? [] : [`link/${owner}`];
  },
  show: (value) => `${value.path} = ${value.value}`,
};
