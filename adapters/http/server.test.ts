import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createServer, get } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Handle, HttpRequest } from "#contracts/http.ts";
import { jsonText } from "./json.ts";
import { serve } from "./server.ts";
import type { Listen } from "#core/settings/types.ts";
import type { Serving } from "./server.ts";

const QUIET = { info() {}, warn() {}, error() {} };
const ANYWHERE: Listen = { host: "127.0.0.1", port: 0 };

/** Answers with what it was asked. */
const mirror: Handle = async (asked) => ({ status: 200, body: asked });

async function serving(t: TestContext, handle: Handle, listen: readonly Listen[] = [ANYWHERE]): Promise<Serving> {
  const served = await serve({ listen, handle, log: QUIET, terms: { graceMs: 200 } });
  t.after(() => served.close());
  return served;
}

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "mg-http-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function ask(served: Serving, path: string, init?: RequestInit): Promise<{ response: Response; body: unknown }> {
  const response = await fetch(`${served.addresses[0]}${path}`, init);
  const text = await response.text();
  return { response, body: text === "" ? undefined : JSON.parse(text) };
}

const asked = async (...question: Parameters<typeof ask>) => (await ask(...question)).body as HttpRequest;

function bodyOf(options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    get(options, (response: IncomingMessage) => {
      let text = "";
      response
        .setEncoding("utf8")
        .on("data", (part: string) => (text += part))
        .on("end", () => resolve(text));
    }).on("error", reject);
  });
}

test("method, path, query, headers and body arrive as they were sent", async (t) => {
  const served = await serving(t, mirror);
  const got = await asked(served, "/v2.0/ports/a%2Fb?name=a+b&fields=id&fields=%6Eame&x=", {
    method: "PUT",
    body: '{"port": {}}',
    headers: { "X-Project-Id": "p1", "content-type": "text/plain" },
  });
  assert.equal(got.method, "PUT");
  assert.equal(got.path, "/v2.0/ports/a%2Fb");
  assert.deepEqual(got.query, [
    ["name", "a b"],
    ["fields", "id"],
    ["fields", "name"],
    ["x", ""],
  ]);
  assert.equal(got.headers["x-project-id"], "p1");
  assert.equal(got.text, '{"port": {}}');
  assert.equal(got.base, served.addresses[0]);
});

test("links follow the proxy in front", async (t) => {
  const served = await serving(t, mirror);
  const got = await asked(served, "/", { headers: { "x-forwarded-proto": "https", "x-forwarded-host": "cloud.example, inner" } });
  assert.equal(got.base, "https://cloud.example");
});

