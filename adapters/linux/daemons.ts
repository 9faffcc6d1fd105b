/**
 * Daemons: programs that outlive the agent. Each runs in a session of its own, writes to a log file below the state directory, and
 * carries a mark in its environment, by which it is found even when the agent died before it could write it down.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { ProgramResult, RunProgram } from "#contracts/program.ts";
import { mustRestart } from "#core/kinds/daemon.ts";
import type { Daemon } from "#core/kinds/daemon.ts";
import type { Change } from "#core/reconcile/diff.ts";
import { wordsOf } from "../programs/programs.ts";
import { isMissing, reasonOf } from "./errors.ts";
import { isAlive, processesWith, processOf, signalProcess, stopProcess } from "./process.ts";
import type { ProcessName } from "./process.ts";
import { runRecords } from "./run-record.ts";
import type { RunRecord, RunRecords } from "./run-record.ts";

export interface DaemonsOptions {
  readonly run: RunProgram;
  /** The state directory: `{state}` in a daemon's words. Records go to `run/`, logs to `log/` below it. */
  readonly state: string;
  /** Words put before every daemon: `ip netns exec NAME`. */
  readonly under?: readonly string[];
}

/** A daemon that does not serve after so long has failed, but is left to go on. */
const READY_MS = 5000;
/** One that cannot be asked has started when it lives this long: what is wrong with its configuration ends it sooner. */
const SETTLED_MS = 100;
const POLL_MS = 20;
/** A log that is longer when its daemon starts makes room for a new one. */
const LOG_BYTES = 10 * 1024 * 1024;

interface Yard extends DaemonsOptions {
  readonly records: RunRecords;
}

export function linuxDaemons(options: DaemonsOptions): Driver<Daemon> {
  const yard: Yard = { ...options, records: runRecords(join(options.state, "run")) };
  mkdirSync(join(options.state, "log"), { recursive: true });
  return {
    list: () => {
      const alive = yard.records.all().filter((record) => isAlive(record.process));
      return Promise.all(alive.map((record) => asLoaded(yard, record)));
    },
    apply: (changes) =>
      Promise.all(
        changes.map((change) => applyOne(yard, change).catch((error: unknown): Outcome => ({ state: "failed", reason: reasonOf(error) }))),
      ),
  };
}

/** Of one that has read something since we made it read, nobody knows what it has loaded. One that does not answer is taken as it was. */
async function asLoaded(yard: Yard, { daemon, stamp }: RunRecord): Promise<Daemon> {
  if (daemon.stamp === undefined || daemon.ready === undefined) return daemon;
  const { code, stdout } = await yard.run(placed(yard, daemon.ready));
  return code !== 0 || stampIn(daemon, stdout) === stamp ? daemon : { ...daemon, loaded: "" };
}

function stampIn({ stamp }: Daemon, printed: string): string | undefined {
  return stamp === undefined ? undefined : printed.split("\n").find((line) => line.startsWith(stamp));
}

async function applyOne(yard: Yard, change: Change<Daemon>): Promise<Outcome> {
  if (change.op === "delete") {
    await stop(yard, change.have.name);
    return DONE;
  }
  const { want } = change;
  const record = yard.records.of(want.name);
  const isReload = record !== undefined && isAlive(record.process) && !mustRestart(want, record.daemon);
  const refused = isReload ? await reload(yard, want, record.process) : await restart(yard, want);
  return refused === undefined ? serving(yard, want, isReload ? 0 : SETTLED_MS) : { state: "failed", reason: refused };
}

/** Gives the reason when it is refused; then the daemon goes on with what it had loaded. */
async function reload(yard: Yard, want: Daemon, process: ProcessName): Promise<string | undefined> {
  if ("signal" in want.reload) {
    signalProcess(process, want.reload.signal);
    return undefined;
  }
  const result = await yard.run(placed(yard, want.reload.argv));
  return result.code === 0 ? undefined : wordsOf(result);
}

async function restart(yard: Yard, want: Daemon): Promise<string | undefined> {
  await stop(yard, want.name);
  const started = await start(yard, want);
  if (typeof started === "string") return started;
  // Not loaded until it serves: if the agent dies here, the next one asks again.
  yard.records.write({ process: started, daemon: { ...want, loaded: "" } });
  return undefined;
}

/** Stops the one on record, and any that is not on record. */
async function stop(yard: Yard, name: string): Promise<void> {
  const record = yard.records.of(name);
  const strays = processesWith(markOf(yard, name));
  await Promise.all([...(record === undefined ? [] : [record.process]), ...strays].map(stopProcess));
  yard.records.remove(name);
}

/** `NAME=value` in the environment of all that a daemon consists of. */
function markOf({ state }: Yard, name: string): string {
  return `MARGAY_DAEMON=${state} ${name}`;
}

/** The process, or why there is none. */
function start(yard: Yard, want: Daemon): Promise<ProcessName | string> {
  const [program = "", ...words] = [...(yard.under ?? []), ...placed(yard, want.argv)];
  const [variable = "", value = ""] = markOf(yard, want.name).split(/=(.*)/s);
  const log = openSync(logFor(yard, want.name), "a");
  return new Promise((resolve) => {
    const child = spawn(program, words, { detached: true, stdio: ["ignore", log, log], env: { ...process.env, [variable]: value } });
    child.on("error", (error) => resolve(error.message));
    child.on("spawn", () => {
      child.unref();
      resolve(processOf(child.pid ?? 0) ?? `${program} ended at once: ${lastWords(yard, want.name)}`);
    });
    closeSync(log);
  });
}

/** Waits until the daemon says that it serves; of one that cannot be asked, until it has lived for `settledMs`. */
async function serving(yard: Yard, want: Daemon, settledMs: number): Promise<Outcome> {
  const start = Date.now();
  for (;;) {
    const record = yard.records.of(want.name);
    if (record === undefined || !isAlive(record.process)) return { state: "failed", reason: `it ended: ${lastWords(yard, want.name)}` };
    const answer = want.ready === undefined ? undefined : await yard.run(placed(yard, want.ready));
    const waitsFor = answer === undefined ? (Date.now() < start + settledMs ? "its start" : undefined) : notReady(answer);
    if (waitsFor === undefined) {
      const stamp = stampIn(want, answer?.stdout ?? "");
      yard.records.write({ process: record.process, daemon: want, ...(stamp !== undefined && { stamp }) });
      return DONE;
    }
    if (Date.now() > start + READY_MS) return { state: "failed", reason: `it does not serve after ${READY_MS} ms: ${waitsFor}` };
    await sleep(POLL_MS);
  }
}

/** Undefined once the daemon serves. */
function notReady(answer: ProgramResult): string | undefined {
  return answer.code === 0 ? undefined : wordsOf(answer);
}

function placed({ state }: Yard, words: readonly string[]): readonly string[] {
  return words.map((word) => word.replaceAll("{state}", state));
}

function logPath({ state }: Yard, name: string): string {
  return join(state, "log", `${name}.log`);
}

function logFor(yard: Yard, name: string): string {
  const path = logPath(yard, name);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_BYTES) renameSync(path, `${path}.1`);
  return path;
}

/** The end of the daemon's log, in one line. */
function lastWords(yard: Yard, name: string): string {
  try {
    return readFileSync(logPath(yard, name), "utf8").trim().split("\n").slice(-3).join("; ");
  } catch (error) {
    if (isMissing(error)) return "its log is missing";
    throw error;
  }
}
