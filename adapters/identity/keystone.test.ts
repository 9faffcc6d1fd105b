/** Who asks, as a Keystone says it: a small one of these tests, and the embedded one as another controller would ask it. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import type { FakeClock } from "#contracts/clock.fake.ts";
import { identityContract } from "#contracts/identity.contract.ts";
import type { Identity } from "#contracts/identity.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import { serve } from "../http/server.ts";
import { exchange } from "../http/exchange.ts";
import { keystone } from "./keystone.ts";
import { keystoneClient } from "./keystone-client.ts";
import type { KeystoneAccess } from "./keystone-login.ts";
import { PASSWORDS, sampleAccounts } from "./sample-accounts.ts";
import { embeddedIdentity } from "./service.ts";

const LIFE_MS = 3_600_000;

interface Given {
  readonly user: string;
  readonly project: string | undefined;
  readonly roles: readonly string[];
  readonly expires: number;
}

interface SmallKeystone {
  readonly url: string;
  /** What it was asked, in words: `login`, `look`, `look late`. */
  readonly asked: string[];
  /** Stands in for an answer, once it is set. */
  trouble: "none" | "refuses logins" | "breaks" | "is silent" | "talks nonsense";
  give(token: Omit<Given, "expires">): string;
  forget(token: string): void;
}

