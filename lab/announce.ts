/** Frames by which a machine says that it is there, as bytes, and how they are sent from a namespace. */
import { bitsOf, familyOf, ipOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import type { Mac } from "#core/net/mac.ts";
import { inside, must } from "./program.ts";

type Bytes = readonly number[];

const EVERYBODY: Bytes = Array.from({ length: 6 }, () => 0xff);
const NOBODY: Bytes = [0, 0, 0, 0];

/** RFC 903, as QEMU sends it for a NIC whose guest does not announce itself. */
export function reverseArp(mac: Mac): Bytes {
  const own = octetsOf(mac);
  return [...EVERYBODY, ...own, 0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3, ...own, ...NOBODY, ...own, ...NOBODY];
}

/** Gratuitous ARP (RFC 5227, 3), or an unsolicited neighbour advertisement to all nodes (RFC 4861, 7.2.6). */
export function announcement(mac: Mac, ip: Ip): Bytes {
  return familyOf(ip) === 4 ? gratuitousArp(mac, ip) : unsolicitedAdvertisement(mac, ip);
}

function gratuitousArp(mac: Mac, ip: Ip): Bytes {
  const [own, address] = [octetsOf(mac), bytesOf(ip)];
  return [...EVERYBODY, ...own, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, ...own, ...address, 0, 0, 0, 0, 0, 0, ...address];
}

const ALL_NODES = ipOf(6, 0xff02_0000_0000_0000_0000_0000_0000_0001n);
const ICMPV6 = 58;

function unsolicitedAdvertisement(mac: Mac, ip: Ip): Bytes {
  const own = octetsOf(mac);
  const body = (sum: number) => [136, 0, sum >> 8, sum & 0xff, 0x20, 0, 0, 0, ...bytesOf(ip), 2, 1, ...own];
  const { length } = body(0);
  const ends = [...bytesOf(ip), ...bytesOf(ALL_NODES)];
  const sum = checksum([...ends, 0, 0, 0, length, 0, 0, 0, ICMPV6, ...body(0)]);
  return [0x33, 0x33, 0, 0, 0, 1, ...own, 0x86, 0xdd, 0x60, 0, 0, 0, 0, length, ICMPV6, 255, ...ends, ...body(sum)];
}

/** RFC 1071, of an even number of bytes. */
function checksum(bytes: Bytes): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function octetsOf(mac: Mac): Bytes {
  return mac.split(":").map((octet) => Number.parseInt(octet, 16));
}

function bytesOf(ip: Ip): Bytes {
  const length = familyOf(ip) === 4 ? 4 : 16;
  return Array.from({ length }, (_, at) => Number((bitsOf(ip) >> BigInt(8 * (length - 1 - at))) & 0xffn));
}

/** Sends one frame out of an interface. */
export async function sendFrame(netns: string, dev: string, frame: Bytes): Promise<void> {
  const octal = frame.map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  await must(inside(netns, ["sh", "-c", `printf '${octal}' | socat -u - INTERFACE:${dev}`]));
}
