/**
 * Keys and values of sets and maps, in nft's syntax and as the kernel has them: bytes. Of a key that is made of several fields each is
 * padded to four bytes; of one that spans more than one value there are two ends.
 */
import { readIp } from "#core/net/address.ts";
import { readMac } from "#core/net/mac.ts";
import { bytesOfIp, bytesOfMac, ipOfBytes, macOfBytes } from "../netlink/bytes.ts";

/** One field: its length, and both directions between text and bytes of exactly that length. */
export interface FieldType {
  readonly name: string;
  readonly size: number;
  /** Undefined when the text is no such thing. */
  bytes(text: string): Buffer | undefined;
  /** Of the bytes from there on. */
  text(bytes: Buffer, at: number): string;
}

const number = (name: string, size: 1 | 2): FieldType => ({
  name,
  size,
  bytes: (text) => {
    if (!/^\d{1,5}$/.test(text) || Number(text) >= 256 ** size) return undefined;
    const bytes = Buffer.alloc(size);
    bytes.writeUIntBE(Number(text), 0, size);
    return bytes;
  },
  text: (bytes, at) => String(bytes.readUIntBE(at, size)),
});

const ip = (name: string, size: 4 | 16): FieldType => ({
  name,
  size,
  bytes: (text) => (size === 4 ? bytesOfIpv4(text) : bytesOfIpv6(text)),
  text: (bytes, at) =>
    size === 4 ? `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}` : ipOfBytes(bytes.subarray(at, at + size)),
});

const [DOT, ZERO] = [0x2e, 0x30];

/** Character by character, without leading zeros: there may be tens of thousands of them at once. */
function bytesOfIpv4(text: string): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(4);
  let [field, value, digits] = [0, 0, 0];
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? DOT : text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || value > 255 || field > 3) return undefined;
      bytes[field++] = value;
      [value, digits] = [0, 0];
    } else {
      if (code < ZERO || code > ZERO + 9 || digits === 3 || (digits > 0 && value === 0)) return undefined;
      [value, digits] = [value * 10 + code - ZERO, digits + 1];
    }
  }
  return field === 4 ? bytes : undefined;
}

function bytesOfIpv6(text: string): Buffer | undefined {
  const read = text.includes(":") ? readIp(text) : undefined;
  return read === undefined ? undefined : bytesOfIp(read);
}

const ETHER: FieldType = {
  name: "ether_addr",
  size: 6,
  bytes: (text) => {
    const mac = readMac(text);
    return mac === undefined ? undefined : bytesOfMac(mac);
  },
  text: (bytes, at) => macOfBytes(bytes.subarray(at, at + 6)),
};

/** Names are quoted, and end with zeros. */
const IFNAME: FieldType = {
  name: "ifname",
  size: 16,
  bytes: (text) => {
    const name = /^"([^"*]{1,15})"$/.exec(text)?.[1];
    if (name === undefined) return undefined;
    const bytes = Buffer.alloc(16);
    return bytes.write(name) < 16 && Buffer.byteLength(name) < 16 ? bytes : undefined;
  },
  text: (bytes, at) => {
    let end = at;
    while (end < at + 16 && bytes[end] !== 0) end++;
    return `"${bytes.toString("utf8", at, end)}"`;
  },
};

/** What a rule takes out of a packet by its place, and is no field that nft knows: an address, as a number in hexadecimal with all its digits. */
const raw = (size: number): FieldType => ({
  name: "integer",
  size,
  bytes: (text) => (text.length === 2 + 2 * size && /^0x[0-9a-f]*$/.test(text) ? Buffer.from(text.slice(2), "hex") : undefined),
  text: (bytes, at) => `0x${bytes.toString("hex", at, at + size)}`,
});

/** Of these nft has one number for all sizes; by the bytes that they take: a MAC, and an IPv6 address. */
const INTEGER = 4;
const INTEGERS: ReadonlyMap<number, FieldType> = new Map([6, 16].map((size) => [padded(size), raw(size)]));

/** By nft's numbers of types (enum datatypes), which it leaves in the kernel with each set. */
const TYPES: ReadonlyMap<number, FieldType> = new Map([
  [7, ip("ipv4_addr", 4)],
  [8, ip("ipv6_addr", 16)],
  [9, ETHER],
  [12, number("inet_proto", 1)],
  [13, number("inet_service", 2)],
  [41, IFNAME],
]);

