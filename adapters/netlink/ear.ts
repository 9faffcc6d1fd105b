/**
 * Hears what the kernel says of its own accord: one thread for all of it, which waits in the kernel until there is something, and tells
 * this one. Node itself cannot wait for such sockets.
 */
import { closeSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { bellFile } from "./libc.ts";

/** How what comes in at a socket is to be read: see `news.ts`. */
export type Sort = "route" | "nft" | "frames";

export interface Source {
  /** Of the listener, which closes it in the end. */
  readonly socket: number;
  readonly sort: Sort;
}

/** To the thread: all that there is to listen at now. None: it ends. */
export type Sources = readonly (Source & { readonly id: number })[];

/** From the thread. */
export interface Heard {
  readonly id: number;
  readonly news: unknown;
}

/** Hears one source until the returned function is called, which closes its socket. `news` is what `news.ts` makes of its sort. */
export type Listen = (source: Source, heard: (news: unknown) => void) => () => void;

interface Listener {
  readonly source: Source;
  readonly heard: (news: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly bell: number;
}

const RING = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

export function ear(): Listen {
  const listeners = new Map<number, Listener>();
  let [last, thread] = [0, undefined as Thread | undefined];
  /** Sockets are closed once the thread no longer looks at them. */
  const tell = (closing: readonly number[] = []) => {
    thread ??= start((id, news) => listeners.get(id)?.heard(news));
    const sources: Sources = [...listeners].map(([id, { source }]) => ({ ...source, id }));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    thread.worker.postMessage({ sources, closing });
    writeSync(thread.bell, RING);
    if (listeners.size === 0) thread = undefined;
  };
  return (source, heard) => {
    const id = ++last;
    listeners.set(id, { source, heard });
    tell();
    return () => {
      if (listeners.delete(id)) tell([source.socket]);
    };
  };
}

function start(heard: (id: number, news: unknown) => void): Thread {
  const bell = bellFile();
  const limits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 };
  const worker = new Worker(new URL("ear-thread.ts", import.meta.url), {
    workerData: { bell },
    resourceLimits: limits,
    execArgv: [],
    // It closes what was opened here.
    trackUnmanagedFds: false,
  });
  // Who ends does not wait for it; it would wait for ever.
  worker.unref();
  const leave = () => void writeSync(bell, RING);
  process.once("exit", leave);
  worker.on("message", ({ id, news }: Heard) => heard(id, news));
  worker.on("error", (error) => {
    throw error;
  });
  worker.once("exit", () => {
    process.off("exit", leave);
    closeSync(bell);
  });
  return { worker, bell };
}
