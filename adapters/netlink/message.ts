/** Netlink messages and their attributes, as bytes (linux/netlink.h). Numbers are in the machine's order (little-endian) unless said otherwise. */

/** `nlmsghdr.nlmsg_type`: what every protocol has. */
export const ERROR = 2;
export const DONE = 3;

/** `nlmsghdr.nlmsg_flags`. */
export const REQUEST = 0x1;
export const ACK = 0x4;
export const DUMP = 0x300;
export const REPLACE = 0x100;
export const EXCLUSIVE = 0x200;
export const CREATE = 0x400;
const DUMP_INTERRUPTED = 0x10;

/** `nlattr.nla_type`: holds attributes. */
const NESTED = 0x8000;
export const HEADER = 16;

/** Bytes in the making, of one or many messages one after the other. Begin and end calls nest. */
export interface MessageWriter {
  /** Header and what follows it before the attributes; gives where it begins, for `end`. */
  begin(head: MessageHead, fixed: Buffer): void;
  attribute(type: number, value: Buffer | string | number): void;
  /** A number of 32 bits in network order, as nfnetlink wants them. */
  bigEndian(type: number, value: number): void;
  nest(type: number, fill: () => void): void;
  /** The message is whole. */
  end(): void;
  /** How long the message in the making is. */
  length(): number;
  /** All that was written; the writer begins anew. */
  take(): Buffer;
}

export interface MessageHead {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
}

export function messageWriter(room = 4096): MessageWriter {
  let bytes = Buffer.allocUnsafe(room);
  let [at, start] = [0, 0];
  const want = (more: number) => {
    if (at + more <= bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, at + more));
    bytes.copy(larger, 0, 0, at);
    bytes = larger;
  };
  const pad = () => {
    while (at % 4 !== 0) bytes[at++] = 0;
  };
  const header = (type: number, length: number) => {
    want(length + 8);
    bytes.writeUInt16LE(length + 4, at);
    bytes.writeUInt16LE(type, at + 2);
    at += 4;
  };
  return {
    begin: ({ type, flags, seq }, fixed) => {
      want(HEADER + fixed.length + 4);
      start = at;
      bytes.writeUInt16LE(type, at + 4);
      bytes.writeUInt16LE(flags, at + 6);
      bytes.writeUInt32LE(seq, at + 8);
      bytes.writeUInt32LE(0, at + 12);
      at += HEADER;
      at += fixed.copy(bytes, at);
      pad();
    },
    attribute: (type, value) => {
      if (typeof value === "number") {
        header(type, 4);
        at = bytes.writeUInt32LE(value >>> 0, at);
        return;
      }
      // A text ends with a zero.
      const length = typeof value === "string" ? Buffer.byteLength(value) + 1 : value.length;
      header(type, length);
      if (typeof value === "string") bytes[at + bytes.write(value, at)] = 0;
      else value.copy(bytes, at);
      at += length;
      pad();
    },
    bigEndian: (type, value) => {
      header(type, 4);
      at = bytes.writeUInt32BE(value >>> 0, at);
    },
    nest: (type, fill) => {
      header(type | NESTED, 0);
      const begun = at - 4;
      fill();
      if (at - begun > 0xffff) throw new Error(`attribute ${type} has ${at - begun} bytes, and an attribute may have no more than 65535`);
      bytes.writeUInt16LE(at - begun, begun);
    },
    end: () => void bytes.writeUInt32LE(at - start, start),
    length: () => at - start,
    take: () => {
      const taken = bytes.subarray(0, at);
      bytes = Buffer.allocUnsafe(room);
      at = 0;
      return taken;
    },
  };
}

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  /** Who caused it: the port of a socket, 0 for the kernel itself. */
  readonly port: number;
  /** Without the header. Valid until the next is read. */
  readonly body: Buffer;
}

export function* messagesIn(bytes: Buffer): Generator<Message> {
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = bytes.readUInt32LE(at);
    if (length < HEADER || at + length > bytes.length) throw new Error(`a netlink message says that it has ${length} bytes`);
    yield {
      type: bytes.readUInt16LE(at + 4),
      flags: bytes.readUInt16LE(at + 6),
      seq: bytes.readUInt32LE(at + 8),
      port: bytes.readUInt32LE(at + 12),
      body: bytes.subarray(at + HEADER, at + length),
    };
    at += (length + 3) & ~3;
  }
}

/** Something changed while it was told: what was told may be neither before nor after. */
export function isInterrupted({ flags }: Pick<Message, "flags">): boolean {
  return (flags & DUMP_INTERRUPTED) !== 0;
}

/** The attributes from `from` on, by type; of one that comes twice, the last. */
export function attributesIn(bytes: Buffer, from = 0): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (const [type, value] of eachAttribute(bytes, from)) found.set(type, value);
  return found;
}

export function* eachAttribute(bytes: Buffer, from = 0): Generator<readonly [type: number, value: Buffer]> {
  for (let at = from; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) return;
    yield [bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length)];
    at += (length + 3) & ~3;
  }
}

/** One attribute alone, without the others. */
export function attributeIn(bytes: Buffer, type: number, from = 0): Buffer | undefined {
  for (let at = from; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) return undefined;
    if ((bytes.readUInt16LE(at + 2) & 0x3fff) === type) return bytes.subarray(at + 4, at + length);
    at += (length + 3) & ~3;
  }
  return undefined;
}

/** A text as the kernel writes it, with a zero at its end. */
export function textIn(bytes: Buffer | undefined): string {
  if (bytes === undefined) return "";
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}