/** As much of Keystone as is asked of it, by the same clock as everything else. */
async function smallKeystone(t: TestContext, clock: FakeClock): Promise<SmallKeystone> {
  const tokens = new Map<string, Given>();
  const asked: string[] = [];
  const give = (token: Omit<Given, "expires">) => {
    const name = `gAAAA-${tokens.size}`;
    tokens.set(name, { ...token, expires: clock.now() + LIFE_MS });
    return name;
  };
  const known = (token: unknown, late = false) => {
    const found = tokens.get(String(token));
    return found !== undefined && (late || clock.now() < found.expires) ? found : undefined;
  };
  const login = (text: string, answer: ServerResponse) => {
    asked.push("login");
    const { user } = JSON.parse(text).auth.identity.password;
    if (self.trouble === "refuses logins" || user.name !== "neutron" || user.password !== "secret") return answer.writeHead(401).end("{}");
    const token = give({ user: "neutron", project: "service", roles: ["service"] });
    return answer.writeHead(201, { "x-subject-token": token }).end(JSON.stringify(bodyOf(known(token))));
  };
  const look = (request: IncomingMessage, answer: ServerResponse) => {
    const late = request.url?.includes("allow_expired=1") === true;
    asked.push(late ? "look late" : "look");
    if (known(request.headers["x-auth-token"]) === undefined) return answer.writeHead(401).end("{}");
    const found = known(request.headers["x-subject-token"], late);
    if (found === undefined) return answer.writeHead(404).end("{}");
    return answer.writeHead(200).end(self.trouble === "talks nonsense" ? "<html>" : JSON.stringify(bodyOf(found)));
  };
  const server = createServer((request, answer) => {
    let text = "";
    request.on("data", (part: Buffer) => (text += part.toString()));
    request.on("end", () => {
      if (self.trouble === "is silent") return asked.push("silence");
      if (self.trouble === "breaks") return answer.writeHead(500).end("Internal Server Error");
      return request.method === "POST" ? login(text, answer) : look(request, answer);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const self: SmallKeystone = {
    url: `http://127.0.0.1:${port}`,
    asked,
    trouble: "none",
    give,
    forget: (token) => void tokens.delete(token),
  };
  return self;
}

function bodyOf(given: Given | undefined): object {
  const { user, project, roles, expires } = given ?? { user: "", project: undefined, roles: [], expires: 0 };
  const place = project === undefined ? {} : { project: { id: project, name: project, domain: { id: "default" } } };
  return {
    token: {
      user: { id: user, name: user },
      ...place,
      roles: roles.map((name) => ({ id: name, name })),
      expires_at: new Date(expires).toISOString(),
    },
  };
}

const ACCESS = {
  user: "neutron",
  userDomain: "Default",
  password: "secret",
  project: "service",
  projectDomain: "Default",
  timeoutMs: 5000,
};

interface Asking {
  readonly identity: Identity;
  readonly log: ReturnType<typeof fakeLog>;
}

function asking(clock: FakeClock, access: Pick<KeystoneAccess, "url"> & Partial<KeystoneAccess>): Asking {
  const log = fakeLog();
  const client = keystoneClient({ ...ACCESS, ...access }, clock);
  return { log, identity: keystone({ client, clock, log, publicUrl: "http://keystone.example:5000", cacheSeconds: 300 }) };
}

const ROLES = { alice: ["member", "reader"], bob: ["reader"], nova: ["service"] } as const;

identityContract("keystone()", async (t) => {
  const clock = fakeClock();
  const server = await smallKeystone(t, clock);
  const { identity } = asking(clock, { url: `${server.url}/v3` });
  return {
    identity,
    ids: { alice: "alice", nova: "nova", red: "red" },
    token: async (user, project) => server.give({ user, project, roles: project === undefined ? [] : ROLES[user] }),
    revoke: async (token) => server.forget(token),
    passLife: () => clock.pass(LIFE_MS),
    passMemory: () => clock.pass(300_000),
  };
});

identityContract("keystone() at the embedded service", async (t) => {
  const clock = fakeClock();
  const accounts = sampleAccounts();
  const service = await embeddedIdentity({
    accounts: () => accounts,
    store: memoryStore(),
    clock,
    log: fakeLog(),
    tokenSeconds: LIFE_MS / 1000,
  });
  const served = await serve({ listen: [{ host: "127.0.0.1", port: 0 }], handle: service.handle, log: fakeLog(), terms: { graceMs: 100 } });
  t.after(() => served.close());
  const door = served.addresses[0] ?? "";
  const { identity } = asking(clock, { url: `${door}/identity/v3`, user: "nova", password: PASSWORDS.nova, project: "services" });
  const id = (name: string) => [...accounts.users.values()].find((user) => user.name === name)?.id ?? "";
  return {
    identity,
    ids: { alice: id("alice"), nova: id("nova"), red: "1ed00000000000000000000000000001" },
    token: async (user, project) => {
      const domain = { name: "Default" };
      const scope = project === undefined ? "unscoped" : { project: { name: project, domain } };
      const said = { identity: { methods: ["password"], password: { user: { name: user, domain, password: PASSWORDS[user] } } }, scope };
      const question = { method: "POST", path: "/identity/v3/auth/tokens", body: JSON.stringify({ auth: said }) };
      return (await exchange(door, question, { timeout: 5000 })).headers["x-subject-token"] ?? "";
    },
    revoke: async (token) => {
      const headers = { "x-auth-token": token, "x-subject-token": token };
      assert.equal((await exchange(door, { method: "DELETE", path: "/identity/v3/auth/tokens", headers }, { timeout: 5000 })).status, 204);
    },
    passLife: () => clock.pass(LIFE_MS),
    passMemory: () => clock.pass(300_000),
  };
});

async function world(t: TestContext, access: Partial<KeystoneAccess> = {}) {
  const clock = fakeClock();
  const server = await smallKeystone(t, clock);
  const { identity, log } = asking(clock, { url: server.url, ...access });
  const alice = server.give({ user: "alice", project: "red", roles: ["member"] });
  const status = async (token = alice) => {
    const answer = await identity.identify({ "x-auth-token": token });
    return answer.ok ? 200 : answer.refusal.status;
  };
  return { clock, server, identity, log, alice, status };
}

test("a token is asked about once in a while, by however many it is shown", async (t) => {
  const { clock, server, status } = await world(t);
  await Promise.all(Array.from({ length: 30 }, () => status()));
  assert.deepEqual(server.asked, ["login", "look"]);
  clock.pass(299_000);
  assert.equal(await status(), 200);
  assert.deepEqual(server.asked, ["login", "look"]);
  clock.pass(1000);
  assert.equal(await status(), 200);
  assert.deepEqual(server.asked, ["login", "look", "look"]);
});

test("a token that is not good is asked about again soon", async (t) => {
  const { clock, server, status } = await world(t);
  for (let time = 0; time < 5; time++) assert.equal(await status("guess"), 401);
  assert.deepEqual(server.asked, ["login", "look"]);
  clock.pass(10_000);
  assert.equal(await status("guess"), 401);
  assert.deepEqual(server.asked, ["login", "look", "look"]);
});

test("what is remembered ends with the token", async (t) => {
  const { clock, server, status } = await world(t);
  clock.pass(LIFE_MS - 60_000);
  assert.equal(await status(), 200);
  clock.pass(60_000);
  assert.equal(await status(), 401);
  assert.deepEqual(server.asked, ["login", "look", "look"]);
});

test("the controller's own token is renewed before it ends, and when it is not taken any more", async (t) => {
  const { clock, server, status } = await world(t);
  assert.equal(await status(), 200);
  clock.pass(LIFE_MS - 59_000);
  await Promise.all(["x", "y", "z"].map((token) => status(token)));
  assert.deepEqual(server.asked.filter((what) => what === "login").length, 2);
  const fresh = server.give({ user: "alice", project: "red", roles: ["member"] });
  for (let given = 0; given < 10; given++) if (`gAAAA-${given}` !== fresh) server.forget(`gAAAA-${given}`);
  assert.equal(await status(fresh), 200);
  assert.deepEqual(server.asked.slice(-3), ["look", "login", "look"]);
});

test("while Keystone does not say, nobody is refused for good, and it is asked again", async (t) => {
  for (const trouble of ["refuses logins", "breaks", "is silent", "talks nonsense"] as const) {
    const { clock, server, status, log } = await world(t, { timeoutMs: 100 });
    server.trouble = trouble;
    assert.deepEqual([await status(), await status()], [503, 503], trouble);
    assert.deepEqual(
      log.lines.map(({ level }) => level),
      ["error"],
      "it is told once",
    );
    server.trouble = "none";
    clock.pass(2000);
    assert.equal(await status(), 200, trouble);
    assert.equal(log.lines.at(-1)?.event, "Keystone answers again");
  }
});

test("a Keystone that refuses our password is not asked with it over and over", async (t) => {
  const { clock, server, status } = await world(t, { password: "wrong" });
  assert.deepEqual(await Promise.all([status(), status("x"), status("y")]), [503, 503, 503]);
  assert.equal(await status(), 503);
  assert.deepEqual(server.asked, ["login"]);
  clock.pass(2000);
  assert.equal(await status(), 503);
  assert.deepEqual(server.asked, ["login", "login"]);
});

test("what was remembered holds while Keystone is away", async (t) => {
  const { server, status, clock } = await world(t);
  assert.equal(await status(), 200);
  server.trouble = "breaks";
  assert.equal(await status(), 200);
  clock.pass(300_000);
  assert.equal(await status(), 503);
});

test("nobody listens: 503, in words that say what to do, and no secret in the log", async () => {
  const { identity, log } = asking(fakeClock(), { url: "http://127.0.0.1:1" });
  const answer = await identity.identify({ "x-auth-token": "a-token-of-somebody" });
  assert.deepEqual(answer, {
    ok: false,
    refusal: {
      status: 503,
      type: "ServiceUnavailable",
      message: "Cannot check the token: the identity service does not answer. The token may be good; try again.",
    },
  });
  const told = log.lines.map(({ event, fields }) => `${event} ${String(fields["error"])}`).join();
  assert.match(told, /ECONNREFUSED/);
  assert.doesNotMatch(told, /a-token-of-somebody|secret/);
  assert.equal(identity.challenge("http://controller:9696"), 'Keystone uri="http://keystone.example:5000"');
});

test("a token for a domain or for the system is known, and says so", async (t) => {
  const { server, identity } = await world(t);
  const token = server.give({ user: "alice", project: undefined, roles: ["admin"] });
  const answer = await identity.identify({ "x-auth-token": token });
  assert.ok(!answer.ok);
  assert.deepEqual([answer.refusal.status, answer.refusal.type], [403, "HTTPForbidden"]);
  assert.match(answer.refusal.message, /requires a scope of \['project'\]/);
});
