import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fakeLog } from "#contracts/log.fake.ts";
import { exchange } from "./exchange.ts";
import { localDoor } from "./local.ts";

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "margay-door-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "agent.sock");
}

const ask = (path: string, target: string) => exchange(`unix:${path}`, { method: "GET", path: target }, { timeout: 5000 });

test("a local door is its own user's alone, and tells what was asked for", async (t) => {
  const path = place(t);
  const door = await localDoor({ path, log: fakeLog(), handle: async ({ path: at, query }) => ({ status: 200, body: { at, query } }) });
  t.after(() => door.close());
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(JSON.parse((await ask(path, "/objects?because=port/1")).text), { at: "/objects", query: [["because", "port/1"]] });
});

test("a question that meets a bug is answered, and the bug is told", async (t) => {
  const [path, log] = [place(t), fakeLog()];
  const door = await localDoor({ path, log, handle: () => Promise.reject(new Error("oops")) });
  t.after(() => door.close());
  assert.equal((await ask(path, "/")).status, 500);
  assert.equal(log.lines[0]?.level, "error");
});

test("what a dead process left is taken over, and what somebody listens on is not", async (t) => {
  const path = place(t);
  const parts = { path, log: fakeLog(), handle: async () => ({ status: 200, body: 1 }) };
  // It ends without taking its socket away.
  spawnSync(process.execPath, ["-e", `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`]);
  assert.ok(statSync(path).isSocket());
  const door = await localDoor(parts);
  await assert.rejects(localDoor(parts), /Cannot listen at .*agent\.sock: listen EADDRINUSE/);
  await door.close();
});
