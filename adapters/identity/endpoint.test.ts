/** The embedded identity service, as its clients reach it: logging in and out, and tokens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { identityContract } from "#contracts/identity.contract.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import { isIdentityPath } from "./endpoint.ts";
import { hashPassword } from "./passwords.ts";
import { PASSWORDS, sampleText } from "./sample-accounts.ts";
import { admin, alice, DEFAULT, error, RED, service, tokenIn } from "./sandbox.ts";

identityContract("embedded()", async () => {
  const world = await service();
  const { users } = world.accounts();
  const id = (name: string) => [...users.values()].find((user) => user.name === name)?.id ?? "";
  return {
    identity: world.identity,
    ids: { alice: id("alice"), nova: id("nova"), red: RED.id },
    token: (user, project) =>
      world.tokenOf({
        user: { name: user, domain: DEFAULT, password: PASSWORDS[user] },
        scope: project && { project: { name: project, domain: DEFAULT } },
      }),
    revoke: async (token) => {
      assert.equal(
        (await world.ask("DELETE", "/v3/auth/tokens", { headers: { "x-auth-token": token, "x-subject-token": token } })).status,
        204,
      );
    },
    passLife: () => world.clock.pass(3_600_000),
    passMemory: () => undefined,
  };
});

test("versions are told to anybody, and nothing else", async () => {
  const { ask } = await service();
  const links = [{ rel: "self", href: "http://controller:9696/identity/v3/" }];
  for (const [path, status, at] of [
    ["", 300, "versions"],
    ["/", 300, "versions"],
    ["/v3", 200, "version"],
    ["/v3/", 200, "version"],
  ] as const) {
    const answer = await ask("GET", path);
    assert.equal(answer.status, status);
    assert.ok(JSON.stringify(answer.body).startsWith(`{"${at}"`) && JSON.stringify(answer.body).includes(JSON.stringify(links)));
  }
  for (const path of ["/v2.0", "/v3/projects", "/v3/users/x", "/v3/auth/tokens", "/v3/auth/catalog", "/v3/nonsense", "/v3/auth", "/v4"])
    for (const method of ["GET", "HEAD", "DELETE"]) {
      const answer = await ask(method, path);
      assert.deepEqual(error(answer), [401, "Unauthorized"], `${method} ${path}`);
      assert.equal(answer.headers?.["www-authenticate"], 'Keystone uri="http://controller:9696/identity"');
    }
  assert.deepEqual(error(await ask("POST", "/v3")), [405, "Method Not Allowed"]);
  assert.deepEqual(error(await ask("GET", "/v3/%ff")), [400, "Bad Request"]);
  assert.deepEqual(["/identity", "/identity/v3", "/identityx", "/v2.0/identity"].map(isIdentityPath), [true, true, false, false]);
});

test("a token says who, for what, with which roles, until when, and where the services are", async () => {
  const { login, get, accounts } = await service();
  const answer = await login();
  const token = tokenIn(answer);
  const user = [...accounts().users.values()].find(({ name }) => name === "alice");
  assert.deepEqual(token["user"], { id: user?.id, name: "alice", domain: { id: "default", name: "Default" }, password_expires_at: null });
  assert.deepEqual(token["project"], { id: RED.id, name: "red", domain: { id: "default", name: "Default" } });
  assert.deepEqual(
    (token["roles"] as { name: string }[]).map(({ name }) => name),
    ["member", "reader"],
  );
  assert.deepEqual([token["issued_at"], token["expires_at"]], ["2026-11-23T08:00:00.000000Z", "2026-11-23T09:00:00.000000Z"]);
  const catalog = token["catalog"] as { type: string; endpoints: { interface: string; url: string; region: string }[] }[];
  assert.deepEqual(
    catalog.map(({ type, endpoints }) => [type, endpoints.find((one) => one.interface === "public")?.url, endpoints.length]),
    [
      ["network", "http://controller:9696", 3],
      ["identity", "http://controller:9696/identity", 3],
    ],
  );
  const own = answer.headers?.["x-subject-token"] ?? "";
  assert.deepEqual((await get("/v3/auth/catalog", own)).body, {
    catalog,
    links: { self: "http://controller:9696/identity/v3/auth/catalog", next: null, previous: null },
  });
  assert.equal("catalog" in tokenIn(await login({}, { query: [["nocatalog", ""]] })), false);
});

test("a token is for a project by id or name, for a domain, or for nothing; never where there is no role", async () => {
  const { login, tokenOf, post } = await service();
  const elsewhere = { name: "Elsewhere" };
  const got = async (scope: unknown) => {
    const answer = await login({ scope });
    return answer.status === 201
      ? Object.keys(tokenIn(answer)).filter((key) => ["project", "domain", "roles"].includes(key))
      : answer.status;
  };
  for (const project of [RED, { name: "red", domain: DEFAULT }, { name: "red", domain: { name: "Default" } }])
    assert.deepEqual(await got({ project }), ["project", "roles"], JSON.stringify(project));
  assert.deepEqual(await got({ domain: elsewhere }), ["domain", "roles"]);
  assert.deepEqual(await got(undefined), []);
  assert.deepEqual(await got("unscoped"), []);
  assert.deepEqual(await got({ unscoped: {} }), []);
  for (const scope of [
    { project: { name: "red", domain: elsewhere } },
    { project: { name: "services", domain: DEFAULT } },
    { project: { name: "closed", domain: DEFAULT } },
    { project: { id: "nowhere" } },
    { domain: DEFAULT },
    { system: { all: true } },
  ])
    assert.equal(await got(scope), 401, JSON.stringify(scope));
  for (const scope of [{}, 7, { project: {} }, { project: { name: "red" } }, { "OS-TRUST:trust": { id: "x" } }])
    assert.equal(await got(scope), 400);

  const unscoped = await tokenOf({ scope: undefined });
  const byToken = (id: string, scope: object) => post({ identity: { methods: ["token"], token: { id } }, scope });
  const again = await byToken(unscoped, { project: RED });
  assert.deepEqual([again.status, tokenIn(again)["methods"]], [201, ["password", "token"]]);
  assert.equal((await byToken(unscoped, { project: { name: "services", domain: DEFAULT } })).status, 401);
  assert.equal((await byToken("nonsense", { project: RED })).status, 401);
});

test("a token made from another does not live longer", async () => {
  const { post, tokenOf, clock } = await service();
  const first = await tokenOf({ scope: undefined });
  clock.pass(3_000_000);
  const again = await post({ identity: { methods: ["token"], token: { id: first } }, scope: { project: RED } });
  assert.equal(tokenIn(again)["expires_at"], "2026-11-23T09:00:00.000000Z");
});

test("whatever is wrong with a login, the answer is the same", async () => {
  const { login, post } = await service();
  const bodies = await Promise.all(
    [
      { user: alice("wrong") },
      { user: { name: "nobody", domain: DEFAULT, password: PASSWORDS.alice } },
      { user: { name: "alice", domain: { name: "Elsewhere" }, password: PASSWORDS.alice } },
      { user: { name: "gone", domain: DEFAULT, password: PASSWORDS.bob }, scope: { project: { name: "services", domain: DEFAULT } } },
      { scope: { project: { id: "nowhere" } } },
      { user: alice("") },
    ].map(async (said) => {
      const { status, body, headers } = await login(said);
      return JSON.stringify([status, body, headers]);
    }),
  );
  assert.equal(new Set(bodies).size, 1);
  assert.match(bodies[0] ?? "", /^\[401,.*The request you have made requires authentication\./);
  for (const methods of [["totp"], ["password", "totp"], ["oauth1"]])
    assert.equal((await post({ identity: { methods, password: { user: alice() } } })).status, 401);
  for (const auth of [
    {},
    { identity: {} },
    { identity: { methods: [] } },
    { identity: { methods: ["password"] } },
    { identity: { methods: ["token"] } },
  ])
    assert.equal((await post(auth)).status, 400, JSON.stringify(auth));
  assert.equal((await post([])).status, 400);
});

test("an address that fails too often waits; others do not, and neither does one that succeeds", async () => {
  const { login, clock, log } = await service();
  const wrong = (from: string) => login({ user: { name: "nobody", domain: DEFAULT, password: "x" } }, { from });
  const statuses = (await Promise.all(Array.from({ length: 25 }, () => wrong("192.0.2.1")))).map(({ status }) => status);
  assert.deepEqual([statuses.filter((status) => status === 401).length, statuses.filter((status) => status === 429).length], [20, 5]);
  assert.equal((await login({}, { from: "192.0.2.1" })).status, 429);
  assert.equal((await login({}, { from: "192.0.2.2" })).status, 201);
  clock.pass(6000);
  for (let time = 0; time < 3; time++) assert.equal((await login({}, { from: "192.0.2.1" })).status, 201);
  assert.equal((await wrong("192.0.2.1")).status, 401);
  assert.equal((await wrong("192.0.2.1")).status, 429);
  assert.doesNotMatch(JSON.stringify(log.lines), /wonderland|scrypt/);
  assert.ok(log.lines.some(({ event, fields }) => event === "a login failed" && fields["from"] === "192.0.2.1"));
});

test("one client has a whole /64", async () => {
  const { login } = await service();
  const wrong = (host: number) => login({ user: alice("x") }, { from: `2001:db8::${host.toString(16)}` });
  await Promise.all(Array.from({ length: 20 }, (_, host) => wrong(host + 1)));
  assert.equal((await wrong(100)).status, 429);
  assert.equal((await login({}, { from: "2001:db8:0:1::1" })).status, 201);
});

test("a token is looked at by its owner, by services and by administrators, and ended likewise", async () => {
  const { ask, tokenOf } = await service();
  const [mine, bobs, novas, roots] = [
    await tokenOf(),
    await tokenOf({ user: { name: "bob", domain: DEFAULT, password: PASSWORDS.bob } }),
    await tokenOf({
      user: { name: "nova", domain: DEFAULT, password: PASSWORDS.nova },
      scope: { project: { name: "services", domain: DEFAULT } },
    }),
    await tokenOf(admin),
  ];
  const look = (method: string, own: string, subject: string) =>
    ask(method, "/v3/auth/tokens", { headers: { "x-auth-token": own, "x-subject-token": subject } });
  for (const own of [mine, novas, roots]) {
    const answer = await look("GET", own, mine);
    assert.deepEqual([answer.status, answer.headers?.["x-subject-token"]], [200, mine]);
    assert.equal((await look("HEAD", own, mine)).status, 200);
  }
  assert.deepEqual(error(await look("GET", bobs, mine)), [403, "Forbidden"]);
  assert.deepEqual(error(await look("DELETE", bobs, mine)), [403, "Forbidden"]);
  for (const subject of ["nonsense", ""]) assert.deepEqual(error(await look("GET", roots, subject)), [404, "Not Found"]);
  assert.deepEqual(error(await look("GET", "nonsense", mine)), [401, "Unauthorized"]);
  assert.deepEqual(error(await look("PUT", roots, mine)), [405, "Method Not Allowed"]);
  assert.equal((await look("DELETE", roots, mine)).status, 204);
  assert.equal((await look("GET", roots, mine)).status, 404);
  assert.equal((await look("GET", mine, mine)).status, 401);
  assert.equal((await look("GET", roots, bobs)).status, 200);
});

test("tokens and revocations are the same for another controller, and for the same after a restart", async () => {
  const [one, clock] = [memoryStore(), fakeClock()];
  const first = await service(one, clock);
  const [kept, ended] = [await first.tokenOf(), await first.tokenOf()];
  const second = await service(one, clock);
  const status = async ({ identity }: typeof first, token: string) => (await identity.identify({ "x-auth-token": token })).ok;
  assert.deepEqual([await status(second, kept), await status(second, ended)], [true, true]);
  await second.ask("DELETE", "/v3/auth/tokens", { headers: { "x-auth-token": ended, "x-subject-token": ended } });
  while (await status(first, ended)) await new Promise((resolve) => setImmediate(resolve));
  first.stop();
  second.stop();
  const third = await service(one, clock);
  assert.deepEqual([await status(third, kept), await status(third, ended)], [true, false]);
  const stranger = await service(memoryStore(), clock);
  assert.equal(await status(stranger, kept), false);
});

test("a revocation is forgotten once it says nothing any more", async () => {
  const { tokenOf, ask, clock, store } = await service();
  const end = async () => {
    const token = await tokenOf();
    await ask("DELETE", "/v3/auth/tokens", { headers: { "x-auth-token": token, "x-subject-token": token } });
  };
  await end();
  clock.pass(49 * 3_600_000 + 1000);
  await end();
  assert.equal((await store.range("identity/revoked/")).entries.length, 1);
});

test("a changed file counts at once, and ends nobody else's tokens", async () => {
  const { identity, tokenOf, exchange } = await service();
  const [alices, bobs] = [await tokenOf(), await tokenOf({ user: { name: "bob", domain: DEFAULT, password: PASSWORDS.bob } })];
  const who = async (token: string) => {
    const answer = await identity.identify({ "x-auth-token": token });
    return answer.ok ? answer.value.roles : answer.refusal.status;
  };
  exchange(sampleText().replace(": [member]", ": [manager]"));
  assert.deepEqual(await who(alices), ["manager", "member", "reader"]);
  exchange(sampleText().replace(/( {6}1ed0+1: \[member\]\n)/, ""));
  assert.deepEqual([await who(alices), await who(bobs)], [401, ["reader"]]);
  exchange(sampleText(await hashPassword("another", { logN: 14, r: 8, p: 1 })));
  assert.deepEqual([await who(alices), await who(bobs)], [401, ["reader"]]);
  exchange(sampleText());
  assert.deepEqual(await who(alices), ["member", "reader"]);
});
