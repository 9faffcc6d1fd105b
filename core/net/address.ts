/**
 * IP addresses as values.
 *
 * An `Ip` is the canonical text of an address (RFC 5952 for IPv6), so equal addresses are equal strings; it travels
 * as it is through JSON, the store and a kernel command. Arithmetic goes through `bitsOf` and `ipOf`.
 * Reading is strict: no octal, no short forms, no zone; what one parser would call 8.0.0.1 and another 10.0.0.1 is refused.
 */
export type Family = 4 | 6;

export const FAMILIES: readonly Family[] = [4, 6];

declare const ip: unique symbol;
export type Ip = string & { readonly [ip]: true };

/** Length of an address in bits: 32 or 128. */
export function widthOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** The family of a canonical address or prefix: only IPv6 texts hold a colon. */
export function familyOf(text: string): Family {
  return text.includes(":") ? 6 : 4;
}

/** Reads either family; undefined when `text` is no address. */
export function readIp(text: string): Ip | undefined {
  const bits = text.includes(":") ? bits6(text) : bits4(text);
  return bits === undefined ? undefined : ipOf(familyOf(text), bits);
}

/** The address as a number, most significant bit first. */
export function bitsOf(address: Ip): bigint {
  const bits = familyOf(address) === 4 ? bits4(address) : bits6(address);
  if (bits === undefined) throw new Error(`not a canonical address: ${address}`);
  return bits;
}

/** The canonical text of a number; throws when it does not fit the family, which is a bug of the caller. */
export function ipOf(family: Family, bits: bigint): Ip {
  if (bits < 0n || bits >> BigInt(widthOf(family)) !== 0n) throw new Error(`${bits} does not fit IPv${family}`);
  return (family === 4 ? text4(Number(bits)) : text6(groupsOf(bits))) as Ip;
}

/** Of the eight groups of 16 bits of an IPv6 address, the first first. */
export function ip6Of(groups: readonly number[]): Ip {
  return text6(groups) as Ip;
}

/** Orders by family, then by number: a total order for sorted output. */
export function compareIp(left: Ip, right: Ip): number {
  const families = familyOf(left) - familyOf(right);
  if (families !== 0) return families;
  const [a, b] = [bitsOf(left), bitsOf(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

const OCTET = /^(0|[1-9]\d{0,2})$/;

function bits4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let bits = 0;
  for (const part of parts) {
    if (!OCTET.test(part) || Number(part) > 255) return undefined;
    bits = bits * 256 + Number(part);
  }
  return BigInt(bits);
}

function text4(bits: number): string {
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

function bits6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups6(halves[0] ?? "", halves.length === 1);
  const tail = groups6(halves[1] ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array<number>(missing).fill(0), ...tail];
  return all.reduce((bits, group) => (bits << 16n) | BigInt(group), 0n);
}

/** The 16-bit groups of one side of `::`; the last may be dotted IPv4 where `dotted` allows it (RFC 4291, 2.2). */
function groups6(side: string, dotted: boolean): number[] | undefined {
  if (side === "") return [];
  const groups: number[] = [];
  const parts = side.split(":");
  for (const [at, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else {
      const v4 = dotted && at === parts.length - 1 ? bits4(part) : undefined;
      if (v4 === undefined) return undefined;
      groups.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    }
  }
  return groups;
}

function groupsOf(bits: bigint): readonly number[] {
  const hex = bits.toString(16).padStart(32, "0");
  return Array.from({ length: 8 }, (_, at) => Number.parseInt(hex.slice(4 * at, 4 * at + 4), 16));
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as `::`. */
function text6(groups: readonly number[]): string {
  let [best, length] = [-1, 1];
  for (let at = 0; at < 8;) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) [best, length] = [at, end - at];
    at = Math.max(end, at + 1);
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  if (best < 0) return hex(groups);
  return `${hex(groups.slice(0, best))}::${hex(groups.slice(best + length))}`;
}
