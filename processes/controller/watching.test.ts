/** What a running controller tells those who watch it: metrics, health, and its log. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { ask, ended, home, started } from "./running.real.ts";
import type { Running } from "./running.real.ts";

interface Place {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
}

async function get(place: Place, path: string, headers: Readonly<Record<string, string>> = {}) {
  const sent = request({ ...place, path, agent: false, headers }).end();
  const [answer] = await once(sent, "response");
  const text: string = (await answer.setEncoding("utf8").toArray()).join("");
  return {
    status: Number(answer.statusCode),
    text,
    type: String(answer.headers["content-type"]),
    id: String(answer.headers["x-openstack-request-id"]),
  };
}

/** Where it listens by TCP, in the order of its log. */
function ports({ log }: Running): readonly number[] {
  return log
    .flatMap(({ address }) => Number(/^http:\/\/127\.0\.0\.1:(\d+)$/.exec(String(address))?.[1] ?? Number.NaN))
    .filter((port) => !Number.isNaN(port));
}

test(
  "metrics are told on the unix socket and at their own address, health everywhere, and the log names every request",
  { timeout: 60_000 },
  async (t) => {
    const directory = home(t);
    const more = [
      "--listen",
      "127.0.0.1:0",
      "--auth",
      "closed",
      "--set",
      "listen.metrics=['127.0.0.1:0', 'unix:" + join(directory, "metrics.sock") + "']",
    ];
    const running = await started(t, directory, more);
    while (ports(running).length < 2) await once(running.child.stdout ?? running.child, "data");
    const [metricsPort, apiPort] = ports(running);
    const [ours, theirs, watchers] = [
      { socketPath: running.socket },
      { host: "127.0.0.1", port: apiPort ?? 0 },
      { host: "127.0.0.1", port: metricsPort ?? 0 },
    ];

    const made = await ask(running.socket, { method: "POST", path: "/v2.0/networks", body: { network: { name: "n" } } });
    assert.equal(made.status, 201);
    for (const place of [ours, theirs, watchers]) {
      const { status, text } = await get(place, "/healthz");
      assert.deepEqual([status, JSON.parse(text)], [200, { status: "ok", store: { writable: true }, watch: { alive: true } }]);
    }
    assert.equal((await get(theirs, "/metrics")).status, 401);
    assert.equal((await get(watchers, "/v2.0/networks")).status, 404);

    const { status, text, type } = await get(watchers, "/metrics");
    assert.deepEqual([status, type], [200, "text/plain; version=0.0.4; charset=utf-8"]);
    for (const line of text.trimEnd().split("\n"))
      assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="[^"\n]*",?)+\})? -?[0-9.e+-]+)$/, line);
    const series = new Map(
      text.split("\n").map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
    );
    const value = (name: string) => series.get(name) ?? Number.NaN;
    assert.equal(value('margay_http_requests_total{method="POST",resource="network",status="201"}'), 1);
    assert.equal(value('margay_store_rows{table="network"}'), 1);
    assert.ok(value('margay_store_commits_total{outcome="committed"}') >= 1);
    assert.ok(value("margay_store_commit_seconds_count") >= 1);
    assert.ok(value('margay_store_bytes{file="database"}') > 0);
    for (const name of [
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      'nodejs_eventloop_lag_seconds{quantile="0.99"}',
      'margay_feed_connections{role="compute"}',
      'margay_agents{alive="true"}',
    ])
      assert.ok(value(name) >= 0, name);
    assert.equal((await get(ours, "/metrics")).status, 200);

    const secret = await get(ours, "/v2.0/ports?name=hidden-in-query", {
      "x-auth-token": "hidden-token",
      "x-openstack-request-id": "req-global",
      "x-user-id": "u1",
      "x-project-id": "p1",
      "x-roles": "member",
    });
    running.child.kill("SIGTERM");
    assert.equal(await ended(running.child), 0);
    const lines = running.log.filter(({ msg }) => msg === "request");
    const line = lines.find(({ request_id: id }) => id === secret.id) ?? {};
    const { time: _time, level: _level, name: _name, msg: _msg, ms, ...said } = line;
    assert.deepEqual(said, {
      request_id: secret.id,
      global_request_id: "req-global",
      method: "GET",
      path: "/v2.0/ports",
      status: 200,
      user_id: "u1",
      project_id: "p1",
    });
    assert.ok(typeof ms === "number" && ms > 0);
    assert.ok(!JSON.stringify(running.log).includes("hidden"));
    assert.ok(!lines.some(({ path }) => path === "/healthz"), "watchers make no noise");
  },
);

test("a change of the level takes effect at once, and the log says what waits for a restart", { timeout: 60_000 }, async (t) => {
  const directory = home(t);
  const config = join(directory, "c.yaml");
  writeFileSync(config, "log:\n  level: info\n");
  const running = await started(t, directory, ["--config", config]);
  const said = (event: string) => running.log.find(({ msg }) => msg === event);
  writeFileSync(config, "log:\n  level: warn\nlimits:\n  idle_seconds: 9\n");
  running.child.kill("SIGHUP");
  while (said("the settings were read again") === undefined) await once(running.child.stdout ?? running.child, "data");
  const { changed, after_restart: later } = said("the settings were read again") ?? {};
  assert.deepEqual(changed, [{ name: "log.level", from: "info", to: "warn", takes: "at once" }]);
  assert.deepEqual(later, [{ name: "limits.idle_seconds", from: 75, to: 9, takes: "restart" }]);
  assert.equal((await get({ socketPath: running.socket }, "/")).status, 200);
  running.child.kill("SIGTERM");
  await ended(running.child);
  assert.equal(said("request"), undefined);
  assert.equal(said("stopping"), undefined);
});
