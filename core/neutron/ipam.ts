/**
 * Address management: which address a port gets. There is one address space, so an address has at most one port in the
 * whole cloud, whatever network it is on.
 *
 * An address is chosen by chance within the pools, then the next free one is taken. One that was just released is not
 * given out again for a while (released.ts), nor is the gateway of any subnet, be it within the pool of another.
 *
 * A choice costs a few look-ups in a tree, however many addresses are taken or rest: among a hundred thousand ports what it
 * costs among a thousand (address-space.test.ts counts them). A pool that is full costs one more search.
 */
import { bitsOf, familyOf, ipOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { firstOf, lastOf, lengthOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh } from "./decision.ts";
import type { Subnet } from "./subnet.ts";

/** Both ends included. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** Are addresses derived from the MAC here (RFC 4862)? */
export function isAutomatic(subnet: Pick<Subnet, "ipv6_address_mode">): boolean {
  return subnet.ipv6_address_mode === "slaac" || subnet.ipv6_address_mode === "dhcpv6-stateless";
}

/** What hosts can have of a block: not the network address (in IPv6: the routers' anycast), nor IPv4's broadcast address; all of very small blocks. */
export function hostsOf(block: Cidr): Span {
  const [first, last] = [bitsOf(firstOf(block)), bitsOf(lastOf(block))];
  const family = familyOf(block);
  if (last - first < (family === 4 ? 2n : 1n)) return { first, last };
  return { first: first + 1n, last: family === 4 ? last - 1n : last };
}

/** Can a host of this block have it? */
export function isHostOf(block: Cidr, address: Ip): boolean {
  const { first, last } = hostsOf(block);
  const bits = bitsOf(address);
  return familyOf(block) === familyOf(address) && bits >= first && bits <= last;
}

/** What is given out unasked: all hosts but the gateway. */
export function defaultPools(block: Cidr, gateway: Ip | null): readonly { readonly start: Ip; readonly end: Ip }[] {
  const hosts = hostsOf(block);
  const bits = gateway === null || familyOf(gateway) !== familyOf(block) ? -1n : bitsOf(gateway);
  const inside = bits >= hosts.first && bits <= hosts.last;
  const spans = inside
    ? [
        { first: hosts.first, last: bits - 1n },
        { first: bits + 1n, last: hosts.last },
      ]
    : [hosts];
  const family = familyOf(block);
  return spans
    .filter(({ first, last }) => first <= last)
    .map(({ first, last }) => ({ start: ipOf(family, first), end: ipOf(family, last) }));
}

/** The first host address in either family: `::1` in IPv6, as the operator expects to see. None in blocks without room for one. */
export function defaultGateway(block: Cidr): Ip | null {
  const family = familyOf(block);
  return lengthOf(block) > (family === 4 ? 30 : 126) ? null : ipOf(family, bitsOf(firstOf(block)) + 1n);
}

/** Addresses that the same decision has given out before. */
export interface Choice {
  readonly fresh: Fresh;
  readonly claimed: ReadonlySet<Ip>;
}

/** A free address of the pools; undefined when there is none. */
export function freeAddress(cloud: Cloud, subnet: Subnet, choice: Choice): Ip | undefined {
  cloud.addresses.pass(choice.fresh.now);
  const pools = subnet.allocation_pools.map(({ start, end }) => ({ first: bitsOf(start), last: bitsOf(end) }));
  const size = pools.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  if (size === 0n) return undefined;
  for (const span of startingAt(pools, choice.fresh.below(size))) {
    const found = firstFree(cloud, subnet, { span, claimed: choice.claimed });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All of the pools once around, from their `offset`th address. */
function startingAt(pools: readonly Span[], offset: bigint): readonly Span[] {
  let left = offset;
  const at = pools.findIndex(({ first, last }) => {
    const here = left <= last - first;
    if (!here) left -= last - first + 1n;
    return here;
  });
  const pool = pools[at];
  if (pool === undefined) throw new Error(`the pools have no ${offset}th address`);
  const start = pool.first + left;
  return [{ first: start, last: pool.last }, ...pools.slice(at + 1), ...pools.slice(0, at), { first: pool.first, last: start - 1n }];
}

function firstFree(
  cloud: Cloud,
  { ip_version: family }: Subnet,
  { span, claimed }: { readonly span: Span; readonly claimed: ReadonlySet<Ip> },
): Ip | undefined {
  for (let bits = span.first; ; bits++) {
    bits = cloud.addresses.nextFree(family, bits);
    if (bits > span.last) return undefined;
    const address = ipOf(family, bits);
    if (!claimed.has(address)) return address;
  }
}
