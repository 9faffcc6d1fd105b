import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
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

test("where nobody listens, the system's own code comes back", async () => {
  await assert.rejects(exchange("unix:/nowhere", { method: "GET", path: "/" }, { timeout: 50 }), { code: "ENOENT" });
});
