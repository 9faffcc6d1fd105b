/**
 * How a daemon's process is started, marked, found and ended. It runs in a session of its own, writes to a log below the state
 * directory, and carries a mark in its environment, by which it is found even when the agent died before it could write it down.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Daemon } from "#core/kinds/daemon.ts";
import { isMissing } from "./errors.ts";
import { processesWith, processOf, stopProcess } from "./process.ts";
import type { ProcessName } from "./process.ts";
import { textOf } from "./text-of.ts";

/** Where daemons live. */
export interface Ground {
  /** The state directory: `{state}` in a daemon's words. Records and pid files go to `run/`, logs to `log/` below it. */
  readonly state: string;
  /** Words put before every daemon: `ip netns exec NAME`. */
  readonly under?: readonly string[];
}

export interface Started {
  readonly process: ProcessName;
  /** Where it writes its number once it serves, if it is one that does. */
  readonly pidFile?: string;
}

/** A log that is longer when its daemon starts makes room for a new one. */
const LOG_BYTES = 10 * 1024 * 1024;
const PID_FILE = "{pidfile}";

let count = 0;

/** The process, or why there is none. */
export function startDaemon(ground: Ground, { name, argv }: Daemon): Promise<Started | string> {
  // No two processes have one: an older one would take away the other's when it ends.
  const pidFile = join(ground.state, "run", `${name}.${process.pid}-${Date.now()}-${count++}.pid`);
  const [program = "", ...words] = [...(ground.under ?? []), ...placed(ground, argv)].map((word) => word.replaceAll(PID_FILE, pidFile));
  const writes = argv.some((word) => word.includes(PID_FILE));
  const [variable = "", value = ""] = markOf(ground, name).split(/=(.*)/s);
  const log = openSync(logFor(ground, name), "a");
  return new Promise((resolve) => {
    const child = spawn(program, words, { detached: true, stdio: ["ignore", log, log], env: { ...process.env, [variable]: value } });
    child.on("error", (error) => resolve(error.message));
    child.on("spawn", () => {
      child.unref();
      const started = processOf(child.pid ?? 0);
      resolve(started === undefined ? endedSaying(ground, name) : { process: started, ...(writes && { pidFile }) });
    });
    closeSync(log);
  });
}

/** Has it written its number? */
export function hasSaidItServes({ process, pidFile }: Started): boolean {
  return pidFile === undefined || textOf(pidFile).trim() === String(process.pid);
}

/** All that runs of this daemon, on record or not. */
export function allOf(ground: Ground, name: string): ProcessName[] {
  return processesWith(markOf(ground, name));
}

/** Ends these, and takes away the pid files of this daemon but the one to keep: one that was killed leaves its own. */
export async function endProcesses(
  ground: Ground,
  name: string,
  { ended, keep, unasked }: { ended: readonly ProcessName[]; keep?: string | undefined; unasked?: true },
) {
  await Promise.all(ended.map((each) => stopProcess(each, unasked && ["SIGKILL"])));
  const run = join(ground.state, "run");
  const isOther = (file: string) => file.startsWith(`${name}.`) && file.endsWith(".pid") && (keep === undefined || file !== basename(keep));
  for (const file of readdirSync(run)) if (isOther(file)) rmSync(join(run, file), { force: true });
}

/** `NAME=value` in the environment of all that a daemon consists of. */
function markOf({ state }: Ground, name: string): string {
  return `MARGAY_DAEMON=${state} ${name}`;
}

export function placed({ state }: Ground, words: readonly string[]): readonly string[] {
  return words.map((word) => word.replaceAll("{state}", state));
}

function logPath({ state }: Ground, name: string): string {
  return join(state, "log", `${name}.log`);
}

function logFor(ground: Ground, name: string): string {
  const path = logPath(ground, name);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_BYTES) renameSync(path, `${path}.1`);
  return path;
}

/** With the end of the daemon's log, in one line. */
export function endedSaying(ground: Ground, name: string): string {
  return `it ended: ${lastWords(ground, name)}`;
}

function lastWords(ground: Ground, name: string): string {
  try {
    return readFileSync(logPath(ground, name), "utf8").trim().split("\n").slice(-3).join("; ");
  } catch (error) {
    if (isMissing(error)) return "its log is missing";
    throw error;
  }
}
