/** The thread of `ear.ts`: waits for whatever can be heard, reads it, and tells what it means. */
import { closeSync, readSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Heard, Sources } from "./ear.ts";
import { waitReadable } from "./libc.ts";
import { newsIn } from "./news.ts";

/** Whatever happens, the thread looks up this often: a process that ends waits for it so long at most. */
const LIMIT_MS = 1000;

const { bell } = workerData as { readonly bell: number };

function main(port: NonNullable<typeof parentPort>): void {
  let sources: Sources = [];
  do {
    const ready = waitReadable([bell, ...sources.map(({ socket }) => socket)], LIMIT_MS);
    if (ready.includes(bell)) sources = latest(port, sources);
    for (const { id, socket, sort } of sources) {
      if (!ready.includes(socket)) continue;
      for (const news of newsIn[sort](socket)) port.postMessage({ id, news } satisfies Heard);
    }
  } while (sources.length > 0 || !told);
  port.close();
}

let told = false;

interface Order {
  readonly sources: Sources;
  readonly closing: readonly number[];
}

/** The last word of those that were said. */
function latest(port: NonNullable<typeof parentPort>, before: Sources): Sources {
  readSync(bell, Buffer.alloc(8));
  let sources = before;
  for (let said = receiveMessageOnPort(port); said !== undefined; said = receiveMessageOnPort(port)) {
    const order = said.message as Order;
    sources = order.sources;
    order.closing.forEach((socket) => closeSync(socket));
    told = true;
  }
  return sources;
}

if (parentPort !== null) main(parentPort);
