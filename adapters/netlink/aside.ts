/**
 * Long listings beside whatever else is done: the kernel looks through a table while it is asked for it, and through one that is large and
 * nearly empty for tens of milliseconds. Node's own threads do the asking.
 */
import { closeSync, read, write } from "node:fs";
import { netlinkSocket } from "./channel.ts";
import type { Question } from "./channel.ts";
import { alwaysChanged, ATTEMPTS, listing } from "./dump.ts";
import type { Listing } from "./dump.ts";
import { DUMP, messagesIn, messageWriter, REQUEST } from "./message.ts";

export interface Aside {
  /** Everything of a kind, as `read` makes it of each message. One at a time: never called before the last has answered. */
  dump<T>(question: Question, read: (body: Buffer) => T | undefined): Promise<T[]>;
  close(): void;
}

/** The kernel makes no answer larger than that. */
const ROOM_BYTES = 32 * 1024;

/** Of the family ROUTE or NETFILTER; see `channel`. */
export function aside(protocol: number, netns?: string): Aside {
  const socket = netlinkSocket(protocol, netns);
  const room = Buffer.allocUnsafe(ROOM_BYTES);
  let seq = 0;
  const once = async <T>(question: Question, told: Listing<T>) => {
    seq = (seq + 1) & 0x7fffffff;
    await written(socket, messageOf(question, seq));
    for (let ended = false; !ended;) {
      const bytes = room.subarray(0, await received(socket, room));
      for (const message of messagesIn(bytes)) if (message.seq === seq) ended = told.take(message) || ended;
    }
    return told.found();
  };
  return {
    dump: async (question, each) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const found = await once(question, listing(each));
        if (found !== undefined) return found;
      }
      throw alwaysChanged();
    },
    close: () => closeSync(socket),
  };
}

function messageOf({ type, fixed, fill }: Question, seq: number): Buffer {
  const to = messageWriter(128);
  to.begin({ type, flags: REQUEST | DUMP, seq }, fixed);
  fill?.(to);
  to.end();
  return to.take();
}

function written(socket: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => write(socket, bytes, (error) => (error === null ? resolve() : reject(error))));
}

/** There is more as long as the end has not been told. */
function received(socket: number, room: Buffer): Promise<number> {
  return new Promise((resolve, reject) =>
    read(socket, room, 0, room.length, null, (error, length) => (error === null ? resolve(length) : reject(error))),
  );
}
