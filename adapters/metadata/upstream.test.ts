/** Nova's metadata API over HTTP, and over HTTPS with an issuer of one's own. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { metadataContract } from "#contracts/metadata.contract.ts";
import { metadataWorld } from "#contracts/metadata.fake.ts";
import type { MetadataWorld } from "#contracts/metadata.fake.ts";
import { signatureOf } from "./signature.ts";
import { standIn } from "./stand-in.ts";
import { metadataUpstream } from "./upstream.ts";
import type { UpstreamTerms } from "./upstream.ts";

const sign = (instance: string) => signatureOf("secret", instance);
const world = () => metadataWorld((signature, instance) => signature === sign(instance));
const stays = () => undefined;

async function listening(t: TestContext, server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function upstream(t: TestContext, urls: readonly string[], more: Partial<UpstreamTerms> = {}) {
  const api = metadataUpstream({ urls, connectMs: 500, silenceMs: 300, ...more });
  t.after(api.close);
  return api;
}

const asking = (instance: string, method = "GET") => ({
  method,
  path: "/latest",
  headers: [
    ["X-Instance-ID", instance],
    ["X-Tenant-ID", "p"],
    ["X-Forwarded-For", "10.65.0.5"],
    ["X-Instance-ID-Signature", sign(instance)],
  ] as const,
  body: new Uint8Array(),
});

metadataContract("metadataUpstream()", async (t) => {
  const there = world();
  return { api: upstream(t, [await listening(t, standIn(there))]), world: there, sign };
});

test("the signature is HMAC-SHA256, in hexadecimal", () => {
  // By openssl dgst -sha256 -hmac.
  assert.equal(
    signatureOf("secret", "7d7a9b1c-8f32-4a4e-9d1e-6a3b1f0c2d4e"),
    "bd5d9c5170348f08e8541d2fcacf46da845151424f0195ea5bfcc633c9dd9421",
  );
});

test("one that is away is passed over, and the one that answered is asked first from then on", async (t) => {
  const [dead, alive] = [world(), world()];
  dead.state = "away";
  alive.instances.set("vm-1", { project: "p", at: () => "x" });
  const api = upstream(t, [await listening(t, standIn(dead)), "http://127.0.0.1:1", await listening(t, standIn(alive))]);
  const status = async () => {
    const answer = await api.ask(asking("vm-1"), stays);
    if (answer.state === "answered") for await (const _ of answer.body);
    return answer.state === "answered" ? answer.status : answer.reason;
  };
  assert.equal(await status(), 200);
  dead.state = "there";
  assert.equal(await status(), 200);
  assert.deepEqual([dead.heard.length, alive.heard.length], [0, 2]);
});

test("a question that changes something is not asked again where it may have been heard", async (t) => {
  const heard: MetadataWorld = world();
  let connections = 0;
  const server = createServer((request) => {
    connections++;
    request.socket.destroy();
  });
  const api = upstream(t, [await listening(t, server), await listening(t, standIn(heard))]);
  assert.equal((await api.ask(asking("vm-1", "POST"), stays)).state, "unreachable");
  assert.deepEqual([connections, heard.heard.length], [1, 0]);
});

test("a connection that was kept and is closed on the other side is no failure", async (t) => {
  const there = world();
  there.instances.set("vm-1", { project: "p", at: () => "x" });
  const server = standIn(there);
  const api = upstream(t, [await listening(t, server)]);
  for (let turn = 0; turn < 5; turn++) {
    const answer = await api.ask(asking("vm-1", turn % 2 === 0 ? "GET" : "HEAD"), stays);
    assert.equal(answer.state, "answered");
    if (answer.state === "answered") for await (const _ of answer.body);
    server.closeAllConnections();
  }
});

test("nobody who takes the connection and says nothing keeps a question for ever", async (t) => {
  const server = (await import("node:net")).createServer(() => undefined);
  const answer = await upstream(t, [await listening(t, server)]).ask(asking("vm-1"), stays);
  assert.deepEqual([answer.state, answer.state === "late" ? /no answer for 0.3 s/.test(answer.reason) : ""], ["late", true]);
});

test("whoever has gone is not waited for", async (t) => {
  const there = world();
  there.state = "silent";
  const api = upstream(t, [await listening(t, standIn(there))], { silenceMs: 60_000 });
  const gone: (() => void)[] = [];
  const answer = api.ask(asking("vm-1"), (call) => gone.push(call));
  while (there.heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
  gone.forEach((call) => call());
  assert.notEqual((await answer).state, "answered");
});
