/** The processes of a lab: those inside its namespaces, found without any memory of who started them. */
import { readdirSync, statSync } from "node:fs";
import { isAlive, processOf } from "#adapters/linux/process.ts";
import type { ProcessName } from "#adapters/linux/process.ts";

/** The namespaces' inode numbers, by which processes in them are known also when the name has gone. */
export function inodesOf(netnses: readonly string[]): ReadonlySet<number> {
  return new Set(netnses.flatMap((netns) => inodeOf(`/run/netns/${netns}`) ?? []));
}

/** Processes in any of these namespaces, found in one walk over /proc. */
export function processesInside(inodes: ReadonlySet<number>): ProcessName[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = all.filter((name) => inodes.has(inodeOf(`/proc/${name}/ns/net`) ?? -1));
  return found.flatMap((name) => processOf(Number(name)) ?? []);
}

/** Waits until all are gone; false when some are still there after `timeout` milliseconds. */
export async function gone(processes: readonly ProcessName[], timeout: number): Promise<boolean> {
  for (const end = Date.now() + timeout; processes.some(isAlive);) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/** Processes and namespaces go while they are looked at. */
function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}
