/** What a process that runs until it is asked to stop has in common with the others: signals, the log, and how it ends. */
import { flushCompileCache } from "node:module";
import { jsonLog } from "#adapters/log/json.ts";
import type { JsonLog } from "#adapters/log/json.ts";

/** By then all that a process has use for is loaded. */
const SETTLED_MS = 5000;

/** Runs in the foreground until SIGTERM or SIGINT, as systemd wants it. A bug ends the process, which is safe to start again. */
export async function service(name: string, work: (stop: AbortSignal, log: JsonLog) => Promise<void>): Promise<void> {
  // Stores and configurations may hold secrets, logs hold addresses, and whoever reaches a socket is an administrator: nobody else's.
  process.umask(0o077);
  const log = jsonLog(name);
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  // Node keeps what it has compiled for the next start when it ends; one that is killed would leave that to be done again.
  setTimeout(flushCompileCache, SETTLED_MS).unref();
  process.on("uncaughtException", (error) => {
    log.error(`a bug: the ${name} ends, and can be started again`, { error });
    process.exit(1);
  });
  try {
    await work(stop.signal, log);
  } catch (error) {
    log.error(`the ${name} ends`, { error });
    process.exitCode = 1;
  }
}

/** Resolves once the process is asked to stop. */
export function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
