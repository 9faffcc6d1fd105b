/**
 * Ports that are a VM's own (deterministic NAT, RFC 7422): which address and which ports a VM goes out with follows from its address alone,
 * so that who it was needs no log. So many VMs share an address as there are blocks in it, down to a power of two, as they are told
 * apart by the last bits of their addresses.
 */
import { bitsOf, ipOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { contains, firstOf, prefixOf, sizeOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Span } from "./span.ts";

/** Ports of one address that connections may leave from: 1024 to 65535. */
export const PORTS = 64_512;

/** How many VMs one address has room for. */
export function vmsPerAddress(ports: number): number {
  return 2 ** Math.floor(Math.log2(PORTS / ports));
}

/** How many addresses all VMs of these ranges need. */
export function addressesFor(ranges: readonly Cidr[], ports: number): bigint {
  const each = BigInt(vmsPerAddress(ports));
  return ranges.reduce((sum, range) => sum + (sizeOf(range) + each - 1n) / each, 0n);
}

/** Which VMs share which address of a pool; it has enough of them. */
export function blocksOf(ranges: readonly Cidr[], pool: Span, ports: number): readonly { readonly vms: Cidr; readonly ip: Ip }[] {
  const start = bitsOf(pool.start);
  const shares = ranges.flatMap((range) => sharesOf(range, ports));
  return shares.map((vms, at) => ({ vms, ip: ipOf(4, start + BigInt(at)) }));
}

/** The parts of a range that have an address each. */
function sharesOf(range: Cidr, ports: number): readonly Cidr[] {
  const [each, size, first] = [BigInt(vmsPerAddress(ports)), sizeOf(range), bitsOf(firstOf(range))];
  const length = 32 - Math.log2(Number(each < size ? each : size));
  return Array.from({ length: Number(addressesFor([range], ports)) }, (_, at) => prefixOf(ipOf(4, first + BigInt(at) * each), length));
}

export interface Block {
  readonly ip: Ip;
  readonly first: number;
  readonly last: number;
}

/** What a VM of one of the ranges goes out with. */
export function blockOf(vm: Ip, ranges: readonly Cidr[], pool: Span, ports: number): Block | undefined {
  const ip = blocksOf(ranges, pool, ports).find(({ vms }) => contains(vms, vm))?.ip;
  const first = 1024 + Number(bitsOf(vm) % BigInt(vmsPerAddress(ports))) * ports;
  return ip && { ip, first, last: first + ports - 1 };
}
