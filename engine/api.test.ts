import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import type { Clock } from "#contracts/clock.ts";
import type { HttpAnswer, HttpRequest } from "#contracts/http.ts";
import type { Identity } from "#contracts/identity.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import { answerMargay } from "#core/rollout/api.ts";
import { answer } from "#core/neutron/api.ts";
import type { ApiAnswer, ApiResponse } from "#core/neutron/api-types.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import type { Fresh } from "#core/neutron/decision.ts";
import { ok, refused } from "#core/result.ts";
import { api } from "./api.ts";
import { load } from "./present.ts";
import { writer } from "./writer.ts";

const NOW = "2026-11-23T08:00:00Z";
const challenge = (base: string) => `Keystone uri="${base}/identity"`;
const ADMIN: Identity = { challenge, identify: async () => ok({ user: "u", project: "p", roles: ["admin"] }) };
const refusing = (status: number, type: string, message: string): Identity => ({
  challenge,
  identify: async () => refused({ status, type, message }),
});
const NOBODY = refusing(401, "Unauthorized", "The token has expired.");

type Ask = (method: string, path: string, more?: Partial<HttpRequest>) => Promise<HttpAnswer>;

/** An API over a store in memory. */
async function asker(identity = ADMIN): Promise<Ask> {
  let ids = 0;
  const uuid = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`;
  const fresh = (): Fresh => ({ now: NOW, uuid, below: () => 0n });
  const [store, clock] = [memoryStore(), fakeClock()];
  const present = await load(store, new Cloud());
  const write = writer({ store, present, fresh, clock, log: fakeLog() });
  const handle = api({
    cloud: present.state,
    writer: write,
    identity,
    clock,
    now: () => NOW,
    parts: { "v2.0": answer, "margay/v1": answerMargay(() => undefined) },
  });
  return async (method, path, more = {}) => {
    const asked = handle({ method, path, query: [], headers: {}, text: "", base: "http://controller:9696", ...more });
    // The writer waits for the clock once per batch.
    await new Promise((resolve) => setImmediate(resolve));
    clock.pass(1);
    return asked;
  };
}

function told({ status, body }: HttpAnswer): string {
  const error = (body as { NeutronError?: { type: string; message: string } } | undefined)?.NeutronError;
  return error === undefined ? String(status) : `${status} ${error.type}: ${error.message}`;
}

const network = (said: object) => ({ text: JSON.stringify({ network: said }) });

test("versions are told to anybody, and everything else to who is known", async () => {
  const ask = await asker(NOBODY);
  assert.deepEqual((await ask("GET", "/")).body, {
    versions: [{ id: "v2.0", status: "CURRENT", links: [{ rel: "self", href: "http://controller:9696/v2.0/" }] }],
  });
  assert.equal((await ask("GET", "/healthcheck")).status, 200);
  const refusal = await ask("GET", "/v2.0/networks");
  assert.deepEqual(refusal.body, { error: { code: 401, title: "Unauthorized", message: "The token has expired." } });
  assert.equal(refusal.headers?.["www-authenticate"], 'Keystone uri="http://controller:9696/identity"');
  for (const path of ["/v2.0", "/v2.0/dragons", "/v3", "/healthcheck/more"]) assert.equal((await ask("GET", path)).status, 401, path);
  assert.equal((await ask("POST", "/")).status, 405);
});

test("whoever is known but may not ask, and whoever cannot be known now, is not told to ask for another token", async () => {
  for (const [status, type] of [
    [403, "HTTPForbidden"],
    [503, "ServiceUnavailable"],
  ] as const) {
    const ask = await asker(refusing(status, type, "because"));
    const refusal = await ask("GET", "/v2.0/networks");
    assert.equal(told(refusal), `${status} ${type}: because`);
    assert.equal(refusal.headers?.["www-authenticate"], undefined);
  }
});

test("what was written can be read at once", async () => {
  const ask = await asker();
  const made = await ask("POST", "/v2.0/networks", network({ name: "a" }));
  const { id } = (made.body as { network: { id: string } }).network;
  assert.equal(made.status, 201);
  for (const path of [`/v2.0/networks/${id}`, `/v2.0/networks/${id}.json`, `/v2.0/networks/${id}/`])
    assert.deepEqual((await ask("GET", path)).body, made.body, path);
  const listed = await ask("GET", "/v2.0/networks.json", { query: [["name", "a"]] });
  assert.equal((listed.body as { networks: readonly object[] }).networks.length, 1);
});

test("a collection, a version and Margay's own part are found at their places, and nothing else is", async () => {
  const ask = await asker();
  for (const path of ["/v2.0", "/v2.0/", "/v2.0/networks", "/v2.0/networks/", "/v2.0/networks.json", "/margay/v1/datacenter"])
    assert.equal((await ask("GET", path)).status, 200, path);
  for (const path of [
    "/v2.0/networks.xml",
    "/v2.0/dragons",
    "/v3",
    "/margay",
    "/margay/v2/datacenter",
    "/healthcheck/more",
    "/v2.0/networks/a/b",
  ])
    assert.match(told(await ask("GET", path)), /^404 (HTTPNotFound|NetworkNotFound): /, path);
  assert.match(told(await ask("PATCH", "/v2.0/networks")), /^405 HTTPMethodNotAllowed/);
  assert.match(told(await ask("GET", "/v2.0/networks/%ff")), /^400 HTTPBadRequest: The path .* is not properly encoded/);
  assert.equal(told(await ask("GET", "/v2.0/networks/a%2Fb")), "404 NetworkNotFound: Network a/b could not be found.");
});

test("a body is JSON whatever it is called, and DELETE has none", async () => {
  const ask = await asker();
  assert.equal((await ask("POST", "/v2.0/networks", { ...network({}), headers: { "content-type": "text/plain" } })).status, 201);
  for (const text of ["{", "[]", "7", '"network"'])
    assert.equal(told(await ask("POST", "/v2.0/networks", { text })), "400 HTTPBadRequest: Body contains invalid data", text);
  assert.equal(told(await ask("POST", "/v2.0/networks")), "400 HTTPBadRequest: Unable to find 'network' in request body");
  assert.equal(
    told(await ask("DELETE", "/v2.0/networks/a", { text: "{}" })),
    "400 HTTPBadRequest: Request body is not supported in DELETE.",
  );
});

test("only JSON is answered", async () => {
  const ask = await asker();
  const accept = async (accept: string) => (await ask("GET", "/v2.0/networks", { headers: { accept } })).status;
  assert.equal(await accept("application/xml"), 406);
  for (const fine of ["application/json", "*/*", "application/*;q=0.5", "text/html, */*"]) assert.equal(await accept(fine), 200, fine);
});

test("a change can be bound to the revision that was seen", async () => {
  const ask = await asker();
  const made = await ask("POST", "/v2.0/networks", network({}));
  const { id } = (made.body as { network: { id: string } }).network;
  const put = (revision: number) =>
    ask("PUT", `/v2.0/networks/${id}`, { ...network({ name: "b" }), headers: { "if-match": `revision_number=${revision}` } });
  assert.equal(told(await put(99)), "412 RevisionNumberConstraintFailed: Constrained to 99, but current revision is 0");
  assert.equal(told(await put(0)), "200");
});

test("a refused decision is told, and leaves nothing", async () => {
  const ask = await asker();
  const text = JSON.stringify({ networks: [{ name: "a" }, { name: 5 }] });
  assert.match(told(await ask("POST", "/v2.0/networks", { text })), /^400 HTTPBadRequest: Invalid input for name/);
  assert.deepEqual((await ask("GET", "/v2.0/networks")).body, { networks: [] });
});

test("an answer that takes long to say leaves others their turns", async () => {
  let now = 0;
  const clock: Clock = {
    now: () => (now += 3),
    after: (_, call) => {
      const turn = setImmediate(call);
      return () => clearImmediate(turn);
    },
  };
  const store = memoryStore();
  const present = await load(store, new Cloud());
  const fresh = (): Fresh => ({ now: NOW, uuid: () => "", below: () => 0n });
  const write = writer({ store, present, fresh, clock, log: fakeLog() });
  const order: string[] = [];
  const asked = (path: string) => ({ method: "POST", path, query: [], headers: {}, text: "", base: "" });
  const quick: Promise<unknown>[] = [];
  function* rest(): Generator<undefined, ApiResponse> {
    quick.push(Promise.resolve(handle({ ...asked("/v2.0/networks"), method: "GET" })).then(() => order.push("quick")));
    for (let part = 0; part < 100; part++) yield;
    return { status: 200, body: "all of it" };
  }
  const slow = (): ApiAnswer => ({ kind: "write", decide: () => ok({ writes: [], answer: { status: 200, rest } }) });
  const handle = api({ cloud: present.state, writer: write, identity: ADMIN, clock, now: () => NOW, parts: { "v2.0": answer, slow } });
  const said = await handle(asked("/slow"));
  order.push("slow");
  await Promise.all(quick);
  assert.deepEqual([said.status, said.body, order], [200, "all of it", ["quick", "slow"]]);
});
