/**
 * Programs that outlive the command that started them: controller, agents, the provider's BIRD, the relay. Each leaves a
 * run record, so that a later command, or one after a crash, knows it again.
 */
import { spawn } from "node:child_process";
import { mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, processOf, signalProcess, stopProcess } from "#adapters/linux/process.ts";
import type { ProcessName } from "#adapters/linux/process.ts";
import { filesIn } from "./lab-record.ts";
import type { Lab } from "./place.ts";
import { inside } from "./program.ts";
import { until } from "./wait.ts";

export interface Service {
  /** Its name in the lab: `controller-control`, `agent-h1`. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Namespace that it runs in; the root namespace when absent. */
  readonly netns?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts it unless it runs; true when it had to. Its words go to `log/NAME.log`. */
export function startService(lab: Lab, service: Service): boolean {
  if (runningService(lab, service.name) !== undefined) return false;
  for (const directory of ["run", "log"]) mkdirSync(join(lab.directory, directory), { recursive: true });
  const log = openSync(logFile(lab, service.name), "a");
  // `ip netns exec` becomes the program, so the pid we see is the program's.
  const [program = "", ...rest] = service.netns === undefined ? service.argv : inside(service.netns, service.argv);
  const child = spawn(program, rest, { detached: true, stdio: ["ignore", log, log], cwd: "/", env: { ...process.env, ...service.env } });
  closeSync(log);
  // What could not be started is missed by whoever waits for it; its record would only be wrong.
  child.on("error", () => undefined).unref();
  const started = child.pid === undefined ? undefined : processOf(child.pid);
  if (started === undefined) throw new Error(`${service.argv.join(" ")}: cannot be started`);
  writeFileSync(record(lab, service.name), JSON.stringify(started));
  return true;
}

/** Ends it by SIGTERM, after 5 s by SIGKILL; false when it did not run. */
export async function stopService(lab: Lab, name: string): Promise<boolean> {
  const running = runningService(lab, name);
  if (running !== undefined) await stopProcess(running);
  rmSync(record(lab, name), { force: true });
  return running !== undefined;
}

/** Ends it by SIGKILL, as a crash would; its record stays. Throws when it does not run. */
export async function killService(lab: Lab, name: string): Promise<void> {
  const running = runningService(lab, name);
  if (running === undefined) throw new Error(`${name} does not run`);
  signalProcess(running, "SIGKILL");
  await until({ what: `${name} to be gone`, timeout: 5000, every: 10 }, () => (isAlive(running) ? "it is still there" : undefined));
}

export function runningService(lab: Lab, name: string): ProcessName | undefined {
  const known = readRecord(record(lab, name));
  return known !== undefined && isAlive(known) ? known : undefined;
}

/** Every service that was started and not stopped, alive or not. */
export function knownServices(lab: Lab): { readonly name: string; readonly pid: ProcessName | undefined }[] {
  const names = filesIn(join(lab.directory, "run")).map((file) => file.replace(/\.json$/, ""));
  return names.toSorted().map((name) => ({ name, pid: runningService(lab, name) }));
}

export function logFile(lab: Lab, name: string): string {
  return join(lab.directory, "log", `${name}.log`);
}

function record(lab: Lab, name: string): string {
  return join(lab.directory, "run", `${name}.json`);
}

/** A record that a crash cut short names nothing. */
function readRecord(path: string): ProcessName | undefined {
  try {
    // We wrote it ourselves.
    return JSON.parse(readFileSync(path, "utf8")) as ProcessName;
  } catch {
    return undefined;
  }
}
