/** Real processes under a driver that forgets everything in between. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { driverContract } from "#contracts/driver.contract.ts";
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import { daemon } from "#core/kinds/daemon.ts";
import type { Daemon } from "#core/kinds/daemon.ts";
import { diff } from "#core/reconcile/diff.ts";
import { programs } from "../programs/programs.ts";
import { linuxDaemons } from "./daemons.ts";
import { isAlive, processesWith, stopProcess } from "./process.ts";
import { runRecords } from "./run-record.ts";

/** Writes a line to `words` at its start and at each SIGHUP. */
const SCRIPT = `trap 'echo loaded >> "$1/words"' HUP; echo started >> "$1/words"; while :; do sleep 0.02; done`;

const sample = (more: Partial<Daemon> = {}): Daemon => ({
  name: "one",
  argv: ["sh", "-c", SCRIPT, "sh", "{state}"],
  startedWith: "a",
  loaded: "1",
  reload: { signal: "SIGHUP" },
  ready: ["test", "-s", "{state}/words"],
  after: [],
  ...more,
});

interface Place {
  readonly state: string;
  readonly fresh: () => Driver<Daemon>;
  readonly pidOf: (name: string) => number | undefined;
  readonly words: () => string[];
  /** One pass by a driver that knows nothing. */
  readonly pass: (...want: readonly Daemon[]) => Promise<readonly Outcome[]>;
}

function place(t: TestContext): Place {
  const state = mkdtempSync(join(tmpdir(), "margay-daemons-"));
  t.after(async () => {
    for (const name of ["one", "other", "bad"])
      for (const stray of processesWith(`MARGAY_DAEMON=${state} ${name}`)) await stopProcess(stray);
    rmSync(state, { recursive: true });
  });
  const fresh = () => linuxDaemons({ run: programs(), state });
  return {
    state,
    fresh,
    pidOf: (name) => runRecords(join(state, "run")).of(name)?.process.pid,
    words: () => readFileSync(join(state, "words"), "utf8").trim().split("\n"),
    pass: async (...want) => {
      const driver = fresh();
      return driver.apply(diff(daemon, want, await driver.list(want), { prune: true }));
    },
  };
}

driverContract<Daemon>("linuxDaemons()", (t) => {
  const { fresh } = place(t);
  const impossible = {
    value: sample({ name: "bad", argv: ["sh", "-c", "echo the configuration is wrong >&2; exit 3"] }),
    reason: /ended.*: the configuration is wrong/,
  };
  return { kind: daemon, fresh, one: sample(), other: sample({ name: "other" }), changed: sample({ loaded: "2" }), impossible };
});

test("a daemon outlives its agent, and a fresh one finds it and leaves it alone", async (t) => {
  const { pass, pidOf } = place(t);
  assert.deepEqual(await pass(sample()), [DONE]);
  const before = pidOf("one");
  assert.deepEqual(await pass(sample()), []);
  assert.equal(pidOf("one"), before);
});

test("what it can read again is a signal, what it reads at its start only is a new process", async (t) => {
  const { pass, pidOf, words } = place(t);
  await pass(sample());
  const before = pidOf("one");
  assert.deepEqual(await pass(sample({ loaded: "2" })), [DONE]);
  assert.equal(pidOf("one"), before);
  await until(() => words().join() === "started,loaded");
  assert.deepEqual(await pass(sample({ loaded: "2", startedWith: "b" })), [DONE]);
  assert.notEqual(pidOf("one"), before);
  await until(() => words().join() === "started,loaded,started");
});

test("one that is succeeded unasked takes leave of nobody; one that is not wanted any more does", async (t) => {
  const { pass, pidOf, words } = place(t);
  const argv = ["sh", "-c", `trap 'echo left >> "$1/words"; exit' TERM; ${SCRIPT}`, "sh", "{state}"];
  const unasked = (startedWith: string) => sample({ argv, startedWith, succeeds: "unasked" });
  await pass(unasked("a"));
  const before = pidOf("one");
  assert.deepEqual(await pass(unasked("b")), [DONE]);
  assert.notEqual(pidOf("one"), before);
  await until(() => words().join() === "started,started");
  await pass();
  await until(() => words().join() === "started,started,left");
});

test("one whose files another process would not take is not ended for it", async (t) => {
  const { pass, pidOf } = place(t);
  const check = ["sh", "-c", "test -e {state}/good || { echo syntax error, line 3 >&2; exit 1; }"];
  await pass(sample({ check, succeeds: "unasked" }));
  const before = pidOf("one");
  assert.deepEqual(await pass(sample({ check, succeeds: "unasked", startedWith: "b" })), [
    { state: "failed", reason: "syntax error, line 3" },
  ]);
  assert.equal(pidOf("one"), before);
});