test("every answer carries a request id of its own and JSON", async (t) => {
  const served = await serving(t, async () => ({ status: 201, headers: { "x-more": "1" }, body: { left: 2n ** 64n } }));
  const first = await ask(served, "/a", { method: "POST", body: "x" });
  const second = await ask(served, "/a");
  assert.equal(first.response.status, 201);
  assert.match(first.response.headers.get("x-openstack-request-id") ?? "", /^req-[0-9a-f-]{36}$/);
  assert.notEqual(first.response.headers.get("x-openstack-request-id"), second.response.headers.get("x-openstack-request-id"));
  assert.match(first.response.headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(first.response.headers.get("x-more"), "1");
  assert.equal(jsonText({ left: 2n ** 64n, name: "a" }), '{"left":18446744073709551616,"name":"a"}');
});

test("no body, no content", async (t) => {
  const served = await serving(t, async () => ({ status: 204 }));
  const { response, body } = await ask(served, "/v2.0/ports/1", { method: "DELETE" });
  assert.equal(response.status, 204);
  assert.equal(body, undefined);
});

test("a body without a Content-Type is read all the same", async (t) => {
  const served = await serving(t, mirror);
  const [, port = ""] = /:(\d+)$/.exec(served.addresses[0] ?? "") ?? [];
  const socket = connect(Number(port), "127.0.0.1");
  t.after(() => socket.destroy());
  socket.write("POST /x HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
  const answer = (await socket.setEncoding("utf8").toArray()).join("");
  assert.match(answer, /^HTTP\/1.1 200 .*"text":"{}"/s);
});

test("a body on DELETE reaches whoever refuses it", async (t) => {
  const served = await serving(t, mirror);
  assert.equal((await asked(served, "/x", { method: "DELETE", body: "{}" })).text, "{}");
});

test("any method is handled like the others", async (t) => {
  const methods: string[] = [];
  const served = await serving(t, async ({ method }) => {
    methods.push(method);
    return { status: 405 };
  });
  for (const method of ["HEAD", "PATCH", "OPTIONS", "PROPFIND", "SEARCH"])
    assert.equal((await ask(served, "/v2.0/networks", { method })).response.status, 405);
  assert.deepEqual(methods, ["HEAD", "PATCH", "OPTIONS", "PROPFIND", "SEARCH"]);
});

test("a body over the limit is refused in Neutron's form", async (t) => {
  const served = await serving(t, mirror);
  const { response, body } = await ask(served, "/v2.0/networks", { method: "POST", body: "x".repeat(1024 * 1024 + 1) });
  assert.equal(response.status, 413);
  assert.deepEqual(body, {
    NeutronError: { type: "HTTPRequestEntityTooLarge", message: "The body is larger than 1048576 bytes.", detail: "" },
  });
});

test("a path that is no URL is refused in Neutron's form", async (t) => {
  const served = await serving(t, mirror);
  const { response, body } = await ask(served, "/v2.0/networks/%zz");
  assert.equal(response.status, 400);
  assert.equal((body as { NeutronError: { type: string } }).NeutronError.type, "HTTPBadRequest");
});

test("what breaks inside is told to the log, not to the client", async (t) => {
  const told: unknown[] = [];
  const served = await serve({
    listen: [ANYWHERE],
    handle: async () => {
      throw new Error("the secret reason");
    },
    log: { ...QUIET, error: (event, fields) => void told.push(event, String(fields?.["error"])) },
  });
  t.after(() => served.close());
  const { response, body } = await ask(served, "/");
  assert.equal(response.status, 500);
  assert.deepEqual(body, {
    NeutronError: {
      type: "HTTPInternalServerError",
      message: "Request Failed: internal server error while processing your request.",
      detail: "",
    },
  });
  assert.deepEqual(told, ["request failed", "Error: the secret reason"]);
});

test("one service listens on TCP and on a unix socket", async (t) => {
  const path = join(folder(t), "api.sock");
  const served = await serving(t, async () => ({ status: 200, body: "here" }), [ANYWHERE, { path }]);
  assert.match(served.addresses[0] ?? "", /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(served.addresses[1], `unix:${path}`);
  assert.equal((await ask(served, "/")).body, "here");
  assert.equal(await bodyOf({ socketPath: path, path: "/" }), '"here"');
  assert.equal(served.servers.length, 2);
});

test("a socket file left by a dead process is replaced, a living one is not", async (t) => {
  const path = join(folder(t), "api.sock");
  const dead = createServer();
  dead.listen(path);
  await once(dead, "listening");
  // Node removes the file when it closes properly; a process that is killed leaves it, as a renamed one stays here.
  renameSync(path, `${path}.left`);
  await new Promise((resolve) => dead.close(resolve));
  renameSync(`${path}.left`, path);
  assert.ok(existsSync(path));

  const first = await serving(t, mirror, [{ path }]);
  assert.equal(first.servers[0]?.listening, true);
  await assert.rejects(serve({ listen: [{ path }], handle: mirror, log: QUIET }), /EADDRINUSE/);
  assert.match(await bodyOf({ socketPath: path, path: "/" }), /"method":"GET"/);
});

test("it listens everywhere or nowhere", async (t) => {
  const taken = createServer();
  taken.listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const path = join(folder(t), "api.sock");
  const port = (taken.address() as AddressInfo).port;
  await assert.rejects(serve({ listen: [{ path }, { host: "127.0.0.1", port }], handle: mirror, log: QUIET }), /EADDRINUSE/);
  assert.equal(existsSync(path), false);
});

test("closing lets the request under way finish", async (t) => {
  let enter = () => {};
  const entered = new Promise<void>((resolve) => (enter = resolve));
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const served = await serve({
    listen: [ANYWHERE],
    handle: async () => {
      enter();
      await finished;
      return { status: 200, body: "done" };
    },
    log: QUIET,
  });
  t.after(() => served.close());
  const under = ask(served, "/");
  await entered;
  const closed = served.close();
  finish();
  assert.equal((await under).body, "done");
  await closed;
  await assert.rejects(ask(served, "/"));
});

test("closing does not wait for ever for who does not finish", async (t) => {
  let enter = () => {};
  const entered = new Promise<void>((resolve) => (enter = resolve));
  const served = await serving(t, () => {
    enter();
    return new Promise(() => {});
  });
  const failed = assert.rejects(ask(served, "/"));
  await entered;
  await served.close();
  await failed;
});
