/**
 * One verification of a lab at a time, since all use the same VMs; and one that was killed is known to the next, because it
 * leaves VMs half booted, with forged addresses, or with a NIC too many.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, processOf } from "#adapters/linux/process.ts";
import type { ProcessName } from "#adapters/linux/process.ts";
import { writeWhole } from "../lab-record.ts";
import type { Lab } from "../place.ts";

export interface Turn {
  /** The one before did not come to its end. */
  readonly afterCrash: boolean;
  end(): void;
}

/** Throws while another process verifies this lab. */
export function takeTurn(lab: Lab): Turn {
  const path = join(lab.directory, "verify.json");
  const us = processOf(process.pid);
  if (us === undefined) throw new Error("/proc does not know this process");
  const end = () => rmSync(path, { force: true });
  if (isFirst(path, us)) return { afterCrash: false, end };
  const before = turnIn(path);
  if (before !== undefined && isAlive(before)) throw new Error(`the lab "${lab.name}" is being verified by process ${before.pid}`);
  writeWhole(path, us);
  return { afterCrash: true, end };
}

function isFirst(path: string, us: ProcessName): boolean {
  try {
    writeFileSync(path, JSON.stringify(us), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** One that was cut short names nobody. */
function turnIn(path: string): ProcessName | undefined {
  try {
    // We wrote it ourselves.
    return JSON.parse(readFileSync(path, "utf8")) as ProcessName;
  } catch {
    return undefined;
  }
}
