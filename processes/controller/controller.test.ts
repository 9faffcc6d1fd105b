import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { feedClient } from "#adapters/feed/client.ts";
import type { View } from "#core/feed/item.ts";
import { replica } from "#engine/replica.ts";
import { ask, ended, home, margay, refusedStart, started } from "./running.real.ts";

test("a controller that is killed and started again has what it had answered, and its agents come back", { timeout: 60_000 }, async (t) => {
  const directory = home(t);
  const first = await started(t, directory);
  const views: View[] = [];
  let wake = () => {};
  const heard = replica(({ view }) => {
    views.push(view);
    wake();
  });
  const until = async (holds: (view: View | undefined) => boolean) => {
    while (!holds(views.at(-1))) await new Promise<void>((resolve) => (wake = resolve));
  };
  const hello = { op: "hello", host: "h1", role: "compute", started_at: "2026-11-23T08:00:00Z" } as const;
  const connection = feedClient({ controllers: [`unix:${first.socket}`] })(hello, { ...heard, disconnected: () => undefined });
  t.after(() => connection.close());
  await until((view) => view?.subnets.size === 0);

  const made = await ask(first.socket, { method: "POST", path: "/v2.0/networks", body: { network: { name: "internal", shared: true } } });
  assert.equal(made.status, 201);
  const subnet = { network_id: made.body.network.id, ip_version: 4, cidr: "10.65.0.0/16" };
  assert.equal((await ask(first.socket, { method: "POST", path: "/v2.0/subnets", body: { subnet } })).status, 201);
  await until((view) => view?.subnets.size === 1);

  first.child.kill("SIGKILL");
  assert.equal(await ended(first.child), "SIGKILL");
  const second = await started(t, directory);
  const { body } = await ask(second.socket, { method: "GET", path: "/v2.0/networks" });
  assert.deepEqual(
    body.networks.map((network: { name: string }) => network.name),
    ["internal"],
  );
  const renewed = views.length;
  await until(() => views.length > renewed);
  assert.deepEqual(views.at(-1), views.at(renewed - 1));
  const { body: agents } = await ask(second.socket, { method: "GET", path: "/v2.0/agents" });
  assert.deepEqual(
    agents.agents.map(({ host, alive }: { host: string; alive: boolean }) => [host, alive]),
    [["h1", true]],
  );
});

test("asked to stop, it says goodbye and ends with 0", { timeout: 30_000 }, async (t) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const running = await started(t, home(t));
    running.child.kill(signal);
    assert.equal(await ended(running.child), 0);
    assert.equal(running.log.at(-1)?.["msg"], "stopping");
  }
});

test("the document of the API that it tells is the one that the command prints", { timeout: 30_000 }, async (t) => {
  const { socket } = await started(t, home(t));
  const told = await ask(socket, { method: "GET", path: "/margay/v1/openapi.json" });
  assert.equal(told.status, 200);
  assert.deepEqual(JSON.parse((await margay(socket, "openapi")).out), told.body);
});

test("one that cannot start says why and ends with 1", { timeout: 30_000 }, async (t) => {
  const directory = home(t);
  const { status, text } = await refusedStart(t, directory, join(directory, "nowhere/margay.db"));
  assert.equal(status, 1);
  assert.match(text, /ENOENT: no such file or directory, open '.*nowhere\/margay\.db'.*"msg":"the controller ends"/);
});
