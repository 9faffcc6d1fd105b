/**
 * Traffic between two namespaces, sent and received by one thread on one processor. The kernel carries a packet all the way within the call
 * that sends it, so what passes on the clock is what the packets take, from the one call to the other and whatever lies between, and
 * nobody waits for anybody. A fixed amount is carried, and all of it has arrived in the end.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { bindSocket, ffi, inNamespace, nameOfSocket, setSocketOption, socketOf } from "#adapters/netlink/libc.ts";
import type { Ip } from "#core/net/address.ts";

const { dlopen, getRawPointer } = ffi();

const { functions: libc } = dlopen(null, {
  connect: { arguments: ["int32", "buffer", "uint32"], return: "int32" },
  listen: { arguments: ["int32", "int32"], return: "int32" },
  accept4: { arguments: ["int32", "uint64", "uint64", "int32"], return: "int32" },
  send: { arguments: ["int32", "buffer", "uint64", "int32"], return: "int64" },
  recv: { arguments: ["int32", "buffer", "uint64", "int32"], return: "int64" },
  sendmmsg: { arguments: ["int32", "buffer", "uint32", "int32"], return: "int32" },
  recvmmsg: { arguments: ["int32", "buffer", "uint32", "int32", "uint64"], return: "int32" },
  sched_getcpu: { arguments: [], return: "int32" },
  sched_getaffinity: { arguments: ["int32", "uint64", "buffer"], return: "int32" },
  sched_setaffinity: { arguments: ["int32", "uint64", "buffer"], return: "int32" },
});

const [AF_INET, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK] = [2, 1, 2, 0o4000];

/** One end of the way: a namespace and its address there. */
export interface End {
  readonly netns: string;
  readonly ip: Ip;
}

export type Way = "there" | "back";

/** Between two ends, either way. */
export interface Flow {
  /** Returns once so much has arrived, in datagrams or in bytes; throws when it does not. */
  carry(way: Way, amount: number): void;
  close(): void;
}

/** This thread's processor, as long as it is kept: that of all that its packets go through, too. */
export interface Processor {
  /** Milliseconds that something takes, without those in which others had the processor. */
  took(act: () => void): number;
  release(): void;
}

export function keepProcessor(): Processor {
  const [before, here] = [Buffer.alloc(128), Buffer.alloc(128)];
  const size = BigInt(here.length);
  const processor = libc.sched_getcpu();
  here.writeUInt8(1 << (processor % 8), Math.floor(processor / 8));
  if (libc.sched_getaffinity(0, size, before) < 0 || libc.sched_setaffinity(0, size, here) < 0)
    throw new Error(`this thread cannot stay on processor ${processor}`);
  const file = openSync("/proc/thread-self/schedstat", "r");
  const text = Buffer.alloc(128);
  // Nanoseconds that it ran, then that it waited to (Linux, sched-stats).
  const waited = () => Number(text.toString("latin1", 0, readSync(file, text, 0, text.length, 0)).split(" ")[1]) / 1e6;
  return {
    took: (act) => {
      const [begun, idle] = [performance.now(), waited()];
      act();
      const ended = performance.now();
      return ended - begun - (waited() - idle);
    },
    release: () => {
      libc.sched_setaffinity(0, size, before);
      closeSync(file);
    },
  };
}

/** So often nothing moves before it is given up. */
const PATIENCE = 1_000_000;
/** Datagrams of one call, so that the calls cost little beside the way. */
const BATCH = 64;

