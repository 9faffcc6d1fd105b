/** Processes of this machine, named so that a number that is used again is not taken for the one before. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readProcessStat } from "#core/kinds/proc-stat.ts";

/** Number, start and boot together name a process for good. */
export interface ProcessName {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: string;
  readonly bootId: string;
}

/** How long a process may take to end by itself when asked to. */
const GRACE_MS = 5000;
const POLL_MS = 20;

/** The process that has this number now; undefined when none has, or it is dead. */
export function processOf(pid: number): ProcessName | undefined {
  const stat = readProcessStat(textOf(`/proc/${pid}/stat`));
  if (stat === undefined || stat.state === "Z" || stat.state === "X") return undefined;
  return { pid, startTime: stat.startTime, bootId: textOf("/proc/sys/kernel/random/boot_id").trim() };
}

export function isAlive(name: ProcessName): boolean {
  const now = processOf(name.pid);
  return now !== undefined && now.startTime === name.startTime && now.bootId === name.bootId;
}

/** Processes whose environment holds this `NAME=value`. */
export function processesWith(variable: string): ProcessName[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => textOf(`/proc/${pid}/environ`).split("\0").includes(variable)).flatMap((pid) => processOf(Number(pid)) ?? []);
}

/** Did it begin the session that it is in, as a daemon does and what a daemon starts does not? */
export function leadsSession({ pid }: ProcessName): boolean {
  return readProcessStat(textOf(`/proc/${pid}/stat`))?.session === pid;
}

/** Asks it to end, and ends it when it does not. Never touches a process that only has its number. */
export async function stopProcess(name: ProcessName, signals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGKILL"]): Promise<void> {
  for (const signal of signals) {
    signalProcess(name, signal);
    const deadline = Date.now() + GRACE_MS;
    while (isAlive(name) && Date.now() < deadline) await sleep(POLL_MS);
    if (!isAlive(name)) return;
  }
  throw new Error(`process ${name.pid} does not end`);
}

export function signalProcess(name: ProcessName, signal: NodeJS.Signals): void {
  if (!isAlive(name)) return;
  try {
    process.kill(name.pid, signal);
  } catch (error) {
    // It ended just now.
    if (isAlive(name)) throw error;
  }
}

/** Empty when there is nothing to read: processes go while they are looked at. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
