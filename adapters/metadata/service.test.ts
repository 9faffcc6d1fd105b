/** The metadata service over a model of Nova: who asks is told by the connection. */
import assert from "node:assert/strict";
import { request } from "node:http";
import type { RequestOptions } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fakeLog } from "#contracts/log.fake.ts";
import { fakeMetadataApi, metadataWorld } from "#contracts/metadata.fake.ts";
import { systemClock } from "../clock/system.ts";
import { callersOf } from "#core/metadata/caller.ts";
import type { Callers } from "#core/metadata/caller.ts";
import type { Endpoint } from "#core/feed/item.ts";
import { PATIENCE } from "./door.ts";
import { metadataService } from "./service.ts";
import type { MetadataTerms } from "./service.ts";
import { signatureOf } from "./signature.ts";

const SECRET = "s3cret";

/** A VM by its address: 127.0.0.N. */
const vm = (n: number, more: Partial<Endpoint> = {}) =>
  ({
    port_id: `p${n}`,
    tap: `tap${n}`,
    addresses: [{ ip: `127.0.0.${n}`, subnet_id: "s" }],
    admin_state_up: true,
    instance: { id: `vm-${n}`, project: "p" },
    ...more,
  }) as unknown as Endpoint;

async function serving(t: TestContext, terms: Partial<MetadataTerms> = {}, patience = PATIENCE) {
  const world = metadataWorld((signature, instance) => signature === signatureOf(SECRET, instance));
  for (const n of [2, 3]) world.instances.set(`vm-${n}`, { project: "p", at: () => `metadata of vm-${n}` });
  const log = fakeLog();
  const place = { addresses: ["127.0.0.1"], port: 20_000 + (process.pid % 10_000) };
  let callers: Callers | undefined = callersOf([vm(2), vm(3), vm(4, { instance: null })]);
  const first = { rate: { perSecond: 1, burst: 100 }, connections: 4, upstream: { api: fakeMetadataApi(world), secret: SECRET }, ...terms };
  const service = metadataService({ callers: () => callers, clock: systemClock(), log, place, patience }, first);
  t.after(service.close);
  while (service.status().doors["127.0.0.1"] !== "listening") await new Promise((resolve) => setTimeout(resolve, 5));
  const ask = (n: number, path = "/openstack", options: RequestOptions & { readonly body?: string } = {}) =>
    new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
      const { body, ...rest } = options;
      const sent = request({ host: "127.0.0.1", port: place.port, localAddress: `127.0.0.${n}`, path, agent: false, ...rest }, (answer) => {
        answer
          .setEncoding("utf8")
          .toArray()
          .then((parts) => resolve({ status: answer.statusCode ?? 0, text: parts.join(""), headers: answer.headers }), reject);
      });
      sent.on("error", reject).end(body);
    });
  return { world, log, service, place, first, ask, know: (next: Callers | undefined) => void (callers = next) };
}

test("each VM is answered with its own, whatever it says of itself", async (t) => {
  const { ask, world, service } = await serving(t);
  const headers = {
    "X-Instance-ID": "vm-3",
    x_instance_id: "vm-3",
    "X-Tenant-ID": "p",
    "X-Forwarded-For": "127.0.0.3",
    "X-Instance-ID-Signature": signatureOf(SECRET, "vm-3"),
  };
  assert.deepEqual(
    [(await ask(2)).text, (await ask(3)).text, (await ask(2, "/x", { headers })).text],
    ["metadata of vm-2", "metadata of vm-3", "metadata of vm-2"],
  );
  assert.equal((await ask(2, "/openstack/latest/password", { method: "POST", body: "pw" })).status, 200);
  assert.deepEqual(world.heard.at(-1)?.body, Buffer.from("pw"));
  assert.equal(service.status().requests.answered, 4);
  assert.equal(service.status().nova, "answers");
});

test("who is nobody's, or not known yet, is told so, and Nova is not asked", async (t) => {
  const { ask, world, know, service } = await serving(t);
  assert.deepEqual([(await ask(9)).status, (await ask(4)).status], [404, 404]);
  know(undefined);
  assert.equal((await ask(2)).status, 503);
  assert.deepEqual([world.heard.length, service.status().requests.unknown], [0, 3]);
});

test("what is no question for metadata is refused", async (t) => {
  const { ask, world, service } = await serving(t);
  const statuses = [
    (await ask(2, "/", { method: "DELETE" })).status,
    (await ask(2, "/", { method: "POST", body: "x".repeat(70_000) })).status,
    (await ask(2, "http://elsewhere/")).status,
    (await ask(2, "/", { headers: { x: "y".repeat(20_000) } })).status,
  ];
  assert.deepEqual(statuses, [405, 413, 400, 431]);
  assert.deepEqual([world.heard.length, service.status().requests.invalid], [0, 3]);
});

