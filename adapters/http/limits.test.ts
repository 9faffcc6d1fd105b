/** What clients may cost: each limit at a real listener, with what the client is told, in Neutron's form. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Handle } from "#contracts/http.ts";
import { HUNG_UP } from "./exchanges.ts";
import type { ExchangeOver } from "./exchanges.ts";
import { gate } from "./gate.ts";
import { serve } from "./server.ts";
import type { Service, Serving } from "./server.ts";

const QUIET = { info() {}, warn() {}, error() {} };

interface Opened extends Serving {
  readonly port: number;
  readonly socket: string;
  readonly over: ExchangeOver[];
}

async function opened(t: TestContext, service: Partial<Service> = {}): Promise<Opened> {
  const directory = mkdtempSync(join(tmpdir(), "margay-limits-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "s");
  const over: ExchangeOver[] = [];
  const handle: Handle = async ({ text }) => ({ status: 200, body: text.length });
  const served = await serve({
    listen: [{ host: "127.0.0.1", port: 0 }, { path }],
    handle,
    log: QUIET,
    over: (one) => void over.push(one),
    ...service,
    terms: { graceMs: 200, ...service.terms },
  });
  t.after(() => served.close());
  return { ...served, port: Number(/:(\d+)$/.exec(served.addresses[0] ?? "")?.[1]), socket: path, over };
}

interface Told {
  readonly status: number;
  readonly type: string | undefined;
  readonly message: string | undefined;
  readonly again: string | undefined;
  readonly id: string | undefined;
}

/** Asks on a connection of its own. */
async function ask(
  where: { readonly port: number } | { readonly socketPath: string },
  options: { readonly body?: string; readonly headers?: Record<string, string> } = {},
): Promise<Told> {
  const sent = request({
    host: "127.0.0.1",
    ...where,
    method: "POST",
    path: "/v2.0/networks",
    agent: false,
    headers: options.headers ?? {},
  });
  sent.on("error", () => undefined).end(options.body ?? "");
  const [answer] = await once(sent, "response");
  const body = JSON.parse((await answer.setEncoding("utf8").toArray()).join(""));
  const { type, message } = body.NeutronError ?? {};
  return { status: answer.statusCode, type, message, again: answer.headers["retry-after"], id: answer.headers["x-openstack-request-id"] };
}

/** A connection on which anything can be said; `all` is what it has heard when it ends. */
function talk(t: TestContext, port: number): { readonly socket: Socket; readonly all: Promise<string> } {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  let heard = "";
  socket.setEncoding("utf8").on("data", (part: string) => (heard += part));
  socket.on("error", () => undefined);
  return { socket, all: new Promise((resolve) => socket.once("close", () => resolve(heard))) };
}

