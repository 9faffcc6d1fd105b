/** The guide's data centre with Margay's own processes: built, disturbed, completed, and gone. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { signalProcess } from "#adapters/linux/process.ts";
import { readDataCenterText } from "#adapters/yaml/datacenter-file.ts";
import { readYaml } from "#adapters/yaml/document.ts";
import { down } from "./down.ts";
import { fabricStands } from "./fabric.ts";
import { CLOUD } from "./identity.ts";
import { readLabRecord, writeLabRecord } from "./lab-record.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { ping } from "./probe.ts";
import { runningService } from "./service.ts";
import { startController, stopAgent, stopController } from "./standing.ts";
import { statusOf } from "./status.ts";
import { outsideHost } from "./topology.ts";
import { up } from "./up.ts";
import type { Raising } from "./up.ts";
import { listVms } from "./vm-record.ts";
import { addVm, removeVm } from "./vm.ts";
import { until } from "./wait.ts";

const PATH = fileURLToPath(new URL("../examples/guide.yaml", import.meta.url));

function raising(t: TestContext): Raising {
  const file = { path: PATH, text: readFileSync(PATH, "utf8") };
  const reading = readDataCenterText(PATH, file.text);
  assert.ok(reading.ok);
  return { file, center: reading.value, say: (line) => t.diagnostic(line) };
}

function cloudIn(text: string): Readonly<Record<string, string>> {
  return (
    (readYaml(text).value as { clouds: Readonly<Record<string, { auth: Readonly<Record<string, string>> }>> }).clouds[CLOUD]?.auth ?? {}
  );
}

const running = (lab: Lab) => statusOf(lab).machines.flatMap(({ process }) => (process?.pid === undefined ? [] : [process.name]));
const ALL = ["provider-bird", "controller-control", "agent-rr1", "agent-h1", "agent-h2", "agent-gw1"];
const namespaces = (lab: Lab) => execFileSync("ip", ["netns"], { encoding: "utf8" }).match(new RegExp(`mg-${lab.name}-`, "g")) ?? [];

test("a lab comes up, is completed where something has stopped, and goes without trace", { timeout: 120_000 }, async (t) => {
  const [lab, plan] = [await ownLab("up"), raising(t)];
  t.after(() => down(lab));
  await up(lab, plan);
  assert.deepEqual(running(lab), ALL);
  assert.deepEqual(statusOf(lab).doors, [`unix:${lab.directory}/controller.sock`]);

  await t.test("a VM boots on it and reaches the outside", async () => {
    await addVm(lab, { name: "v", host: "h1", network: plan.center.networks.external.name, groups: [] });
    const { ipv4, ipv6 } = outsideHost(plan.center.lab);
    for (const to of [ipv4, ipv6]) assert.equal((await ping(vmNetns(lab, "v"), to)).reached, true, to);
  });

  await t.test("an administrator logs in by TCP, from inside", () => {
    const { auth_url, username: name, password, project_name } = cloudIn(readFileSync(statusOf(lab).clouds, "utf8"));
    const domain = { name: "Default" };
    const identity = { methods: ["password"], password: { user: { name, domain, password } } };
    const body = JSON.stringify({ auth: { identity, scope: { project: { name: project_name, domain } } } });
    const script = "fetch(process.argv[1], { method: 'POST', body: process.argv[2] }).then(({ status }) => console.log(status))";
    const argv = ["netns", "exec", machineNetns(lab, "h1"), process.execPath, "-e", script, `${auth_url}/auth/tokens`, body];
    assert.equal(execFileSync("ip", argv, { encoding: "utf8", timeout: 20_000 }), "201\n");
  });

  await t.test("a VM with a machine's name, on no host, or in no group is refused", async () => {
    const wish = { name: "w", host: "h1", network: plan.center.networks.external.name, groups: [] };
    await assert.rejects(addVm(lab, { ...wish, name: "gw1" }), /VM "gw1": a machine of the lab has this name/);
    await assert.rejects(addVm(lab, { ...wish, host: "h9" }), /no compute host "h9"/);
    await assert.rejects(addVm(lab, { ...wish, host: "gw1" }), /cannot be bound on gw1: no agent of a compute host is alive there/);
    await assert.rejects(addVm(lab, { ...wish, groups: ["web"] }), /no security group "web" in the cloud; there are default/);
    assert.deepEqual(
      listVms(lab).map(({ name }) => name),
      ["v"],
    );
  });

  await t.test("packets flow without the controller, and without agents", async () => {
    await stopController(lab);
    for (const machine of ["h1", "h2", "gw1", "rr1"]) await stopAgent(lab, machine);
    assert.deepEqual(running(lab), ["provider-bird"]);
    await fabricStands(lab, plan.center);
    assert.equal((await ping(vmNetns(lab, "v"), outsideHost(plan.center.lab).ipv4)).reached, true);
    assert.equal(await startController(lab), true);
    assert.equal(await startController(lab), false, "it runs already");
  });

  await t.test("up completes what is missing, and says no to another declaration", async () => {
    const killed = runningService(lab, "provider-bird");
    assert.ok(killed);
    signalProcess(killed, "SIGKILL");
    await until({ what: "it to end", timeout: 1000 }, () => (runningService(lab, "provider-bird") ? "it runs" : undefined));
    await up(lab, plan);
    assert.deepEqual(running(lab), ALL);
    await assert.rejects(up(lab, { ...plan, file: { ...plan.file, text: `${plan.file.text}\n` } }), /another declaration/);
  });

  await t.test("a VM that goes leaves nothing on its host", async () => {
    await removeVm(lab, "v");
    const left = () => execFileSync("ip", ["-n", machineNetns(lab, "h1"), "route", "show", "proto", "88"], { encoding: "utf8" });
    await until({ what: "its route to go", timeout: 5000 }, () => (/tap/.test(left()) ? left() : undefined));
  });

  await down(lab);
  assert.deepEqual(namespaces(lab), []);
  assert.equal(existsSync(lab.directory), false);
});

test("what a crash left is cleared away before a lab is built", { timeout: 60_000 }, async (t) => {
  const [lab, plan] = [await ownLab("crash"), raising(t)];
  t.after(() => down(lab));
  await up(lab, plan);
  const record = readLabRecord(lab);
  assert.ok(record);
  // As if the builder had died: its process is no more, and the lab is half there.
  writeLabRecord(lab, { ...record, phase: "building", builder: { ...record.builder, startTime: "1" } });
  execFileSync("ip", ["netns", "del", machineNetns(lab, "h2")]);
  await up(lab, plan);
  assert.deepEqual(running(lab), ALL);

  await t.test("and two that take it down at once do not stumble over each other", async () => {
    await Promise.all([down(lab), down(lab)]);
    assert.deepEqual(namespaces(lab), []);
    assert.equal(existsSync(lab.directory), false);
  });
});

test("a namespace that is not the lab's is not touched", async (t) => {
  const [lab, plan] = [await ownLab("other"), raising(t)];
  const foreign = machineNetns(lab, "h1");
  execFileSync("ip", ["netns", "add", foreign]);
  t.after(() => execFileSync("ip", ["netns", "del", foreign]));
  await assert.rejects(up(lab, plan), new RegExp(`${foreign} exist, and are not of the lab`));
  assert.deepEqual(namespaces(lab).length, 1);
  assert.equal(existsSync(lab.directory), false);
});
