/**
 * One netlink socket to the kernel of one network namespace. The kernel does what it is asked while it is being asked, so nothing here
 * waits: an answer is there as soon as a question is written.
 */
import { closeSync, readSync, writeSync } from "node:fs";
import { alwaysChanged, ATTEMPTS, listing } from "./dump.ts";
import { bindSocket, inNamespace, interfaceName, interfaceNumber, nameOfSocket, setSocketOption, socketOf } from "./libc.ts";
import { ACK, DUMP, ERROR, messagesIn, messageWriter, REQUEST } from "./message.ts";
import type { Message, MessageWriter } from "./message.ts";
import { RefusedError, refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";

export const ROUTE = 0;
export const NETFILTER = 12;

/** What to ask: type, more flags than those that every question has, what follows the header, and attributes. */
export interface Question {
  readonly type: number;
  readonly flags?: number;
  readonly fixed: Buffer;
  readonly fill?: (to: MessageWriter) => void;
}

export interface Channel {
  /** Its number among the sockets of this namespace: changes that were made by it bear it. */
  readonly port: number;
  /** One answer per question, in their order: undefined for done. They are done one after the other; one that fails keeps none from being done. */
  change(questions: readonly Question[]): readonly (Refusal | undefined)[];
  /** Everything of a kind, as `read` makes it of each message; again from the beginning, which `again` is told, when something changed meanwhile. */
  dump<T>(question: Question, read: (body: Buffer, type: number) => T | undefined, again?: () => void): T[];
  /** What is told of one object; undefined when the kernel refuses with one of `none` (errno). */
  get<T>(question: Question, read: (body: Buffer) => T, none: readonly number[]): T | undefined;
  /** The same of many, in their order; `nth`: of the questions. */
  gets<T>(questions: readonly Question[], read: (body: Buffer, nth: number) => T, none: readonly number[]): readonly (T | undefined)[];
  /** Writes whole messages as they are, and gives every refusal by sequence number (undefined: an acknowledgement). */
  batch(bytes: Buffer): ReadonlyMap<number, Refusal | undefined>;
  /** The number of the link of this name, and the other way round, without a message; undefined when there is none. */
  linkNumber(name: string): number | undefined;
  linkName(number: number): string | undefined;
  /** As many numbers that were not used lately; gives the first. */
  numbers(count: number): number;
  close(): void;
}

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOL_SOCKET = 1;
const SOL_NETLINK = 270;
const OPTIONS = [
  { level: SOL_NETLINK, name: 10, value: 1 }, // NETLINK_CAP_ACK: a refusal without the question
  { level: SOL_NETLINK, name: 11, value: 1 }, // NETLINK_EXT_ACK: with words
  { level: SOL_NETLINK, name: 12, value: 1 }, // NETLINK_GET_STRICT_CHK: listings are filtered by the kernel
  { level: SOL_SOCKET, name: 32, value: 64 << 20 }, // SO_SNDBUFFORCE: a batch is one message to the kernel
  { level: SOL_SOCKET, name: 33, value: 32 << 20 }, // SO_RCVBUFFORCE
] as const;

/** Answers of many, while they are read: the kernel makes none larger than 32 KB. */
const ROOM = Buffer.allocUnsafe(256 * 1024);
/** So many questions are asked before answers are read. */
const TOGETHER = 200;

/** Of the family ROUTE or NETFILTER; in the namespace of this process, or in the one that `ip netns` knows by this name. */
export function channel(protocol: number, netns?: string): Channel {
  const socket = netlinkSocket(protocol, netns);
  const port = nameOfSocket(socket, 12).readUInt32LE(4);
  let last = 0;
  const numbers = (count: number) => {
    if (last + count > 0x7fffffff) last = 0;
    const first = last + 1;
    last += count;
    return first;
  };
  /** Until there are no more, or as many as are awaited: `take` says of each whether it is one of those. */
  const answers = (take: (message: Message) => boolean, awaited = Infinity) => {
    let left = awaited;
    while (left > 0) {
      const bytes = receive(socket);
      if (bytes === undefined) return;
      for (const message of messagesIn(bytes)) if (take(message)) left--;
    }
  };
  const batch = (bytes: Buffer) => {
    answers(() => false);
    writeSync(socket, bytes);
    const refusals = new Map<number, Refusal | undefined>();
    answers((message) => {
      if (message.type === ERROR) refusals.set(message.seq, refusalOf(message));
      return false;
    });
    return refusals;
  };
  const change = (questions: readonly Question[]) => {
    const outcomes: (Refusal | undefined)[] = [];
    for (let at = 0; at < questions.length; at += TOGETHER) {
      const some = questions.slice(at, at + TOGETHER);
      const first = numbers(some.length);
      const to = messageWriter(64 * some.length);
      for (const [nth, question] of some.entries()) write(to, question, { flags: REQUEST | ACK, seq: first + nth });
      const refusals = batch(to.take());
      for (const nth of some.keys()) {
        if (!refusals.has(first + nth)) throw new Error("the kernel did not answer a netlink message");
        outcomes.push(refusals.get(first + nth));
      }
    }
    return outcomes;
  };
  /** `nth`: of the questions; `take` says of each message whether it is the last about its question. What is left of others is passed over. */
  const ask = (questions: readonly Question[], flags: number, take: (message: Message, nth: number) => boolean) => {
    const first = numbers(questions.length);
    const to = messageWriter(128 * questions.length);
    for (const [nth, question] of questions.entries()) write(to, question, { flags: REQUEST | flags, seq: first + nth });
    writeSync(socket, to.take());
    answers((message) => {
      const nth = message.seq - first;
      return nth >= 0 && nth < questions.length && take(message, nth);
    }, questions.length);
  };
  const gets = <T>(questions: readonly Question[], read: (body: Buffer, nth: number) => T, none: readonly number[]) => {
    const found: (T | undefined)[] = questions.map(() => undefined);
    let refusal: Refusal | undefined;
    for (let at = 0; at < questions.length; at += TOGETHER)
      ask(questions.slice(at, at + TOGETHER), 0, (message, nth) => {
        if (message.type !== ERROR) found[at + nth] = read(message.body, at + nth);
        else if (!none.includes(refusalOf(message)?.errno ?? 0)) refusal ??= refusalOf(message);
        return true;
      });
    if (refusal !== undefined) throw new RefusedError(refusal);
    return found;
  };
  return {
    port,
    numbers,
    change,
    batch,
    dump: (question, read, again) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (attempt > 0) again?.();
        const told = listing(read);
        ask([question], DUMP, told.take);
        const found = told.found();
        if (found !== undefined) return found;
      }
      throw alwaysChanged();
    },
    get: (question, read, none) => gets([question], read, none)[0],
    gets,
    linkNumber: (name) => interfaceNumber(socket, name),
    linkName: (number) => interfaceName(socket, number),
    close: () => closeSync(socket),
  };
}

/** Bound to a number that the kernel chose. Closed by `closeSync`. */
export function netlinkSocket(protocol: number, netns: string | undefined): number {
  const socket = inNamespace(netns, () => socketOf(AF_NETLINK, SOCK_RAW, protocol));
  try {
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK);
    bindSocket(socket, address);
    for (const option of OPTIONS) setSocketOption(socket, option);
    return socket;
  } catch (error) {
    closeSync(socket);
    throw error;
  }
}

/** Undefined when there is nothing more to read. */
function receive(socket: number): Buffer | undefined {
  try {
    const length = readSync(socket, ROOM);
    return ROOM.subarray(0, length);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return undefined;
    throw error;
  }
}

function write(
  to: MessageWriter,
  { type, flags = 0, fixed, fill }: Question,
  head: { readonly flags: number; readonly seq: number },
): void {
  to.begin({ type, flags: flags | head.flags, seq: head.seq }, fixed);
  fill?.(to);
  to.end();
}