/** Datagrams of so many bytes; carries so many of them. */
export function datagrams(here: End, there: End, bytes: number): Flow {
  const [one, other] = [bound(here, SOCK_DGRAM), bound(there, SOCK_DGRAM)];
  connect(one, other);
  connect(other, one);
  const [sent, room] = [messages(BATCH, bytes), messages(BATCH, bytes)];
  return {
    carry: (way, amount) => {
      const [from, to] = way === "there" ? [one, other] : [other, one];
      for (let left = amount; left > 0; left -= BATCH) {
        const count = Math.min(BATCH, left);
        if (libc.sendmmsg(from.socket, sent.headers, count, 0) !== count) throw new Error(`${count} datagrams could not be sent`);
        arrive(count, () => libc.recvmmsg(to.socket, room.headers, BATCH, 0, 0n));
      }
    },
    close: () => [one, other].forEach(({ socket }) => closeSync(socket)),
  };
}

/** Bytes of one call. */
const CHUNK = 256 * 1024;

/** One TCP connection; carries so many bytes. */
export function stream(here: End, there: End): Flow {
  const listening = bound(there, SOCK_STREAM);
  libc.listen(listening.socket, 1);
  const one = bound(here, SOCK_STREAM);
  connect(one, listening);
  let other = -1;
  arrive(1, () => ((other = libc.accept4(listening.socket, 0n, 0n, SOCK_NONBLOCK)) < 0 ? 0 : 1));
  closeSync(listening.socket);
  const [data, room] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
  return {
    carry: (way, amount) => {
      const [from, to] = way === "there" ? [one.socket, other] : [other, one.socket];
      let left = amount;
      arrive(amount, () => {
        if (left > 0) left -= Math.max(0, Number(libc.send(from, data, BigInt(Math.min(CHUNK, left)), 0)));
        return Number(libc.recv(to, room, BigInt(CHUNK), 0));
      });
    },
    close: () => [one.socket, other].forEach((socket) => closeSync(socket)),
  };
}

/** Takes until so much has come. */
function arrive(amount: number, take: () => number): void {
  for (let [left, idle] = [amount, 0]; left > 0;) {
    const come = Math.max(0, take());
    [left, idle] = [left - come, come === 0 ? idle + 1 : 0];
    if (idle > PATIENCE) throw new Error(`${left} of ${amount} did not arrive`);
  }
}

interface Bound {
  readonly socket: number;
  readonly address: Buffer;
}

const ADDRESS_LENGTH = 16;
/** Others than this one may send by a clock of their own (tcp(7), TCP_CONGESTION). */
const RENO = { level: 6, name: 13, value: Buffer.from("reno") };

function bound({ netns, ip }: End, type: number): Bound {
  const socket = inNamespace(netns, () => socketOf(AF_INET, type, 0));
  if (type === SOCK_STREAM) setSocketOption(socket, RENO);
  const address = Buffer.alloc(ADDRESS_LENGTH);
  address.writeUInt16LE(AF_INET);
  address.set(ip.split(".").map(Number), 4);
  bindSocket(socket, address);
  return { socket, address: nameOfSocket(socket, ADDRESS_LENGTH) };
}

/** A socket that never waits says of a connection that it is under way; whether it stands is seen by what arrives. */
function connect(from: Bound, to: Bound): void {
  libc.connect(from.socket, to.address, ADDRESS_LENGTH);
}

interface Messages {
  /** One `struct mmsghdr` (recvmmsg(2)) after the other. */
  readonly headers: Buffer;
  /** What they point to, and what that points to: kept as long as they are. */
  readonly kept: readonly Buffer[];
}

function messages(count: number, bytes: number): Messages {
  const [headers, parts, data] = [Buffer.alloc(64 * count), Buffer.alloc(16 * count), Buffer.alloc(bytes * count)];
  for (let at = 0; at < count; at++) {
    parts.writeBigUInt64LE(getRawPointer(data) + BigInt(bytes * at), 16 * at);
    parts.writeBigUInt64LE(BigInt(bytes), 16 * at + 8);
    headers.writeBigUInt64LE(getRawPointer(parts) + BigInt(16 * at), 64 * at + 16);
    headers.writeBigUInt64LE(1n, 64 * at + 24);
  }
  return { headers, kept: [parts, data] };
}
