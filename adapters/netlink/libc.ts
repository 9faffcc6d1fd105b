/**
 * The few calls of the C library that Node has no words for, through node:ffi. A wrong signature ends the process, so there are few of
 * them, each with the numbers of Linux on x86-64 and arm64 (which agree) and with Buffers for all that is pointed at. What can be
 * done with a file descriptor is done by node:fs.
 */
import { closeSync, openSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";

const { dlopen, getInt32, getRawPointer } = ffi();

const { functions: libc } = dlopen(null, {
  socket: { arguments: ["int32", "int32", "int32"], return: "int32" },
  bind: { arguments: ["int32", "buffer", "uint32"], return: "int32" },
  getsockname: { arguments: ["int32", "buffer", "buffer"], return: "int32" },
  setsockopt: { arguments: ["int32", "int32", "int32", "buffer", "uint32"], return: "int32" },
  recvfrom: { arguments: ["int32", "buffer", "uint64", "int32", "buffer", "buffer"], return: "int64" },
  poll: { arguments: ["buffer", "uint64", "int32"], return: "int32" },
  eventfd: { arguments: ["uint32", "int32"], return: "int32" },
  ioctl: { arguments: ["int32", "uint64", "buffer"], return: "int32" },
  setns: { arguments: ["int32", "int32"], return: "int32" },
  __errno_location: { arguments: [], return: "pointer" },
});

/** That it is experimental is known: the Node that runs is the one that is pinned. Every other warning is let through. */
export function ffi(): typeof import("node:ffi") {
  const emit = process.emitWarning;
  process.emitWarning = ((...words: Parameters<typeof emit>) =>
    String(words[0]).startsWith("FFI is an experimental feature") ? undefined : emit.apply(process, words)) as typeof emit;
  try {
    return process.getBuiltinModule("node:ffi");
  } finally {
    process.emitWarning = emit;
  }
}

/** The result, or the call's own reason. */
function must(what: string, result: number): number {
  if (result >= 0) return result;
  const errno = getInt32(libc["__errno_location"](), 0);
  throw new Error(`${what}: ${getSystemErrorMessage(-errno) ?? `error ${errno}`}`);
}

const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/** A socket that never waits and is not inherited. Closed by `closeSync`. */
export function socketOf(family: number, type: number, protocol: number): number {
  return must("socket", libc.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

export function bindSocket(socket: number, address: Buffer): void {
  must("bind", libc.bind(socket, address, address.length));
}

/** The address that a socket has, of as many bytes as `room`. */
export function nameOfSocket(socket: number, room: number): Buffer {
  const address = Buffer.alloc(room);
  must("getsockname", libc.getsockname(socket, address, numberOf(room)));
  return address;
}

export function setSocketOption(socket: number, { level, name, value }: SocketOption): void {
  const bytes = typeof value === "number" ? numberOf(value) : value;
  must(`setsockopt ${level}/${name}`, libc.setsockopt(socket, level, name, bytes, bytes.length));
}

export interface SocketOption {
  readonly level: number;
  readonly name: number;
  readonly value: number | Buffer;
}

/** How much was received into `into`, and 0 when there is nothing to receive; who sent it is written to `from`. */
export function receiveFrom(socket: number, into: Buffer, from: Buffer): number {
  return Math.max(0, Number(libc.recvfrom(socket, into, BigInt(into.length), 0, from, numberOf(from.length))));
}

const [SOL_SOCKET, SO_ATTACH_FILTER] = [1, 26];

/** One step of a packet filter (linux/filter.h): code, how far to jump when it is so and when not, number. */
export type FilterStep = readonly [code: number, yes: number, no: number, k: number];

/** What the filter gives 0 for does not reach the socket. */
export function filterSocket(socket: number, steps: readonly FilterStep[]): void {
  const program = Buffer.alloc(8 * steps.length);
  for (const [at, [code, yes, no, k]] of steps.entries()) {
    program.writeUInt16LE(code, 8 * at);
    program[8 * at + 2] = yes;
    program[8 * at + 3] = no;
    program.writeUInt32LE(k >>> 0, 8 * at + 4);
  }
  const value = Buffer.alloc(16);
  value.writeUInt16LE(steps.length);
  value.writeBigUInt64LE(getRawPointer(program), 8);
  setSocketOption(socket, { level: SOL_SOCKET, name: SO_ATTACH_FILTER, value });
}

/** A file that can be read once something was written to it: eight bytes, a number. */
export function bellFile(): number {
  return must("eventfd", libc.eventfd(0, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

const POLLIN = 1;

/** Waits until one of these can be read, or for so long; blocks the thread. */
export function waitReadable(files: readonly number[], limitMs: number): readonly number[] {
  const asked = Buffer.alloc(8 * files.length);
  for (const [at, file] of files.entries()) {
    asked.writeInt32LE(file, 8 * at);
    asked.writeInt16LE(POLLIN, 8 * at + 4);
  }
  // Interrupted by a signal: nothing is known to be readable.
  if (libc.poll(asked, BigInt(files.length), limitMs) < 0) return [];
  return files.filter((_, at) => asked.readInt16LE(8 * at + 6) !== 0);
}

const [SIOCGIFNAME, SIOCGIFINDEX] = [0x8910n, 0x8933n];
/** Where a name is in a question about an interface (`struct ifreq`), and where its number. */
const INTERFACE = { name: 0, number: 16, length: 40, longest: 15 };

/** The number of the interface of this name in the namespace of the socket; undefined when there is none, for which alone it fails. */
export function interfaceNumber(socket: number, name: string): number | undefined {
  const asked = Buffer.alloc(INTERFACE.length);
  if (name === "" || Buffer.byteLength(name) > INTERFACE.longest) return undefined;
  asked.write(name, INTERFACE.name);
  return libc.ioctl(socket, SIOCGIFINDEX, asked) < 0 ? undefined : asked.readInt32LE(INTERFACE.number);
}

/** The other way round. */
export function interfaceName(socket: number, number: number): string | undefined {
  const asked = Buffer.alloc(INTERFACE.length);
  asked.writeInt32LE(number, INTERFACE.number);
  return libc.ioctl(socket, SIOCGIFNAME, asked) < 0 ? undefined : asked.toString("utf8", INTERFACE.name, asked.indexOf(0, INTERFACE.name));
}

const CLONE_NEWNET = 0x40000000;

/**
 * Does something in the network namespace that `ip netns` knows by this name; a socket stays in the one that it was made in. Nothing may
 * wait in between: the whole thread is there.
 */
export function inNamespace<T>(name: string | undefined, act: () => T): T {
  if (name === undefined) return act();
  const [own, other] = [openSync("/proc/thread-self/ns/net", "r"), openSync(`/run/netns/${name}`, "r")];
  try {
    must(`setns ${name}`, libc.setns(other, CLONE_NEWNET));
    try {
      return act();
    } finally {
      must("setns back", libc.setns(own, CLONE_NEWNET));
    }
  } finally {
    closeSync(own);
    closeSync(other);
  }
}

function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
