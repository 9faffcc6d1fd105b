/** Removes a lab without trace, however it came to be what it is. */
import { existsSync, rmSync } from "node:fs";
import { netnsesOf } from "./lab-record.ts";
import { gone, pidsInside, signal } from "./pids.ts";
import type { Pid } from "./pids.ts";
import type { Lab } from "./place.ts";
import { must } from "./program.ts";
import { knownServices } from "./service.ts";

/** False when there was nothing. */
export async function down(lab: Lab): Promise<boolean> {
  if (!existsSync(lab.directory)) return false;
  const netnses = netnsesOf(lab).filter((netns) => existsSync(`/run/netns/${netns}`));
  const outside = knownServices(lab).flatMap(({ pid }) => pid ?? []);
  await end([...outside, ...pidsInside(netnses)], () => pidsInside(netnses));
  // A namespace's interfaces, routes and rules go with it.
  if (netnses.length > 0) await must(["ip", "-batch", "-"], { input: netnses.map((netns) => `netns del ${netns}\n`).join("") });
  rmSync(lab.directory, { recursive: true, force: true });
  return true;
}

/** Ends processes and whatever they start meanwhile. Nothing in a lab is worth a farewell. */
export async function end(processes: readonly Pid[], more: () => readonly Pid[]): Promise<void> {
  for (let left = withoutUs(processes); left.length > 0; left = withoutUs(more())) {
    for (const one of left) signal(one, "SIGKILL");
    if (!(await gone(left, 3000))) throw new Error(`cannot end process ${left.map(({ pid }) => pid).join(", ")}`);
  }
}

/** `margay lab down` may have been called from within a namespace of the lab. */
function withoutUs(processes: readonly Pid[]): Pid[] {
  return processes.filter(({ pid }) => pid !== process.pid && pid !== process.ppid);
}
