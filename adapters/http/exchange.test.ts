import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { exchange } from "./exchange.ts";

/** A server that answers with what it was asked, by TCP and by a unix socket. */
async function doors(t: TestContext): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), "mg-exchange-"));
  t.after(() => rmSync(home, { recursive: true }));
  const listening = [{ port: 0, host: "127.0.0.1" }, { path: join(home, "socket") }].map(async (listen) => {
    const server = createServer((asked, answer) => {
      let body = "";
      asked.on("data", (part: Buffer) => (body += part.toString()));
      if (asked.url !== "/silence")
        asked.on("end", () => answer.writeHead(201).end(`${asked.method} ${asked.url} ${asked.headers["x-a"]} ${body}`));
    });
    t.after(() => void server.close().closeAllConnections());
    await new Promise<void>((done) => server.listen(listen, done));
    const address = server.address() as AddressInfo | string;
    return typeof address === "string" ? `unix:${address}` : `http://127.0.0.1:${address.port}`;
  });
  return Promise.all(listening);
}

test("a question and its answer, by TCP and by a unix socket", async (t) => {
  for (const door of await doors(t)) {
    const question = { method: "PUT", path: "/v2.0/ports/1?fields=id", headers: { "x-a": "b" }, body: "{}" };
    const { status, reason, text } = await exchange(door, question, { timeout: 2000 });
    assert.deepEqual([status, reason, text], [201, "Created", "PUT /v2.0/ports/1?fields=id b {}"], door);
  }
});

test("silence is not waited for", async (t) => {
  for (const door of await doors(t))
    await assert.rejects(exchange(door, { method: "GET", path: "/silence" }, { timeout: 50 }), /no answer for 0.05 s/);
});

/** A server by TLS, and its certificate, signed by itself. */
async function secureDoor(t: TestContext): Promise<{ readonly door: string; readonly ca: string }> {
  const home = mkdtempSync(join(tmpdir(), "mg-exchange-"));
  t.after(() => rmSync(home, { recursive: true }));
  const [key, cert] = [join(home, "key.pem"), join(home, "cert.pem")];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert];
  const says = ["-days", "1", "-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...made, ...says], { stdio: "ignore" });
  const ca = readFileSync(cert, "utf8");
  const server = createSecureServer({ key: readFileSync(key), cert: ca }, (_asked, answer) => answer.writeHead(200, { "x-b": "c" }).end());
  t.after(() => void server.close().closeAllConnections());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { door: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca };
}

test("a certificate is believed where its issuer is named, and not otherwise", async (t) => {
  const { door, ca } = await secureDoor(t);
  const { status, headers } = await exchange(door, { method: "GET", path: "/" }, { timeout: 2000, ca });
  assert.deepEqual([status, headers["x-b"]], [200, "c"]);
  await assert.rejects(exchange(door, { method: "GET", path: "/" }, { timeout: 2000 }), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
});

test("where nobody listens, the system's own code comes back", async () => {
  await assert.rejects(exchange("unix:/nowhere", { method: "GET", path: "/" }, { timeout: 50 }), { code: "ENOENT" });
});
