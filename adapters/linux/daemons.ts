/**
 * Daemons: programs that outlive the agent. What runs is on record below the state directory, with what it has been told; what was not
 * written down any more, because the agent died, is found by its mark.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { ProgramResult, RunProgram } from "#contracts/program.ts";
import { mustRestart, OUTLIVED } from "#core/kinds/daemon.ts";
import type { Daemon } from "#core/kinds/daemon.ts";
import type { Change } from "#core/reconcile/diff.ts";
import { wordsOf } from "../programs/programs.ts";
import { allOf, endedSaying, endProcesses, hasSaidItServes, placed, startDaemon } from "./daemon-process.ts";
import type { Ground, Started } from "./daemon-process.ts";
import { reasonOf } from "./errors.ts";
import { isOutdated, NO_LINKS, sighted } from "./link-lives.ts";
import type { LinkLives } from "./link-lives.ts";
import { isAlive, leadsSession, signalProcess } from "./process.ts";
import type { ProcessName } from "./process.ts";
import { runRecords } from "./run-record.ts";
import type { RunRecord, RunRecords } from "./run-record.ts";

export interface DaemonsOptions extends Ground {
  readonly run: RunProgram;
  /** The links of the host; absent: what a daemon remembers of them never ends. */
  readonly links?: LinkLives;
}

/** A daemon that does not serve after so long has failed, but is left to go on where no older one serves. */
const READY_MS = 5000;
/** One that cannot be asked has started when it lives this long: what is wrong with its configuration ends it sooner. */
const SETTLED_MS = 100;
/** A program that is run to ask costs more than a look at a file. */
const POLL_MS = { command: 20, file: 2 };
const WATCH_MS = 250;

interface Yard extends DaemonsOptions {
  readonly records: RunRecords;
  readonly links: LinkLives;
  /** Of each daemon, whether more than one process of it was found when this agent first looked. */
  readonly doubled: Map<string, boolean>;
}

export function linuxDaemons(options: DaemonsOptions): Driver<Daemon> {
  const yard: Yard = {
    links: NO_LINKS,
    ...options,
    records: runRecords(join(options.state, "run")),
    doubled: new Map(),
  };
  mkdirSync(join(options.state, "log"), { recursive: true });
  return {
    list: (want) => {
      yard.links.forget?.();
      const wanted = new Map(want.map((each) => [each.name, each]));
      return Promise.all(alive(yard).map(async (record) => asHeld(yard, await sighting(yard, record), wanted.get(record.daemon.name))));
    },
    apply: (changes) =>
      Promise.all(
        changes.map((change) => applyOne(yard, change).catch((error: unknown): Outcome => ({ state: "failed", reason: reasonOf(error) }))),
      ),
    watch: (changed) => watch(yard, changed),
  };
}

function alive({ records }: Yard): readonly RunRecord[] {
  return records.all().filter((record) => isAlive(record.process));
}

/** Written down, for the next agent too: of a link that nobody has seen it could not be told that it went. */
async function sighting({ records, links }: Yard, record: RunRecord): Promise<RunRecord> {
  const now = sighted(record, links);
  if (now !== record) await records.write(now);
  return now;
}

/** Of one that has read something since we made it read, nobody knows what it has loaded. One that does not answer is taken as it was. */
async function asHeld(yard: Yard, record: RunRecord, want: Daemon | undefined): Promise<Daemon> {
  const held = asRemembered(yard, record, want);
  if (held.stamp === undefined || held.ready === undefined) return held;
  const { code, stdout } = await yard.run(placed(yard, held.ready));
  return code !== 0 || stampIn(held, stdout) === record.stamp ? held : { ...held, loaded: "" };
}