/** Types of a key of so many bytes by its number, six bits for each field; undefined when one of them is none that we write. */
export function fieldTypes(number: number, length: number): readonly FieldType[] | undefined {
  const numbers: number[] = [];
  for (let rest = number; rest > 0; rest >>>= 6) numbers.unshift(rest & 0x3f);
  const others = numbers.reduce((sum, each) => sum + padded(TYPES.get(each)?.size ?? 0), 0);
  const types = numbers.map((each) => (each === INTEGER ? INTEGERS.get(length - others) : TYPES.get(each)));
  return types.every((type) => type !== undefined) && types.length > 0 ? types : undefined;
}

/** Both ends of what a key stands for; the same bytes for a key that is one value. */
export interface Span {
  readonly first: Buffer;
  readonly last: Buffer;
}

/** Undefined when the text is no key of these types. */
export function spanOf(text: string, types: readonly FieldType[]): Span | undefined {
  const [single, ...others] = types;
  if (single !== undefined && others.length === 0) return text.includes(" . ") ? undefined : fieldSpan(text, single);
  const parts = text.split(" . ");
  if (parts.length !== types.length) return undefined;
  const spans: Span[] = [];
  for (const [at, type] of types.entries()) {
    const span = fieldSpan(parts[at] ?? "", type);
    if (span === undefined) return undefined;
    spans.push(span);
  }
  return { first: joined(spans.map(({ first }) => first)), last: joined(spans.map(({ last }) => last)) };
}

export function spanText({ first, last }: Span, types: readonly FieldType[]): string {
  let at = 0;
  const texts = types.map((type) => {
    const [from, to] = [first.subarray(at, at + type.size), last.subarray(at, at + type.size)];
    at += padded(type.size);
    return fieldText(from, to, type);
  });
  return texts.join(" . ");
}

/** An address, a prefix, a range; of other types a value. */
function fieldSpan(text: string, type: FieldType): Span | undefined {
  const value = type.bytes(text);
  if (value !== undefined) return { first: value, last: value };
  const [base = "", length = ""] = text.split("/");
  const start = type.bytes(base);
  if (start !== undefined && /^\d{1,3}$/.test(length) && Number(length) <= 8 * type.size) return prefixSpan(start, Number(length));
  const [from = "", to = "", more] = text.split("-");
  const [first, last] = [type.bytes(from), type.bytes(to)];
  return first === undefined || last === undefined || more !== undefined || first.compare(last) > 0 ? undefined : { first, last };
}

function prefixSpan(start: Buffer, length: number): Span {
  const [first, last] = [Buffer.from(start), Buffer.from(start)];
  for (let at = length >> 3; at < start.length; at++) {
    const host = at === length >> 3 ? 0xff >> (length & 7) : 0xff;
    first[at] = (first[at] ?? 0) & ~host;
    last[at] = (last[at] ?? 0) | host;
  }
  return { first, last };
}

/** Of a key that is one value, from there on. */
export function valueText(bytes: Buffer, at: number, types: readonly FieldType[]): string {
  let text = "";
  for (const type of types) {
    text += text === "" ? type.text(bytes, at) : ` . ${type.text(bytes, at)}`;
    at += padded(type.size);
  }
  return text;
}

function fieldText(first: Buffer, last: Buffer, type: FieldType): string {
  if (first.equals(last)) return type.text(first, 0);
  const length = commonBits(first, last);
  const span = prefixSpan(first, length);
  if (span.first.equals(first) && span.last.equals(last)) return `${type.text(first, 0)}/${length}`;
  return `${type.text(first, 0)}-${type.text(last, 0)}`;
}

/** How many leading bits are the same. */
function commonBits(first: Buffer, last: Buffer): number {
  let at = 0;
  while (at < first.length && first[at] === last[at]) at++;
  return 8 * at + Math.clz32((first[at] ?? 0) ^ (last[at] ?? 0)) - 24;
}

function joined(fields: readonly Buffer[]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, field) => sum + padded(field.length), 0));
  let at = 0;
  for (const field of fields) {
    field.copy(bytes, at);
    at += padded(field.length);
  }
  return bytes;
}

function padded(size: number): number {
  return (size + 3) & ~3;
}

/** The next value; undefined behind the last. */
export function nextOf(bytes: Buffer): Buffer | undefined {
  const next = Buffer.from(bytes);
  for (let at = next.length - 1; at >= 0; at--) {
    next[at] = ((next[at] ?? 0) + 1) & 0xff;
    if (next[at] !== 0) return next;
  }
  return undefined;
}

export function previousOf(bytes: Buffer): Buffer {
  const previous = Buffer.from(bytes);
  for (let at = previous.length - 1; at >= 0; at--) {
    previous[at] = ((previous[at] ?? 0) - 1) & 0xff;
    if (previous[at] !== 0xff) return previous;
  }
  return previous;
}
