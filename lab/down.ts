/** Removes a lab without trace, however it came to be what it is. */
import { existsSync, rmSync, rmdirSync } from "node:fs";
import { signalProcess } from "#adapters/linux/process.ts";
import type { ProcessName } from "#adapters/linux/process.ts";
import { netnsesOf } from "./lab-record.ts";
import { gone, inodesOf, processesInside } from "./inside.ts";
import { LABS } from "./place.ts";
import type { Lab } from "./place.ts";
import { run } from "./program.ts";
import { knownServices } from "./service.ts";

/** False when there was nothing. */
export async function down(lab: Lab): Promise<boolean> {
  if (!existsSync(lab.directory)) return false;
  await endAll(knownServices(lab).flatMap(({ pid }) => pid ?? []));
  await clear(netnsesOf(lab));
  rmSync(lab.directory, { recursive: true, force: true });
  removeEmpty(LABS);
  return true;
}

/** Another lab may be there, or come, or go: then the directory stays, or has gone. */
function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "ENOENT"))) throw error;
  }
}

/** Ends what runs in these namespaces, and removes them; their interfaces, routes and rules go with them. */
export async function clear(netnses: readonly string[]): Promise<void> {
  const there = netnses.filter((netns) => existsSync(`/run/netns/${netns}`));
  const inodes = inodesOf(there);
  await endInside(inodes);
  await remove(there);
  // A program that was being started may have got in after we looked; nobody gets in any more.
  await endInside(inodes);
}

/** Another command may be removing some of them at the same time: what counts is that they go. */
async function remove(netnses: readonly string[]): Promise<void> {
  if (netnses.length === 0) return;
  const { stderr } = await run(["ip", "-force", "-batch", "-"], { input: netnses.map((netns) => `netns del ${netns}\n`).join("") });
  const left = netnses.filter((netns) => existsSync(`/run/netns/${netns}`));
  if (left.length > 0) throw new Error(`cannot remove ${left.join(", ")}: ${stderr.trim()}`);
}

async function endInside(inodes: ReadonlySet<number>): Promise<void> {
  for (let left = withoutUs(processesInside(inodes)); left.length > 0; left = withoutUs(processesInside(inodes))) await endAll(left);
}

/** Nothing in a lab is worth a farewell. */
async function endAll(processes: readonly ProcessName[]): Promise<void> {
  for (const one of processes) signalProcess(one, "SIGKILL");
  if (!(await gone(processes, 3000))) throw new Error(`cannot end process ${processes.map(({ pid }) => pid).join(", ")}`);
}

/** `margay lab down` may have been called from within a namespace of the lab. */
function withoutUs(processes: readonly ProcessName[]): ProcessName[] {
  return processes.filter(({ pid }) => pid !== process.pid && pid !== process.ppid);
}
