/** A listing, put together from the messages in which the kernel tells it. */
import { DONE, ERROR, isInterrupted } from "./message.ts";
import type { Message } from "./message.ts";
import { RefusedError, refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";

export interface Listing<T> {
  /** The next message of it; true: it was the last. */
  take(message: Message): boolean;
  /** What was found; undefined when something changed meanwhile, or the end is missing. Throws the kernel's refusal. */
  found(): T[] | undefined;
}

/** So often is a listing begun again that changes while it is told. */
export const ATTEMPTS = 20;

const [EINTR, EAGAIN, ENOBUFS] = [4, 11, 105];
/** Of a listing: something changed. */
const CHANGED: ReadonlySet<number> = new Set([EINTR, EAGAIN, ENOBUFS]);

/** `read` makes something, or nothing, of each message. */
export function listing<T>(read: (body: Buffer, type: number) => T | undefined): Listing<T> {
  const found: T[] = [];
  let [changed, done] = [false, false];
  let refusal: Refusal | undefined;
  return {
    take: (message) => {
      changed ||= isInterrupted(message);
      if (message.type !== ERROR && message.type !== DONE) {
        const value = read(message.body, message.type);
        if (value !== undefined) found.push(value);
        return false;
      }
      refusal ??= refusalOf(message);
      done ||= message.type === DONE;
      return true;
    },
    found: () => {
      if (refusal !== undefined && !CHANGED.has(refusal.errno)) throw new RefusedError(refusal);
      return done && !changed && refusal === undefined ? found : undefined;
    },
  };
}

export function alwaysChanged(): Error {
  return new Error(`what the kernel holds changed ${ATTEMPTS} times while it was read`);
}
