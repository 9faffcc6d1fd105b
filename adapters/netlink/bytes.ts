/** Addresses as the kernel has them: bytes, most significant first. */
import { bitsOf, familyOf, ip6Of } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import type { Mac } from "#core/net/mac.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;

export function familyNumber(family: Family): number {
  return family === 4 ? AF_INET : AF_INET6;
}

export function bytesOfIp(ip: Ip): Buffer {
  if (familyOf(ip) === 4) return Buffer.from(ip.split(".").map(Number));
  const bytes = Buffer.allocUnsafe(16);
  const bits = bitsOf(ip);
  bytes.writeBigUInt64BE(bits >> 64n, 0);
  bytes.writeBigUInt64BE(bits & 0xffffffffffffffffn, 8);
  return bytes;
}

/** Of 4 or 16 bytes. */
export function ipOfBytes(bytes: Buffer): Ip {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}` as Ip;
  return ip6Of([0, 2, 4, 6, 8, 10, 12, 14].map((at) => bytes.readUInt16BE(at)));
}

export function bytesOfMac(mac: Mac): Buffer {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

export function macOfBytes(bytes: Buffer): Mac {
  const hex = bytes.toString("hex");
  let text = hex.slice(0, 2);
  for (let at = 2; at < hex.length; at += 2) text += `:${hex.slice(at, at + 2)}`;
  return text as Mac;
}
