/**
 * The addresses of a group, in buckets: a group may have tens of thousands, and whoever comes or goes makes one bucket another one and
 * leaves the others the very values that they were. Which bucket an address is in depends on the address alone.
 */
import type { Ip } from "../net/address.ts";

/** By number of the bucket; none is empty. */
export type Members = ReadonlyMap<number, ReadonlySet<Ip>>;

const BUCKETS = 256;

export const NO_MEMBERS: Members = new Map();

export function membersIn(ips: Iterable<Ip>): Members {
  return changedMembers(NO_MEMBERS, new Map([...ips].map((ip) => [ip, true])));
}

export function isMember(all: Members | undefined, ip: Ip): boolean {
  return all?.get(bucketOf(ip))?.has(ip) ?? false;
}

/** `changes` says of each address whether it is in from now on. The same value when nothing is another than before. */
export function changedMembers(all: Members, changes: ReadonlyMap<Ip, boolean>): Members {
  const buckets = new Map<number, Set<Ip>>();
  for (const [ip, isIn] of changes) {
    const bucket = bucketOf(ip);
    const own = buckets.get(bucket);
    if (((own ?? all.get(bucket))?.has(ip) ?? false) === isIn) continue;
    const set = own ?? new Set(all.get(bucket));
    if (own === undefined) buckets.set(bucket, set);
    if (isIn) set.add(ip);
    else set.delete(ip);
  }
  if (buckets.size === 0) return all;
  return new Map([...new Map([...all, ...buckets])].filter(([, set]) => set.size > 0));
}

/** FNV-1a, folded: addresses of one subnet differ at the end, and are spread evenly. */
function bucketOf(ip: Ip): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < ip.length; at++) hash = Math.imul(hash ^ ip.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & (BUCKETS - 1);
}
