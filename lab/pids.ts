/**
 * Processes as the kernel knows them. A pid alone may name somebody else's process by the time one looks again; with its start
 * time it is unique until the machine boots.
 */
import { readFileSync, readdirSync, statSync } from "node:fs";

export interface Pid {
  readonly pid: number;
  /** Clock ticks after boot (proc(5), stat field 22). */
  readonly started: number;
}

/** Undefined when there is no such process, or only its remains. */
export function pidOf(pid: number): Pid | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command's name in parentheses may hold anything; what follows the last one is regular, the state first.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : { pid, started: Number(fields[19]) };
}

export function isAlive(process: Pid): boolean {
  return pidOf(process.pid)?.started === process.started;
}

/** Signals this very process; does nothing when it is gone. */
export function signal(target: Pid, name: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, name);
  } catch (error) {
    if (!isError(error, "ESRCH")) throw error;
  }
}

/** Processes in any of these namespaces, found in one walk over /proc. */
export function pidsInside(netnses: readonly string[]): Pid[] {
  const inodes = new Set(netnses.flatMap((netns) => inodeOf(`/run/netns/${netns}`) ?? []));
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = all.filter((name) => inodes.has(inodeOf(`/proc/${name}/ns/net`) ?? -1));
  return found.flatMap((name) => pidOf(Number(name)) ?? []);
}

/** Waits until all are gone; false when some are still there after `timeout` milliseconds. */
export async function gone(processes: readonly Pid[], timeout: number): Promise<boolean> {
  for (const end = Date.now() + timeout; processes.some(isAlive);) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].some((code) => isError(error, code))) return undefined;
    throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isError(error, "ENOENT") || isError(error, "ESRCH")) return undefined;
    throw error;
  }
}

function isError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
