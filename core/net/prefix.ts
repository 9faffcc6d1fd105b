/**
 * Prefixes (CIDR blocks) as values: canonical text with the host bits zero, `10.65.0.0/16`.
 */
import { bitsOf, familyOf, ipOf, readIp, widthOf } from "./address.ts";
import type { Ip } from "./address.ts";

declare const cidr: unique symbol;
export type Cidr = string & { readonly [cidr]: true };

/** An address together with the length of the network it sits in: `192.168.100.1/24`, as an interface carries it. */
export interface InterfaceAddress {
  readonly ip: Ip;
  readonly length: number;
}

/** Reads `address/length`, host bits allowed; undefined when it is neither. */
export function readInterfaceAddress(text: string): InterfaceAddress | undefined {
  const [address, length, more] = text.split("/");
  const ip = readIp(address ?? "");
  if (ip === undefined || more !== undefined || !/^(0|[1-9]\d{0,2})$/.test(length ?? "")) return undefined;
  return Number(length) > widthOf(familyOf(ip)) ? undefined : { ip, length: Number(length) };
}

/** Reads a prefix and clears its host bits, as Neutron does; compare with the input where host bits must be refused. */
export function readCidr(text: string): Cidr | undefined {
  const read = readInterfaceAddress(text);
  return read === undefined ? undefined : prefixOf(read.ip, read.length);
}

/** The prefix of `length` bits that holds `ip`. */
export function prefixOf(ip: Ip, length: number): Cidr {
  const family = familyOf(ip);
  const host = BigInt(widthOf(family) - length);
  return `${ipOf(family, (bitsOf(ip) >> host) << host)}/${length}` as Cidr;
}

/** The prefix that holds one address only: /32 or /128. */
export function hostPrefix(ip: Ip): Cidr {
  return `${ip}/${widthOf(familyOf(ip))}` as Cidr;
}

/** The first address: the network address. */
export function firstOf(prefix: Cidr): Ip {
  return prefix.slice(0, prefix.indexOf("/")) as Ip;
}

/** Number of leading bits. */
export function lengthOf(prefix: Cidr): number {
  return Number(prefix.slice(prefix.indexOf("/") + 1));
}

/** The last address: the broadcast address in IPv4. */
export function lastOf(prefix: Cidr): Ip {
  return ipOf(familyOf(prefix), bitsOf(firstOf(prefix)) + sizeOf(prefix) - 1n);
}

/** How many addresses it spans. */
export function sizeOf(prefix: Cidr): bigint {
  return 1n << BigInt(widthOf(familyOf(prefix)) - lengthOf(prefix));
}

/** The `offset`th address of a prefix; throws when it lies outside, which is a bug of the caller. */
export function addressAt(prefix: Cidr, offset: bigint): Ip {
  if (offset < 0n || offset >= sizeOf(prefix)) throw new Error(`${prefix} has no address ${offset}`);
  return ipOf(familyOf(prefix), bitsOf(firstOf(prefix)) + offset);
}

export function contains(prefix: Cidr, ip: Ip): boolean {
  return familyOf(prefix) === familyOf(ip) && prefixOf(ip, lengthOf(prefix)) === prefix;
}

/** Does `outer` hold all of `inner`? A prefix covers itself. */
export function covers(outer: Cidr, inner: Cidr): boolean {
  return lengthOf(outer) <= lengthOf(inner) && contains(outer, firstOf(inner));
}

/** Of two prefixes that overlap, the shorter one covers the other. */
export function overlaps(left: Cidr, right: Cidr): boolean {
  return lengthOf(left) <= lengthOf(right) ? contains(left, firstOf(right)) : contains(right, firstOf(left));
}

/** Both halves, lower first; undefined for a single address. */
export function halvesOf(prefix: Cidr): readonly [Cidr, Cidr] | undefined {
  const length = lengthOf(prefix) + 1;
  if (length > widthOf(familyOf(prefix))) return undefined;
  return [prefixOf(firstOf(prefix), length), prefixOf(lastOf(prefix), length)];
}
