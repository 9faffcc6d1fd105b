/** Kernel settings, read and written under /proc/sys of our own network namespace. */
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { Sysctl } from "#core/kinds/sysctl.ts";
import type { Kernel } from "../netlink/kernel.ts";
import { linkSettings } from "../netlink/link-settings.ts";
import { isMissing, reasonOf } from "./errors.ts";

const ROOT = "/proc/sys";

/** To ask for more settings than this one by one takes longer than to ask for those of all links. */
const MANY = 100;

/** Synchronous on purpose: these files are memory, and one read is cheaper than a promise. */
export function linuxSysctls({ route }: Pick<Kernel, "route">): Driver<Sysctl> {
  const list = async (want: readonly Sysctl[]) => {
    const told = want.length > MANY ? linkSettings(route) : () => undefined;
    return want.flatMap((wanted) => {
      const value = told(wanted.path) ?? read(wanted.path);
      // The wanted value itself where it stands: thousands of them are read every few seconds.
      return value === undefined ? [] : [value === wanted.value ? wanted : { path: wanted.path, value }];
    });
  };
  return {
    list,
    read: list,
    apply: async (changes) => changes.map((change) => (change.op === "delete" ? DONE : write(change.want))),
  };
}

/** Longer than any setting that is written here: the kernel gives as much as there is room for. */
const ROOM = Buffer.alloc(4096);

/** Undefined when there is no such setting: its link is missing. Half as long as readFileSync, which asks for the size first. */
function read(path: string): string | undefined {
  try {
    const file = openSync(`${ROOT}/${path}`, "r");
    try {
      return ROOM.toString("latin1", 0, readSync(file, ROOM)).trim().replaceAll(/\s+/g, " ");
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function write({ path, value }: Sysctl): Outcome {
  try {
    writeFileSync(`${ROOT}/${path}`, value);
    return DONE;
  } catch (error) {
    return { state: "failed", reason: reasonOf(error) };
  }
}
