/** The agent's settings: its file, the files that it names, its command line, and what takes effect while it runs. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fakeLog } from "#contracts/log.fake.ts";
import { AGENT } from "#core/settings/agent.ts";
import { rereading } from "../rereading.ts";
import { agentSettings, machineOf } from "./settings.ts";
import type { AgentOptions } from "./settings.ts";

function folder(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "margay-agent-settings-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return (name: string, text: string, mode = 0o600) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
}

const MACHINE = "agent: {role: compute, host: h1, controllers: ['http://c:9696']}\n";

const read = (options: AgentOptions) => {
  const reading = agentSettings(options)();
  assert.ok(reading.ok, reading.ok ? "" : reading.problems.join("\n"));
  return reading.value;
};
const problems = (options: AgentOptions) => {
  const reading = agentSettings(options)();
  return reading.ok ? [] : reading.problems;
};

test("the command line alone is enough, and wins over the file", (t) => {
  const write = folder(t);
  const options = { role: "gateway", host: "gw1", controller: ["unix:/run/c.sock"], state: "/s" };
  assert.deepEqual(machineOf(read({ config: "/dev/null", ...options }).settings), { ...options, flowOffload: "auto" });
  assert.deepEqual(machineOf(read({ config: write("a.yaml", MACHINE), host: "h2", set: ["agent.flow_offload=off"] }).settings), {
    role: "compute",
    host: "h2",
    controller: ["http://c:9696"],
    state: "/var/lib/margay",
    flowOffload: "off",
  });
});

test("what must be said is missed by its name", () => {
  assert.deepEqual(
    problems({ config: "/dev/null" }).map((line) => line.replace(/^.*?: /, "")),
    ["agent.role: missing", "agent.host: missing", "agent.controllers: missing"],
  );
});

test("a secret is read from its file, which not everybody may read, and is told nowhere", (t) => {
  const write = folder(t);
  const secret = write("secret", "hunter2\n");
  const config = write("a.yaml", `${MACHINE}metadata: {urls: ['http://nova:8775/'], shared_secret_file: ${secret}}\n`);
  assert.equal(read({ config }).metadata.secret, "hunter2");
  assert.deepEqual(read({ config }).settings.metadata.urls, ["http://nova:8775"]);
  chmodSync(secret, 0o644);
  assert.deepEqual(problems({ config }), [`metadata.shared_secret_file ${secret}: everybody may read it (mode 644); chmod o= ${secret}`]);
  for (const [text, reason] of [
    ["\n", "is empty"],
    ["a\nb\n", "has more than one line"],
  ] as const) {
    write("secret", text);
    assert.deepEqual(problems({ config }), [`metadata.shared_secret_file ${secret}: ${reason}`]);
  }
});

test("files that are not what they should be are all told at once", (t) => {
  const write = folder(t);
  const config = write("a.yaml", `${MACHINE}metadata: {shared_secret_file: /nowhere/s, ca: ${write("ca", "x")}}\n`);
  assert.deepEqual(
    problems({ config }).map((line) => line.replace(/\/tmp\S*\//, "")),
    [
      "metadata.shared_secret_file /nowhere/s: ENOENT: no such file or directory, stat '/nowhere/s'",
      "metadata.ca ca: is no certificate in PEM",
    ],
  );
  const lacking = write("b.yaml", `${MACHINE}metadata: {urls: ['http://nova:8775']}\n`);
  assert.match(problems({ config: lacking }).join(), /shared_secret_file.*: missing: without it Nova believes nobody/);
});

test("read again, metadata is as the file says now; a file with anything wrong changes nothing; the secret is in no log", (t) => {
  const write = folder(t);
  const secret = write("secret", "hunter2\n");
  const text = (requests: number) =>
    `${MACHINE}metadata: {urls: ['http://nova:8775'], shared_secret_file: ${secret}, port_requests: ${requests}}\n`;
  const config = write("a.yaml", text(10));
  const log = fakeLog();
  const live = rereading(AGENT, { read: agentSettings({ config }), first: read({ config }), log });
  const heard: unknown[] = [];
  live.listen((value) => heard.push([value.settings.metadata.port_requests, value.metadata.secret]));
  write("a.yaml", text(20));
  write("secret", "hunter3");
  live.reread();
  write("a.yaml", text(0));
  live.reread();
  assert.deepEqual(heard, [[20, "hunter3"]]);
  assert.deepEqual(
    log.lines.map(({ level }) => level),
    ["info", "error"],
  );
  assert.doesNotMatch(JSON.stringify(log.lines), /hunter/);
});
