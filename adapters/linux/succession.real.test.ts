/** Daemons that are succeeded by another process beside them: real processes under drivers that forget everything in between. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { driverContract } from "#contracts/driver.contract.ts";
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import { daemon, OUTLIVED } from "#core/kinds/daemon.ts";
import type { Daemon } from "#core/kinds/daemon.ts";
import { diff } from "#core/reconcile/diff.ts";
import { programs } from "../programs/programs.ts";
import { linuxDaemons } from "./daemons.ts";
import { leadsSession, processesWith, stopProcess } from "./process.ts";

/** Serves once `may` is there (or not, when `never` is), and says so. */
const SCRIPT = [
  "trap : HUP",
  'until [ -e "$1/may" ]; do [ -e "$1/never" ] && { echo wrong line 3; exit 1; }; sleep 0.01; done',
  'echo $$ > "$2"',
  "while :; do sleep 0.02; done",
].join("; ");

const sample = (more: Partial<Daemon> = {}): Daemon => ({
  name: "one",
  argv: ["sh", "-c", SCRIPT, "sh", "{state}", "{pidfile}"],
  startedWith: "a",
  loaded: "1",
  reload: { signal: "SIGHUP" },
  succeeds: "beside",
  after: [],
  ...more,
});

interface Place {
  readonly state: string;
  readonly links: Map<string, number>;
  readonly fresh: () => Driver<Daemon>;
  /** Numbers of all that run. */
  readonly running: (name?: string) => readonly number[];
  /** One pass by a driver that knows nothing. */
  readonly pass: (...want: readonly Daemon[]) => Promise<readonly Outcome[]>;
  readonly may: (serve: boolean) => void;
}

function place(t: TestContext): Place {
  const state = mkdtempSync(join(tmpdir(), "margay-succession-"));
  const all = (name: string) => processesWith(`MARGAY_DAEMON=${state} ${name}`);
  t.after(async () => {
    for (const name of ["one", "other", "bad"]) for (const stray of all(name)) await stopProcess(stray);
    rmSync(state, { recursive: true });
  });
  const links = new Map<string, number>();
  const fresh = () => linuxDaemons({ run: programs(), state, links: { now: () => links } });
  writeFileSync(join(state, "may"), "");
  return {
    state,
    links,
    fresh,
    running: (name = "one") =>
      all(name)
        .filter(leadsSession)
        .map(({ pid }) => pid),
    pass: async (...want) => {
      const driver = fresh();
      return driver.apply(diff(daemon, want, await driver.list(want), { prune: true }));
    },
    may: (serve) => (serve ? writeFileSync(join(state, "may"), "") : rmSync(join(state, "may"))),
  };
}

driverContract<Daemon>("linuxDaemons() with succession", (t) => {
  const { fresh, running } = place(t);
  const impossible = {
    value: sample({ name: "bad", argv: ["sh", "-c", "echo the configuration is wrong >&2; exit 3", "{pidfile}"] }),
    reason: /ended.*: the configuration is wrong/,
  };
  const [one, other] = [sample(), sample({ name: "other" })];
  const disturb = () => void process.kill(running()[0] ?? assert.fail(), "SIGKILL");
  return { kind: daemon, fresh, one, other, changed: sample({ startedWith: "b" }), impossible, disturb };
});

test("the older one serves until the other does, and no longer", async (t) => {
  const { pass, running, may, fresh } = place(t);
  assert.deepEqual(await pass(sample()), [DONE]);
  const [older] = running();
  may(false);
  const done = pass(sample({ startedWith: "b" }));
  await until(() => running().length === 2);
  assert.deepEqual(
    (await fresh().list([])).map(({ startedWith }) => startedWith),
    [OUTLIVED],
    "an agent that starts now has it succeeded",
  );
  may(true);
  assert.deepEqual(await done, [DONE]);
  assert.equal(running().length, 1);
  assert.notEqual(running()[0], older);
  assert.deepEqual(await pass(sample({ startedWith: "b" })), []);
});

test("one that never serves leaves the older one where it was, and nothing of itself", async (t) => {
  const { pass, running, may, state } = place(t);
  await pass(sample());
  const before = running();
  may(false);
  writeFileSync(join(state, "never"), "");
  assert.deepEqual(await pass(sample({ startedWith: "b" })), [{ state: "failed", reason: "it ended: wrong line 3" }]);
  assert.deepEqual(running(), before);
  assert.equal(readdirSync(join(state, "run")).filter((file) => file.endsWith(".pid")).length, 1);
  assert.deepEqual(await pass(sample()), [], "it is still what it was");
});

test("an agent that is killed between the two leaves two; the next one ends both for one", async (t) => {
  const { pass, running, state } = place(t);
  await pass(sample());
  const [recorded] = running();
  const stray = spawn("sh", ["-c", SCRIPT, "sh", state, join(state, "run", "one.stray.pid")], {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, MARGAY_DAEMON: `${state} one` },
  });
  await until(() => running().length === 2);
  assert.deepEqual(await pass(sample()), [DONE]);
  const [left = 0, ...more] = running();
  assert.deepEqual(more, []);
  assert.ok(left !== recorded && left !== stray.pid);
  assert.equal(readdirSync(join(state, "run")).filter((file) => file.endsWith(".pid")).length, 1);
  assert.deepEqual(await pass(sample()), []);
});

test("a daemon that is not on record any more is succeeded, not ended before", async (t) => {
  const { pass, running, may, state } = place(t);
  await pass(sample());
  const [older = 0] = running();
  rmSync(join(state, "run", "one.run.json"));
  may(false);
  const done = pass(sample());
  await until(() => running().length === 2);
  assert.ok(running().includes(older));
  may(true);
  assert.deepEqual(await done, [DONE]);
  assert.ok(running().length === 1 && !running().includes(older));
});

test("what nobody wants any more it may remember, until somebody else is to have it", async (t) => {
  const { pass, running } = place(t);
  const having = (loaded: string, remembers: Daemon["remembers"] & {}) => sample({ loaded, remembers });
  await pass(having("1", { "10.65.0.5": "one" }));
  const [first] = running();
  assert.deepEqual(await pass(having("2", {})), [DONE], "it goes");
  assert.deepEqual(await pass(having("3", { "10.65.0.5": "one", "10.65.0.6": "two" })), [DONE], "it comes back, and another comes");
  assert.deepEqual(await pass(having("4", {})), [DONE]);
  assert.deepEqual(running(), [first]);
  assert.deepEqual(await pass(having("5", { "10.65.0.6": "three" })), [DONE], "another has it");
  assert.notEqual(running()[0], first);
  assert.deepEqual(await pass(having("5", { "10.65.0.6": "three" })), []);
});

test("what it remembers of a link's guest ends with the link; a link that comes, or was never seen, changes nothing", async (t) => {
  const { pass, running, links } = place(t);
  const want = sample({ remembers: { "2001:db8::5": "fa:16:3e:00:00:01" }, forgetsWith: ["tap1", "tap2"] });
  await pass(want);
  assert.deepEqual(await pass(want), [], "neither is there");
  links.set("tap1", 7);
  assert.deepEqual(await pass(want), [], "it came");
  const [older] = running();
  links.set("tap1", 8);
  assert.deepEqual(await pass(want), [DONE], "another by the same name");
  assert.notEqual(running()[0], older);
  assert.deepEqual(await pass(want), []);
  links.delete("tap1");
  assert.deepEqual(await pass({ ...want, loaded: "2" }), [DONE], "it went, and there is something to read, too");
  assert.equal(running().length, 1);
  assert.deepEqual(await pass({ ...want, loaded: "2" }), []);
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, "waited for 10 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
