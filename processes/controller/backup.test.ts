/** Backups of a running controller, and what becomes of it, and of its agents, when one is restored. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { feedClient } from "#adapters/feed/client.ts";
import { replica } from "#engine/replica.ts";
import type { View } from "#core/feed/item.ts";
import { ask, ended, home, margay, started } from "./running.real.ts";
import type { Running } from "./running.real.ts";

async function network(running: Running, name: string): Promise<string> {
  const made = await ask(running.socket, { method: "POST", path: "/v2.0/networks", body: { network: { name, shared: true } } });
  assert.equal(made.status, 201);
  return made.body.network.id;
}

async function subnet(running: Running, network_id: string, cidr: string): Promise<string> {
  const made = await ask(running.socket, { method: "POST", path: "/v2.0/subnets", body: { subnet: { network_id, cidr, ip_version: 4 } } });
  assert.equal(made.status, 201);
  return made.body.subnet.id;
}

async function names(running: Running): Promise<readonly string[]> {
  const { body } = await ask(running.socket, { method: "GET", path: "/v2.0/networks?sort_key=name&sort_dir=asc" });
  return body.networks.map(({ name }: { name: string }) => name);
}

/** An agent that only listens. */
function listening(t: TestContext, { socket }: Running): (holds: (view: View) => boolean) => Promise<void> {
  const views: View[] = [];
  let wake = () => {};
  const heard = replica(({ view }) => {
    views.push(view);
    wake();
  });
  const hello = { op: "hello", host: "h1", role: "compute", started_at: "2026-11-23T08:00:00Z" } as const;
  const connection = feedClient({ controllers: [`unix:${socket}`] })(hello, { ...heard, disconnected: () => undefined });
  t.after(() => connection.close());
  return async (holds) => {
    while (!views.slice(-1).some(holds)) await new Promise<void>((resolve) => (wake = resolve));
  };
}

test(
  "a backup is a store of one moment; restored, API and agents are back there, and the way back is kept",
  { timeout: 90_000 },
  async (t) => {
    const directory = home(t);
    const running = await started(t, directory);
    const until = listening(t, running);
    const kept = await network(running, "kept");
    const first = await subnet(running, kept, "10.1.0.0/24");
    await until(({ subnets }) => subnets.size === 1);

    const file = join(directory, "backup");
    const made = await margay(running.socket, "backup", file);
    assert.equal(made.status, 0, made.err);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal((await margay(running.socket, "store", "check", "--store", file)).status, 0);
    assert.equal((await margay(running.socket, "backup", file)).status, 1, "it is not overwritten");

    await ask(running.socket, { method: "DELETE", path: `/v2.0/subnets/${first}` });
    await subnet(running, await network(running, "late"), "10.2.0.0/24");
    await until(({ subnets }) => [...subnets.values()].some(({ cidr }) => cidr === "10.2.0.0/24") && subnets.size === 1);

    const restored = await margay(running.socket, "restore", file, "--yes");
    assert.equal(restored.status, 0, restored.err);
    await until(({ subnets }) => [...subnets.values()].some(({ cidr }) => cidr === "10.1.0.0/24") && subnets.size === 1);
    assert.deepEqual(await names(running), ["kept"]);
    const { body } = await ask(running.socket, { method: "GET", path: "/v2.0/agents" });
    assert.deepEqual(
      body.agents.map(({ host, alive }: { host: string; alive: boolean }) => [host, alive]),
      [["h1", true]],
      "agents are not taken back into the past",
    );

    const [, way = ""] = / kept in (.*)\n$/.exec(restored.out) ?? [];
    assert.equal((await margay(running.socket, "restore", way, "--yes")).status, 0);
    assert.deepEqual(await names(running), ["kept", "late"]);

    running.child.kill("SIGKILL");
    await ended(running.child);
    assert.deepEqual(await names(await started(t, directory)), ["kept", "late"], "what was restored is committed");
  },
);

test("what is no backup, or makes no sense, is refused whole", { timeout: 90_000 }, async (t) => {
  const directory = home(t);
  const running = await started(t, directory);
  const id = await network(running, "here");
  await subnet(running, id, "10.1.0.0/24");
  const file = join(directory, "backup");
  assert.equal((await margay(running.socket, "backup", file)).status, 0);
  const bytes = readFileSync(file);

  const cases: readonly (readonly [what: string, make: (path: string) => void, said: RegExp])[] = [
    ["text", (path) => writeFileSync(path, "x".repeat(8192)), /not a database/],
    ["cut", (path) => writeFileSync(path, bytes.subarray(0, 9000)), /malformed|damaged/],
    ["empty", (path) => writeFileSync(path, ""), /empty|not a database/],
    ["foreign", (path) => edited(path, "CREATE TABLE theirs (a)"), /another program's/],
    ["newer", (path) => edited(path, "PRAGMA user_version = 99", bytes), /version 99/],
    ["newer rows", (path) => edited(path, `UPDATE entry SET value = '{"rows":99}' WHERE key = 'head'`, bytes), /rows have version 99/],
    ["dangling", (path) => edited(path, `DELETE FROM entry WHERE key = 'network/${id}'`, bytes), /make no sense/],
  ];
  for (const [what, make, said] of cases) {
    const path = join(directory, what);
    make(path);
    const { status, err } = await margay(running.socket, "restore", path, "--yes");
    assert.equal(status, 1, what);
    assert.match(err, said, what);
    assert.deepEqual(await names(running), ["here"], what);
  }
  const checked = await margay(running.socket, "store", "check", "--store", join(directory, "dangling"));
  assert.equal(checked.status, 1);
  assert.match(checked.out, /^subnet\/\S+ network_id: names the network \S+, which is not there\n {4}delete the subnet/m);

  writeFileSync(`${file}.sha256`, `${"0".repeat(64)}  backup\n`);
  assert.match((await margay(running.socket, "restore", file, "--yes")).err, /its SHA-256 is [0-9a-f]{64}, and .* says 0{64}/);
});

/** A database with these bytes, or a new one, and then changed. */
function edited(path: string, sql: string, bytes?: Uint8Array): void {
  if (bytes !== undefined) writeFileSync(path, bytes);
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