/** A handler that answers once it is told to. */
function held(): { readonly handle: Handle; readonly entered: (count: number) => Promise<void>; readonly release: () => void } {
  const arrivals: (() => void)[] = [];
  let [release, wake] = [() => {}, () => {}];
  const free = new Promise<void>((resolve) => (release = resolve));
  return {
    handle: async () => {
      arrivals.push(wake);
      wake();
      await free;
      return { status: 200, body: "done" };
    },
    entered: async (count) => {
      while (arrivals.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
    release,
  };
}

test("a body beyond the limit is 413, by its length or by what comes; the limit may change while it runs", async (t) => {
  let most = 1000;
  const { port, over } = await opened(t, { mostBodyBytes: () => most });
  const told = { status: 413, type: "HTTPRequestEntityTooLarge", message: "The body is larger than 1000 bytes." };
  for (const headers of [{ "content-length": "1001" }, { "transfer-encoding": "chunked" }]) {
    const { again: _, id, ...refused } = await ask({ port }, { body: "x".repeat(1001), headers });
    assert.deepEqual(refused, told);
    assert.match(id ?? "", /^req-[0-9a-f-]{36}$/);
  }
  assert.equal((await ask({ port }, { body: "x".repeat(1000) })).status, 200);
  most = 1001;
  assert.equal((await ask({ port }, { body: "x".repeat(1001) })).status, 200);
  assert.deepEqual(
    over.map(({ status }) => status),
    [413, 413, 200, 200],
  );
});

test("a head beyond the limit is 431", async (t) => {
  const { port, over } = await opened(t, { terms: { headerBytes: 2048 } });
  assert.equal((await ask({ port }, { headers: { "x-long": "x".repeat(1000) } })).status, 200);
  const { status, type, id } = await ask({ port }, { headers: { "x-long": "x".repeat(3000) } });
  assert.deepEqual([status, type], [431, "HTTPRequestHeaderFieldsTooLarge"]);
  assert.match(id ?? "", /^req-/);
  assert.deepEqual(
    over.map(({ status, method }) => [method, status]),
    [
      ["POST", 200],
      ["-", 431],
    ],
  );
});

test("what is no HTTP is 400", async (t) => {
  const { port } = await opened(t);
  const { socket, all } = talk(t, port);
  socket.write("good morning\r\n\r\n");
  assert.match(await all, /^HTTP\/1\.1 400 [^]*"type":"HTTPBadRequest"/);
});

test("one client's requests beyond its share are 429, while others are served; afterwards it is served again", async (t) => {
  const { handle, entered, release } = held();
  const { port, socket } = await opened(t, { handle, gate: gate(() => ({ requests: 100, clientRequests: 3 })) });
  const waiting = [1, 2, 3].map(() => ask({ port }));
  await entered(3);
  const refused = await ask({ port });
  assert.deepEqual([refused.status, refused.type, refused.again], [429, "HTTPTooManyRequests", "1"]);
  const other = ask({ socketPath: socket });
  await entered(4);
  release();
  assert.equal((await other).status, 200);
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal((await ask({ port })).status, 200);
});

test("everybody's requests beyond what there is room for are 503", async (t) => {
  const { handle, entered, release } = held();
  const { port, socket } = await opened(t, { handle, gate: gate(() => ({ requests: 2, clientRequests: 100 })) });
  const waiting = [ask({ port }), ask({ socketPath: socket })];
  await entered(2);
  const refused = await ask({ socketPath: socket });
  assert.deepEqual([refused.status, refused.type, refused.again], [503, "HTTPServiceUnavailable", "1"]);
  release();
  await Promise.all(waiting);
  assert.equal((await ask({ port })).status, 200);
});

test("a client that hangs up gives its place back, and is told of as such", async (t) => {
  const { handle, entered, release } = held();
  const room = gate(() => ({ requests: 1, clientRequests: 1 }));
  const { port, over } = await opened(t, { handle, gate: room });
  const { socket } = talk(t, port);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await entered(1);
  assert.equal(room.inFlight(), 1);
  socket.destroy();
  while (over.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([room.inFlight(), over[0]?.status], [0, HUNG_UP]);
  release();
});

test("clients that trickle their requests are 408 and cut, and cost nobody else anything", { timeout: 20_000 }, async (t) => {
  const { port, over } = await opened(t, { terms: { requestMs: 800 } });
  const begun = performance.now();
  const heads = Array.from({ length: 50 }, () => talk(t, port));
  const bodies = Array.from({ length: 50 }, () => talk(t, port));
  for (const { socket } of heads) socket.write("POST /v2.0/networks HTTP/1.1\r\nHost: x\r\n");
  for (const { socket } of bodies) socket.write("POST /v2.0/networks HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  const drip = setInterval(() => {
    for (const { socket } of heads) if (socket.writable) socket.write("X-More: 1\r\n");
    for (const { socket } of bodies) if (socket.writable) socket.write("x");
  }, 50);
  t.after(() => clearInterval(drip));
  const between = performance.now();
  assert.equal((await ask({ port }, { body: "{}" })).status, 200);
  t.diagnostic(`among 100 tricklers a request takes ${(performance.now() - between).toFixed(1)} ms`);

  for (const heard of await Promise.all(heads.map(({ all }) => all)))
    assert.match(heard, /^HTTP\/1\.1 408 [^]*"type":"HTTPRequestTimeout"/);
  const headsMs = performance.now() - begun;
  for (const heard of await Promise.all(bodies.map(({ all }) => all))) assert.match(heard, /^HTTP\/1\.1 408 /);
  const bodiesMs = performance.now() - begun;
  t.diagnostic(`heads cut after ${headsMs.toFixed(0)} ms, bodies after ${bodiesMs.toFixed(0)} ms`);
  assert.ok(headsMs < 800 && bodiesMs >= 800 && bodiesMs < 2400, `${headsMs} ${bodiesMs}`);
  assert.equal(over.filter(({ status }) => status === 408).length, 100);
});

test("a client that does not read its answer is cut", { timeout: 20_000 }, async (t) => {
  let cut = () => {};
  const ended = new Promise<void>((resolve) => (cut = resolve));
  async function* endless(): AsyncGenerator<Uint8Array> {
    while (true) yield Buffer.alloc(65_536);
  }
  const handle: Handle = async () => ({ status: 200, pieces: { chunks: endless(), ended: cut } });
  const { port } = await opened(t, { handle, terms: { requestMs: 200, idleMs: 300 } });
  const { socket } = talk(t, port);
  socket.pause().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const begun = performance.now();
  await ended;
  assert.ok(performance.now() - begun >= 300);
});

test("a connection serves many requests, and is closed once it asks nothing for long", { timeout: 20_000 }, async (t) => {
  const { port, over } = await opened(t, { terms: { idleMs: 300 } });
  const { socket, all } = talk(t, port);
  for (let asked = 1; asked <= 5; asked++) {
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while (over.length < asked) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await all).match(/HTTP\/1\.1 200 /g)?.length, 5);
});

test("asked to stop, it takes no more connections, and what is under way is answered", async (t) => {
  const { handle, entered, release } = held();
  const served = await opened(t, { handle, terms: { graceMs: 5000 } });
  const waiting = [1, 2, 3].map(() => ask({ port: served.port }));
  await entered(3);
  const closed = served.close();
  assert.equal(await talk(t, served.port).all, "");
  release();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200, 200],
  );
  await closed;
});

test("an exchange is told of by what it was, never by what was said", async (t) => {
  const handle: Handle = async () => ({ status: 201, body: {}, who: { user: "u", project: "p" } });
  const { port, over } = await opened(t, { handle });
  const sent = request({
    host: "127.0.0.1",
    port,
    path: "/v2.0/ports?token=secret",
    method: "PUT",
    agent: false,
    headers: { "x-auth-token": "secret", "x-openstack-request-id": "req-1" },
  });
  sent.end('{"password":"secret"}');
  const [answer] = await once(sent, "response");
  await answer.resume().toArray();
  while (over.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [{ ms, id, ...rest } = { ms: -1, id: "" }] = over;
  assert.deepEqual(rest, {
    method: "PUT",
    path: "/v2.0/ports",
    status: 201,
    globalId: "req-1",
    from: "127.0.0.1",
    who: { user: "u", project: "p" },
  });
  assert.ok(ms >= 0);
  assert.equal(id, answer.headers["x-openstack-request-id"]);
  assert.ok(!JSON.stringify(over).includes("secret"));
});
