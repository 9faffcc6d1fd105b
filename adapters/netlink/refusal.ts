/** What a kernel says no with. */
import { getSystemErrorMessage } from "node:util";
import { attributeIn, DONE, HEADER, textIn } from "./message.ts";
import type { Message } from "./message.ts";

/** A refusal by the kernel, of one message. */
export interface Refusal {
  /** Positive, as in errno(3). */
  readonly errno: number;
  /** The kernel's own words where it has any, and those of the number. */
  readonly reason: string;
}

export class RefusedError extends Error {
  readonly errno: number;
  constructor({ errno, reason }: Refusal) {
    super(reason);
    this.errno = errno;
  }
}

/** `NLMSGERR_ATTR_MSG` */
const WORDS = 1;

/** Of an error, or of the end of a listing, which has no question in it. */
export function refusalOf({ body, type }: Message): Refusal | undefined {
  const errno = body.length < 4 ? 0 : -body.readInt32LE(0);
  if (errno === 0) return undefined;
  // Behind the number is the header of the question, without its body.
  const words = textIn(attributeIn(body, WORDS, type === DONE ? 4 : 4 + HEADER));
  const plain = wordsOf(errno);
  return { errno, reason: words === "" ? plain : `${words} (${plain})` };
}

/** As strerror(3) has it: `No such process`. */
export function wordsOf(errno: number): string {
  const words = getSystemErrorMessage(-errno) ?? `error ${errno}`;
  return words.charAt(0).toUpperCase() + words.slice(1);
}
