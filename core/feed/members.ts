/** The addresses of a group, in shares, as a group may have tens of thousands: those in which nobody comes or goes stay the very values that they were. */
import type { Ip } from "../net/address.ts";
import { shareOf } from "../net/share.ts";

/** By number of the share; none is empty. */
export type Members = ReadonlyMap<number, ReadonlySet<Ip>>;

export const NO_MEMBERS: Members = new Map();

export function membersIn(ips: Iterable<Ip>): Members {
  return changedMembers(NO_MEMBERS, new Map([...ips].map((ip) => [ip, true])));
}

export function isMember(all: Members | undefined, ip: Ip): boolean {
  return all?.get(shareOf(ip))?.has(ip) ?? false;
}

/** `changes` says of each address whether it is in from now on. The same value when nothing is another than before. */
export function changedMembers(all: Members, changes: ReadonlyMap<Ip, boolean>): Members {
  const shares = new Map<number, Set<Ip>>();
  for (const [ip, isIn] of changes) {
    const share = shareOf(ip);
    const own = shares.get(share);
    if (((own ?? all.get(share))?.has(ip) ?? false) === isIn) continue;
    const set = own ?? new Set(all.get(share));
    if (own === undefined) shares.set(share, set);
    if (isIn) set.add(ip);
    else set.delete(ip);
  }
  if (shares.size === 0) return all;
  return new Map([...new Map([...all, ...shares])].filter(([, set]) => set.size > 0));
}
