import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiResponse } from "./api-types.ts";
import { versions } from "./discovery.ts";
import { ADMIN, MEMBER, sandbox } from "./sandbox.ts";

const AGENT = {
  id: "0dc4935f-d4cc-4673-88ed-e0e3df080b50",
  agent_type: "Margay compute agent",
  binary: "margay-agent",
  topic: "N/A",
  host: "h1",
  admin_state_up: true,
  created_at: "2026-11-23T07:00:00Z",
  started_at: "2026-11-23T07:00:00Z",
  heartbeat_timestamp: "2026-11-23T08:00:00Z",
  configurations: {},
  description: null,
};

function type({ status, body }: ApiResponse): string {
  return `${status} ${(body as { NeutronError: { type: string } }).NeutronError.type}`;
}

test("the root names the version, with a link to where it was reached", () => {
  assert.deepEqual(versions("https://cloud.example").body, {
    versions: [{ id: "v2.0", status: "CURRENT", links: [{ rel: "self", href: "https://cloud.example/v2.0/" }] }],
  });
});

test("the version names its resources, with or without a slash", () => {
  const cloud = sandbox();
  const { body } = cloud.ask(ADMIN, "GET", "");
  const { resources } = body as { resources: readonly { name: string; links: readonly { href: string }[] }[] };
  const group = resources.find(({ name }) => name === "security_group");
  assert.equal(group?.links[0]?.href, "http://controller:9696/v2.0/security-groups");
  assert.equal(type(cloud.ask(ADMIN, "DELETE", "")), "405 HTTPMethodNotAllowed");
});

test("extensions are told only where their effect is here", () => {
  const cloud = sandbox();
  const { extensions } = cloud.ask(MEMBER, "GET", "extensions").body as { extensions: readonly { alias: string; links: unknown }[] };
  const aliases = extensions.map(({ alias }) => alias);
  for (const alias of ["security-group", "quotas", "binding", "external-net", "port-security", "standard-attr-tag", "agent", "provider"])
    assert.ok(aliases.includes(alias), alias);
  for (const alias of ["trunk", "dvr", "segment"]) assert.ok(!aliases.includes(alias), alias);
  assert.deepEqual(aliases, [...new Set(aliases)].toSorted());
  assert.deepEqual(cloud.ask(MEMBER, "GET", "extensions/quotas").body, { extension: extensions.find(({ alias }) => alias === "quotas") });
  assert.equal(type(cloud.ask(MEMBER, "GET", "extensions/trunk")), "404 HTTPNotFound");
  assert.equal(type(cloud.ask(MEMBER, "PUT", "extensions/quotas", {})), "404 HTTPNotFound");
});

test("agents are for administrators: others see an empty list", () => {
  const cloud = sandbox();
  cloud.cloud.apply("agent/h1", AGENT);
  assert.deepEqual(cloud.ask(MEMBER, "GET", "agents").body, { agents: [] });
  assert.equal(type(cloud.ask(MEMBER, "GET", `agents/${AGENT.id}`)), "404 AgentNotFound");
  assert.deepEqual(cloud.ask(ADMIN, "GET", `agents/${AGENT.id}`).body, { agent: { ...AGENT, alive: true } });
  assert.deepEqual(cloud.ask(ADMIN, "GET", "agents?host=h1&fields=id").body, { agents: [{ id: AGENT.id }] });
  assert.deepEqual(cloud.ask(ADMIN, "GET", "agents?host=h2").body, { agents: [] });
  assert.equal(type(cloud.ask(ADMIN, "GET", "agents/h1")), "404 AgentNotFound");
});

test("an agent is alive for 75 seconds after it was last heard", () => {
  const cloud = sandbox();
  cloud.cloud.apply("agent/h1", AGENT);
  const alive = (query: string) => (cloud.ask(ADMIN, "GET", `agents?alive=${query}`).body as { agents: readonly unknown[] }).agents.length;
  cloud.time.now = "2026-11-23T08:01:15Z";
  assert.deepEqual([alive("true"), alive("false")], [1, 0]);
  cloud.time.now = "2026-11-23T08:01:16Z";
  assert.deepEqual([alive("true"), alive("false")], [0, 1]);
});

test("nobody writes of an agent but itself", () => {
  const cloud = sandbox();
  cloud.cloud.apply("agent/h1", AGENT);
  assert.equal(type(cloud.ask(ADMIN, "POST", "agents", { agent: { host: "x" } })), "400 HTTPBadRequest");
  assert.equal(type(cloud.ask(ADMIN, "PUT", `agents/${AGENT.id}`, { agent: {} })), "405 HTTPMethodNotAllowed");
  assert.equal(type(cloud.ask(ADMIN, "DELETE", `agents/${AGENT.id}`)), "405 HTTPMethodNotAllowed");
});

test("pages of agents go by their ids", () => {
  const cloud = sandbox();
  const second = { ...AGENT, id: "1dc4935f-d4cc-4673-88ed-e0e3df080b50", host: "h0" };
  cloud.cloud.apply("agent/h1", AGENT);
  cloud.cloud.apply("agent/h0", second);
  const page = cloud.ask(ADMIN, "GET", `agents?limit=1&fields=host&marker=${AGENT.id}`).body as { agents: readonly object[] };
  assert.deepEqual(page.agents, [{ host: "h0" }]);
});
