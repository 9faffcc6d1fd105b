/**
 * Ports that are a VM's own (deterministic NAT, RFC 7422): which address and which ports a VM goes out with follows from its address alone,
 * so that who it was needs no log. So many VMs share an address as there are blocks in it, down to a power of two, as they are told
 * apart by the last bits of their addresses.
 */
import { bitsOf, ipOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { firstOf, prefixOf, sizeOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Span } from "./span.ts";

/** Ports of one address that connections may leave from: 1024 to 65535. */
export const PORTS = 64_512;

/** How many VMs one address has room for. */
export function vmsPerAddress(ports: number): number {
  return 2 ** Math.floor(Math.log2(PORTS / ports));
}

/** How many addresses all VMs of a range need. */
export function addressesFor(range: Cidr, ports: number): bigint {
  const each = BigInt(vmsPerAddress(ports));
  return (sizeOf(range) + each - 1n) / each;
}

/** Which VMs share which address of a pool; it has enough of them. */
export function blocksOf(range: Cidr, pool: Span, ports: number): readonly { readonly vms: Cidr; readonly ip: Ip }[] {
  const each = BigInt(vmsPerAddress(ports));
  const [first, start] = [bitsOf(firstOf(range)), bitsOf(pool.start)];
  return Array.from({ length: Number(addressesFor(range, ports)) }, (_, at) => ({
    vms: prefixOf(ipOf(4, first + BigInt(at) * each), 32 - Math.log2(Number(each < sizeOf(range) ? each : sizeOf(range)))),
    ip: ipOf(4, start + BigInt(at)),
  }));
}

export interface Block {
  readonly ip: Ip;
  readonly first: number;
  readonly last: number;
}

/** What a VM goes out with. */
export function blockOf(vm: Ip, range: Cidr, pool: Span, ports: number): Block {
  const each = BigInt(vmsPerAddress(ports));
  const at = bitsOf(vm) - bitsOf(firstOf(range));
  const first = 1024 + Number(bitsOf(vm) % each) * ports;
  return { ip: ipOf(4, bitsOf(pool.start) + at / each), first, last: first + ports - 1 };
}