/** Of one that was about to be succeeded when the agent died, two may run: then neither is what is wanted, and nor is one whose memory is out of date. */
function asRemembered(yard: Yard, record: RunRecord, { forgetsWith }: Pick<Daemon, "forgetsWith"> = record.daemon): Daemon {
  const { daemon } = record;
  const { name, succeeds } = daemon;
  if (!yard.doubled.has(name)) yard.doubled.set(name, succeeds === "beside" && allOf(yard, name).filter(leadsSession).length > 1);
  return yard.doubled.get(name) === true || isOutdated(record, yard.links, forgetsWith) ? { ...daemon, startedWith: OUTLIVED } : daemon;
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
  if (record === undefined || !isAlive(record.process) || mustRestart(want, asRemembered(yard, record, want))) return begin(yard, want);
  const refused = await reload(yard, want, record.process);
  if (refused !== undefined) return { state: "failed", reason: refused };
  const remembers = { ...record.daemon.remembers, ...want.remembers };
  return serving(yard, { ...want, ...(want.remembers !== undefined && { remembers }) }, { started: record, settledMs: 0 });
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

/** Another process, after the older one or beside it. */
async function begin(yard: Yard, want: Daemon): Promise<Outcome> {
  const older = allOf(yard, want.name);
  if (want.succeeds === "beside" && older.length > 0) return succeed(yard, want, older);
  const refused = older.length === 0 || want.check === undefined ? undefined : await yard.run(placed(yard, want.check));
  if (refused !== undefined && refused.code !== 0) return { state: "failed", reason: wordsOf(refused) };
  await stop(yard, want.name, want.succeeds === "unasked" && { unasked: true });
  yard.doubled.set(want.name, false);
  const started = await startDaemon(yard, want);
  if (typeof started === "string") return { state: "failed", reason: started };
  // Not loaded until it serves: if the agent dies here, the next one asks again.
  await record(yard, { ...want, loaded: "" }, started);
  return serving(yard, want, { started, settledMs: SETTLED_MS });
}

/** The older ones stay on record, and serve, until the other does. */
async function succeed(yard: Yard, want: Daemon, older: readonly ProcessName[]): Promise<Outcome> {
  const started = await startDaemon(yard, want);
  if (typeof started === "string") return { state: "failed", reason: started };
  const outcome = await serving(yard, want, { started, settledMs: SETTLED_MS });
  const isDone = outcome.state === "done";
  const ended = isDone ? older : [started.process];
  await endProcesses(yard, want.name, { ended, keep: isDone ? started.pidFile : yard.records.of(want.name)?.pidFile });
  if (isDone) yard.doubled.set(want.name, false);
  return outcome;
}

/** Stops the one on record, and any that is not on record. */
async function stop(yard: Yard, name: string, how: false | { readonly unasked: true } = false): Promise<void> {
  const known = yard.records.of(name);
  await endProcesses(yard, name, { ended: [...(known === undefined ? [] : [known.process]), ...allOf(yard, name)], ...how });
  yard.records.remove(name);
}

function record(
  { records, links }: Yard,
  daemon: Daemon,
  { process, pidFile, stamp, links: seen }: Started & Partial<RunRecord>,
): Promise<void> {
  const known = {
    ...(pidFile !== undefined && { pidFile }),
    ...(stamp !== undefined && { stamp }),
    ...(seen !== undefined && { links: seen }),
  };
  return records.write(sighted({ process, daemon, ...known }, links));
}

interface Serving {
  readonly started: Started;
  readonly settledMs: number;
}

/** Waits until the daemon says that it serves; of one that cannot be asked, until it has lived for `settledMs`. */
async function serving(yard: Yard, want: Daemon, { started, settledMs }: Serving): Promise<Outcome> {
  const start = Date.now();
  for (;;) {
    if (!isAlive(started.process)) return { state: "failed", reason: endedSaying(yard, want.name) };
    const answer = want.ready === undefined ? undefined : await yard.run(placed(yard, want.ready));
    const waitsFor = waits(started, answer, Date.now() < start + settledMs);
    if (waitsFor === undefined) {
      const stamp = stampIn(want, answer?.stdout ?? "");
      await record(yard, want, { ...started, ...(stamp !== undefined && { stamp }) });
      return DONE;
    }
    if (Date.now() > start + READY_MS) return { state: "failed", reason: `it does not serve after ${READY_MS} ms: ${waitsFor}` };
    await sleep(answer === undefined ? POLL_MS.file : POLL_MS.command);
  }
}

/** Undefined once the daemon serves. */
function waits(started: Started, answer: ProgramResult | undefined, isYoung: boolean): string | undefined {
  if (!hasSaidItServes(started)) return "it has not written its number";
  if (answer !== undefined) return answer.code === 0 ? undefined : wordsOf(answer);
  return started.pidFile === undefined && isYoung ? "its start" : undefined;
}

/** A daemon that died is told once. */
function watch({ records, links }: Yard, changed: (concerned?: (value: Daemon) => boolean) => void): () => void {
  const dead = () => records.all().flatMap(({ process }) => (isAlive(process) ? [] : [`${process.pid} ${process.startTime}`]));
  let known = new Set(dead());
  const timer = setInterval(() => {
    const now = dead();
    const isNews = now.some((each) => !known.has(each));
    known = new Set(now);
    if (isNews) changed();
  }, WATCH_MS);
  timer.unref();
  const unwatch = links.watch?.((on) => changed(on === undefined ? on : ({ forgetsWith = [] }) => forgetsWith.includes(on)));
  return () => {
    clearInterval(timer);
    unwatch?.();
  };
}
