/** Changes of links, told by a real kernel. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { output, programs } from "../programs/programs.ts";
import { linkMonitor } from "./link-monitor.ts";
import { testNamespace } from "./namespace.real.ts";

test("a link that comes, goes or changes is told, and again after the program was ended", async (t) => {
  const { name, sh } = await testNamespace(t);
  let told = 0;
  const stop = linkMonitor({ under: ["ip", "netns", "exec", name], changed: () => told++ });
  t.after(stop);
  await until(() => told > 0);
  for (const change of ["ip link add tap1 type ifb", "ip link set tap1 up", "ip link del tap1"]) {
    const before = told;
    await sh(change);
    await until(() => told > before);
  }
  await sh(`kill ${await watchers(name)}`);
  await until(async () => (await watchers(name)) === "");
  const before = told;
  await until(async () => (await watchers(name)) !== "" && told > before);
});

test("it is gone when it is stopped, and when the agent is killed", async (t) => {
  const { name } = await testNamespace(t);
  const stop = linkMonitor({ under: ["ip", "netns", "exec", name], changed: () => undefined });
  await until(async () => (await watchers(name)) !== "");
  stop();
  await until(async () => (await watchers(name)) === "");

  const file = JSON.stringify(fileURLToPath(new URL("link-monitor.ts", import.meta.url)));
  const code = `import { linkMonitor } from ${file}; linkMonitor({ changed: () => undefined })`;
  const agent = spawn("ip", ["netns", "exec", name, process.execPath, "--input-type=module", "-e", code], { stdio: "ignore" });
  await until(async () => (await watchers(name)) !== "");
  agent.kill("SIGKILL");
  await once(agent, "exit");
  await until(async () => (await output(programs(), ["ip", "netns", "pids", name])) === "");
});

/** Numbers of the processes that watch in a namespace. */
async function watchers(name: string): Promise<string> {
  const pids = (await output(programs(), ["ip", "netns", "pids", name])).split("\n").filter((pid) => pid !== "");
  const named = await programs()(["ps", "-o", "pid=,args=", "-p", pids.join(",") || "0"]);
  return named.stdout
    .split("\n")
    .flatMap((line) => (line.includes("ip monitor link") && !line.includes("sh -c") ? [line.trim().split(" ")[0]] : []))
    .join(" ");
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, "waited for 10 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
