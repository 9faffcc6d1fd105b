import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { WebSocket } from "ws";
import { feedContract } from "#contracts/feed.contract.ts";
import type { AcceptAgent } from "#contracts/feed.ts";
import { feedClient } from "./client.ts";
import { serveFeed } from "./server.ts";

feedContract("a WebSocket over TCP", async (t, accept) => {
  const server = await serving(t, accept, 0);
  const { port } = server.address() as AddressInfo;
  return { client: feedClient({ controllers: [`http://127.0.0.1:${port}`] }), cut: () => cut(server) };
});

feedContract("a WebSocket over a unix socket, the second of two controllers", async (t, accept) => {
  const directory = mkdtempSync(join(tmpdir(), "margay-feed-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const server = await serving(t, accept, join(directory, "api.sock"));
  const controllers = [`unix:${join(directory, "nobody.sock")}`, `unix:${join(directory, "api.sock")}`];
  const client = feedClient({ controllers });
  // The first controller is away, which the agent is told once; the contract speaks of the second one.
  return {
    client: (hello, listener) =>
      client(hello, { ...listener, disconnected: (reason) => (reason.includes("ENOENT") ? undefined : listener.disconnected(reason)) }),
    cut: () => cut(server),
  };
});

test("whoever says something else than hello is shown out", async (t) => {
  const server = await serving(t, () => assert.fail("nobody has said hello"), 0);
  const { port } = server.address() as AddressInfo;
  for (const words of ["GET / HTTP/1.1", '{"op":"hello","host":"h 1","role":"compute","started_at":"2026-11-23T08:00:00Z"}']) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/feed`);
    await once(socket, "open");
    socket.send(words);
    const [code, reason] = await once(socket, "close");
    assert.deepEqual([code, String(reason)], [1008, "this is no hello"]);
  }
});

test("there is nothing to upgrade to but the feed", async (t) => {
  const server = await serving(t, () => assert.fail("nobody has said hello"), 0);
  const { port } = server.address() as AddressInfo;
  const [error] = await once(new WebSocket(`ws://127.0.0.1:${port}/elsewhere`), "error");
  assert.match(String(error), /404/);
});

test("an address that is none is refused at once", () => {
  for (const address of ["", "127.0.0.1:9696", "ftp://127.0.0.1", "unix:relative"])
    assert.throws(() => feedClient({ controllers: [address] }), new RegExp(`"${address}": its address is http://HOST:PORT`));
});

async function serving(t: TestContext, accept: AcceptAgent, where: number | string): Promise<Server> {
  const server = createServer();
  const door = serveFeed([server], accept);
  if (typeof where === "number") server.listen(where, "127.0.0.1");
  else server.listen(where);
  await once(server, "listening");
  t.after(() => {
    door.close();
    server.close();
  });
  server.on("connection", (socket) => sockets.set(server, [...(sockets.get(server) ?? []), socket]));
  return server;
}

const sockets = new WeakMap<Server, { destroy(): unknown }[]>();

function cut(server: Server): void {
  for (const socket of sockets.get(server) ?? []) socket.destroy();
}