test("a daemon that died is missing, and is started again", async (t) => {
  const { pass, pidOf, fresh } = place(t);
  await pass(sample());
  const before = pidOf("one") ?? assert.fail();
  process.kill(before, "SIGKILL");
  await until(async () => (await fresh().list([])).length === 0);
  assert.deepEqual(await pass(sample()), [DONE]);
  assert.notEqual(pidOf("one"), before);
});

test("a reload that is refused leaves it with what it had, says why, and is tried again", async (t) => {
  const { pass, pidOf } = place(t);
  const reload = { argv: ["sh", "-c", "test -e {state}/good || { echo syntax error, line 3 >&2; exit 1; }"] };
  await pass(sample({ reload }));
  const before = pidOf("one");
  assert.deepEqual(await pass(sample({ reload, loaded: "2" })), [{ state: "failed", reason: "syntax error, line 3" }]);
  assert.deepEqual(await pass(sample({ reload, loaded: "2" })), [{ state: "failed", reason: "syntax error, line 3" }]);
  assert.deepEqual(await pass(sample({ reload })), []);
  assert.equal(pidOf("one"), before);
});

test("a daemon that was not written down is stopped before another is started", async (t) => {
  const { pass, pidOf, state } = place(t);
  await pass(sample());
  const before = pidOf("one");
  rmSync(join(state, "run", "one.run.json"));
  await pass(sample());
  assert.deepEqual(
    processesWith(`MARGAY_DAEMON=${state} one`).filter(({ pid }) => pid === before),
    [],
  );
  assert.notEqual(pidOf("one"), before);
});

test("another process that has the number of a dead daemon is not taken for it, and not touched", async (t) => {
  const { pass, pidOf, state, fresh } = place(t);
  await pass(sample());
  const record = runRecords(join(state, "run")).of("one") ?? assert.fail();
  await stopProcess(record.process);
  const stolen = { ...record, process: { ...record.process, pid: process.pid } };
  writeFileSync(join(state, "run", "one.run.json"), JSON.stringify(stolen));
  assert.deepEqual(await fresh().list([]), []);
  assert.deepEqual(await fresh().apply([{ op: "delete", ref: "daemon/one", have: sample() }]), [DONE]);
  assert.equal(isAlive(stolen.process), false);
  assert.equal(pidOf("one"), undefined);
});

test("it is done only once it says that it serves", async (t) => {
  const { pass, state, fresh } = place(t);
  const ready = ["test", "-e", "{state}/serves"];
  const done = pass(sample({ ready }));
  await until(async () => (await fresh().list([])).length === 1);
  // Shown as not loaded: an agent that starts now asks again.
  assert.deepEqual(
    (await fresh().list([])).map(({ loaded }) => loaded),
    [""],
  );
  writeFileSync(join(state, "serves"), "");
  assert.deepEqual(await done, [DONE]);
  assert.deepEqual(await pass(sample({ ready })), []);
});

test("a program that is not installed says so", async (t) => {
  const outcomes = await place(t).pass(sample({ name: "bad", argv: ["margay-no-such-daemon"] }));
  assert.deepEqual(outcomes, [{ state: "failed", reason: "spawn margay-no-such-daemon ENOENT" }]);
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, "waited for 10 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("a daemon that somebody else made read another configuration is made to read ours again", async (t) => {
  const { state, pass, pidOf, fresh } = place(t);
  const control = ["birdc", "-s", "{state}/bird.ctl"];
  const bird = sample({
    argv: ["bird", "-f", "-c", "{state}/ours.conf", "-s", "{state}/bird.ctl", "-P", "{state}/bird.pid"],
    reload: { argv: [...control, "configure"] },
    ready: [...control, "show", "status"],
    stamp: "Last reconfiguration on",
  });
  const asked = (...words: readonly string[]) => programs()([...control.map((word) => word.replace("{state}", state)), ...words]);
  const routes = async () => (await asked("show", "route", "count")).stdout.match(/(\d+) of/)?.[1];
  const base = "router id 192.0.2.1;\nprotocol device {}\n";
  writeFileSync(join(state, "ours.conf"), base);
  writeFileSync(join(state, "theirs.conf"), `${base}protocol static { ipv4; route 10.65.0.0/16 unreachable; }\n`);

  assert.deepEqual(await pass(bird), [DONE]);
  const pid = pidOf("one");
  assert.deepEqual(await fresh().list([bird]), [bird], "nothing has happened since");
  await asked("configure", `"${state}/theirs.conf"`);
  assert.equal(await routes(), "1", "the foreign configuration holds");

  assert.deepEqual(await pass(bird), [DONE]);
  assert.equal(await routes(), "0", "ours holds again");
  assert.equal(pidOf("one"), pid, "without a restart");
  assert.deepEqual(await fresh().list([bird]), [bird]);
});
