/** Nova by HTTP: a small server on the loopback that speaks its API, with and without a Keystone in front of it. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { novaContract } from "#contracts/nova.contract.ts";
import { codeOf, novaWorld } from "#contracts/nova.fake.ts";
import type { NovaWorld } from "#contracts/nova.fake.ts";
import type { NovaEvent } from "#core/neutron/nova-events.ts";
import { systemClock } from "../clock/system.ts";
import { computeEndpoint } from "./catalog.ts";
import { novaClient } from "./nova.ts";

const VM = "0b8d7f6c-5a4e-4d3c-9b2a-1f0e9d8c7b6a";
const PLUGGED: NovaEvent = { name: "network-vif-plugged", server_uuid: VM, tag: "p", status: "completed" };
const PASSWORD = "correct horse";

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

/** Listens until the test is over. */
async function listening(t: TestContext, answer: Answer): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => answer(request, body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

function json(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** Nova's answers, as its API guide and its source have them. */
function novaAnswer(world: NovaWorld, takes: (token: string | undefined) => boolean = () => true): Answer {
  return ({ method, url, headers }, body, response) => {
    if (!takes(headers["x-auth-token"]?.toString()))
      return json(response, 401, { error: { code: 401, message: "authentication required" } });
    if (world.state === "broken") return json(response, 503, {});
    if (world.state === "refusing") return json(response, 400, { badRequest: { message: "Invalid input" } });
    if (method !== "POST" || url !== "/v2.1/os-server-external-events") return json(response, 405, {});
    const { events, ...more } = JSON.parse(body) as { readonly events: readonly NovaEvent[] };
    const allowed = new Set(["name", "server_uuid", "tag", "status"]);
    if (Object.keys(more).length > 0 || events.some((event) => Object.keys(event).some((key) => !allowed.has(key))))
      return json(response, 400, {});
    world.heard.push(events);
    const answered = events.map((event) => ({ status: "completed", ...event, code: codeOf(world, event) }));
    if (answered.every(({ code }) => code === 404))
      return json(response, 404, { itemNotFound: { code: 404, message: "No instances found for any event" } });
    return json(response, answered.every(({ code }) => code === 200) ? 200 : 207, { events: answered });
  };
}

novaContract("novaClient() without a Keystone", async (t) => {
  const world = novaWorld();
  const { url } = await listening(t, (request, body, response) => {
    if (world.state === "away") request.socket.destroy();
    else novaAnswer(world)(request, body, response);
  });
  return { nova: novaClient({ endpoint: `${url}/v2.1`, interface: "internal", timeoutMs: 5000 }, systemClock()), world };
});

/** A Keystone that gives numbered tokens to whoever knows the password, and a Nova that takes those that it has not revoked. */
async function secured(t: TestContext, { password = PASSWORD, expires = "2026-11-23T09:00:00Z" } = {}) {
  const [world, revoked, logins] = [novaWorld([VM]), new Set<string>(), [] as string[]];
  const nova = await listening(
    t,
    novaAnswer(world, (token) => token !== undefined && logins.includes(token) && !revoked.has(token)),
  );
  const keystone = await listening(t, ({ url }, body, response) => {
    const { identity, scope } = JSON.parse(body).auth;
    const { user } = identity.password;
    if (url !== "/v3/auth/tokens" || user.password !== PASSWORD || user.name !== "margay" || scope.project.name !== "service")
      return json(response, 401, { error: { code: 401, message: "The request you have made requires authentication." } });
    logins.push(`token-${logins.length + 1}`);
    const endpoints = [
      { interface: "public", region: "one", url: "http://192.0.2.1/nowhere" },
      { interface: "internal", region: "two", url: "http://192.0.2.1/nowhere" },
      { interface: "internal", region: "one", url: `${nova.url}/v2.1` },
    ];
    const catalog = [
      { type: "identity", endpoints: [{ interface: "internal", region: "one", url: "http://192.0.2.1/nowhere" }] },
      { type: "compute", endpoints },
    ];
    json(response, 201, { token: { user: { id: "u" }, expires_at: expires, catalog } }, { "x-subject-token": logins.at(-1) ?? "" });
  });
  const clock = fakeClock();
  const access = { user: "margay", userDomain: "Default", password, project: "service", projectDomain: "Default", timeoutMs: 5000 };
  const settings = { keystone: { url: `${keystone.url}/v3`, ...access }, region: "one", interface: "internal", timeoutMs: 5000 } as const;
  return { client: novaClient(settings, clock), world, logins, revoked, clock };
}

describe("with a Keystone", () => {
  test("the endpoint is the catalog's, and one token lasts until shortly before its end", async (t) => {
    const { client, world, logins, clock } = await secured(t);
    for (let n = 0; n < 3; n += 1) assert.deepEqual(await client.tell([PLUGGED]), { heard: true, codes: [200] });
    assert.deepEqual([world.heard.length, logins], [3, ["token-1"]]);
    clock.pass(59 * 60_000 + 1);
    await client.tell([PLUGGED]);
    assert.deepEqual(logins, ["token-1", "token-2"]);
  });

  test("a token that was revoked is replaced, and nothing is lost", async (t) => {
    const { client, world, logins, revoked } = await secured(t);
    await client.tell([PLUGGED]);
    revoked.add("token-1");
    assert.deepEqual(await client.tell([PLUGGED]), { heard: true, codes: [200] });
    assert.deepEqual([world.heard.length, logins], [2, ["token-1", "token-2"]]);
  });

  test("who is not known may be later; the reason says who, and not with what", async (t) => {
    const { client } = await secured(t, { password: "wrong horse" });
    const told = await client.tell([PLUGGED]);
    assert.ok(!told.heard && told.again);
    assert.match(told.reason, /Keystone answers 401 Unauthorized when margay logs in to the project service/);
    assert.doesNotMatch(told.reason, /horse/);
  });

  test("a token that Nova takes from nobody is not asked for without end", async (t) => {
    const { client, logins, revoked } = await secured(t);
    for (const number of [1, 2, 3]) revoked.add(`token-${number}`);
    const told = await client.tell([PLUGGED]);
    assert.deepEqual(told, { heard: false, reason: "Nova answers 401 Unauthorized", again: true });
    assert.equal(logins.length, 2);
  });
});

test("a Nova that says nothing is waited for only so long", async (t) => {
  const { url } = await listening(t, () => undefined);
  const told = await novaClient({ endpoint: url, interface: "internal", timeoutMs: 100 }, systemClock()).tell([PLUGGED]);
  assert.ok(!told.heard && told.again);
  assert.match(told.reason, /no (whole )?answer for 0\.1 s/);
});

test("a catalog may lack what is looked for, or be none", () => {
  const compute = (endpoints: unknown) => ({ token: { catalog: [{ type: "compute", endpoints }] } });
  const url = "http://nova/v2.1";
  assert.equal(computeEndpoint(compute([{ interface: "public", region_id: "r", url }]), { interface: "public", region: "r" }), url);
  assert.equal(computeEndpoint(compute([{ interface: "public", region: "r", url }]), { interface: "public" }), url);
  for (const endpoints of [
    [{ interface: "public", region: "other", url }],
    [{ interface: "admin", region: "r", url }],
    "none",
    [null],
    [{}],
  ])
    assert.equal(computeEndpoint(compute(endpoints), { interface: "public", region: "r" }), undefined);
  for (const body of [undefined, {}, { token: {} }, { token: { catalog: 1 } }])
    assert.equal(computeEndpoint(body, { interface: "public" }), undefined);
});

test("whoever is told neither where Nova is nor whom to ask learns it at once", () => {
  assert.throws(() => novaClient({ interface: "internal", timeoutMs: 100 }, fakeClock()), /neither its endpoint is given, nor a Keystone/);
});