test("without an address of Nova, and with one where nobody is, the answer says so; nothing secret is logged", async (t) => {
  const { ask, world, service, first, log } = await serving(t);
  service.configure({ rate: first.rate, connections: 4 });
  const none = await ask(2);
  assert.deepEqual([none.status, service.status().nova], [503, "not configured"]);
  assert.match(none.text, /no metadata API is configured/);
  service.configure(first);
  world.state = "away";
  assert.deepEqual([(await ask(2)).status, (await ask(2)).status], [502, 502]);
  assert.equal(service.status().nova, "connect ECONNREFUSED");
  world.state = "silent";
  assert.equal((await ask(2)).status, 504);
  world.state = "there";
  assert.equal((await ask(2)).status, 200);
  const events = log.lines.map(({ event }) => event).filter((event) => event !== "metadata");
  assert.deepEqual(events, ["the metadata API does not answer", "the metadata API answers again"]);
  assert.doesNotMatch(JSON.stringify(log.lines), new RegExp(`${SECRET}|metadata of|vm-2`));
});

test("an answer that breaks off is not taken for a whole one", async (t) => {
  const { ask, world, service } = await serving(t);
  world.state = "broken";
  await assert.rejects(ask(2));
  assert.equal(service.status().requests.abandoned, 1);
});

test("a VM that asks too often is told when to come back, and no other waits for it", async (t) => {
  const { ask, service } = await serving(t, { rate: { perSecond: 1, burst: 5 }, connections: 64 });
  const flood = await Promise.all(Array.from({ length: 40 }, () => ask(2)));
  const refused = flood.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 30, `${refused.length} refused`);
  assert.equal(refused[0]?.headers["retry-after"], "1");
  assert.equal((await ask(3)).status, 200);
  assert.equal(service.status().requests.limited, refused.length);
});

test("a VM has so many connections and no more, and they are its own", async (t) => {
  const { ask, place } = await serving(t);
  const held = Array.from({ length: 4 }, () => connect({ host: "127.0.0.1", port: place.port, localAddress: "127.0.0.2" }));
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  await assert.rejects(ask(2), /ECONNRESET|socket hang up/);
  assert.equal((await ask(3)).status, 200);
  held.forEach((socket) => socket.destroy());
  for (let status = 0; status !== 200;) status = (await ask(2).catch(() => ({ status: 0 }))).status;
});

test("who begins a question and does not end it is not waited for", async (t) => {
  const { place } = await serving(t, {}, { ...PATIENCE, headers: 100, request: 100 });
  const socket = connect({ host: "127.0.0.1", port: place.port, localAddress: "127.0.0.2" }, () =>
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nX: "),
  );
  const text = await socket.setEncoding("utf8").toArray();
  assert.match(text.join(""), /^HTTP\/1.1 408|^$/);
});

test("a door that somebody else holds is had as soon as it is left", async (t) => {
  const one = await serving(t);
  const parts = { callers: () => undefined, clock: systemClock(), log: fakeLog(), place: one.place, patience: { ...PATIENCE, retry: 10 } };
  const next = metadataService(parts, one.first);
  t.after(next.close);
  while (!/EADDRINUSE/.test(next.status().doors["127.0.0.1"] ?? "")) await new Promise((resolve) => setTimeout(resolve, 5));
  await one.service.close();
  while (next.status().doors["127.0.0.1"] !== "listening") await new Promise((resolve) => setTimeout(resolve, 5));
});

test("who has said all that it has to say, and closes its side, is answered", async (t) => {
  const { place, service, first } = await serving(t);
  const { api, secret } = first.upstream;
  // Not so fast that it is answered before it is seen to be closed.
  const ask: typeof api.ask = (...asked) => new Promise((resolve) => setTimeout(() => resolve(api.ask(...asked)), 50));
  service.configure({ ...first, upstream: { api: { ...api, ask }, secret } });
  const socket = connect({ host: "127.0.0.1", port: place.port, localAddress: "127.0.0.2" }, () => socket.end("GET /x HTTP/1.0\r\n\r\n"));
  const text = (await socket.setEncoding("utf8").toArray()).join("");
  assert.match(text, /^HTTP\/1.1 200 OK\r\n[^]*metadata of vm-2$/);
});
