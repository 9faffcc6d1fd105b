/** Test processes beside each other: what one that crashed left behind goes, and what one that is at work has stays. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { isAlive } from "#adapters/linux/process.ts";
import { filesIn } from "./lab-record.ts";
import { ownLab } from "./own-lab.real.ts";
import { labNamed, machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { runningService } from "./service.ts";
import { clear, down } from "./down.ts";

/** A lab of two machines, one of which runs a program, and a namespace of no lab; says how the lab is called, and stays. */
const WORK = `
const at = (path) => import(${JSON.stringify(new URL("..", import.meta.url).href)} + path);
const [{ ownLab }, { build }, { startService }, { machineNetns }] =
  await Promise.all(["lab/own-lab.real.ts", "lab/build.ts", "lab/service.ts", "lab/place.ts"].map(at));
const { testNamespace } = await at("adapters/linux/namespace.real.ts");
const lab = await ownLab("work");
const nodes = ["one", "two"].map((name) => ({ name, kind: "compute", addresses: [], routes: [] }));
await build(lab, { nodes, cables: [[{ node: "one", dev: "to-two" }, { node: "two", dev: "to-one" }]] });
startService(lab, { name: "sleeper", argv: ["sleep", "1000"], netns: machineNetns(lab, "one") });
await testNamespace({ after: () => {} });
console.log(lab.name);
setInterval(() => {}, 1000);
`;

interface Worker {
  readonly lab: Lab;
  /** As a crash does: nothing is cleaned up. */
  crash(): Promise<void>;
}

async function working(t: TestContext): Promise<Worker> {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const child = spawn(process.execPath, ["--input-type=module", "-e", WORK], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const crash = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  t.after(crash);
  for await (const name of createInterface({ input: child.stdout })) {
    const lab = labNamed(name);
    t.after(async () => {
      await down(lab);
      await clear(netnsesOf(lab));
    });
    return { lab, crash };
  }
  throw new Error("it ended before it had its lab");
}

const netnsesOf = ({ name }: Lab) => {
  const pid = /^test-(\d+)-work$/.exec(name)?.[1] ?? assert.fail(name);
  return filesIn("/run/netns").filter((netns) => netns.startsWith(`mg-test-${pid}-`));
};

test("a process that crashed leaves nothing once another has a lab; one that is at work keeps all that is its own", async (t) => {
  const [crashed, busy] = [await working(t), await working(t)];
  const sleeper = runningService(crashed.lab, "sleeper") ?? assert.fail("nothing sleeps");
  await crashed.crash();
  assert.equal(netnsesOf(crashed.lab).length, 3);
  const mine = await ownLab("mine");
  assert.notEqual(mine.name, busy.lab.name);
  assert.deepEqual(netnsesOf(crashed.lab), []);
  assert.equal(existsSync(crashed.lab.directory), false);
  assert.equal(isAlive(sleeper), false);
  assert.equal(netnsesOf(busy.lab).length, 3);
  assert.ok(netnsesOf(busy.lab).includes(machineNetns(busy.lab, "two")));
  assert.notEqual(runningService(busy.lab, "sleeper"), undefined);
});
