import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { alive } from "../feed/status.ts";
import { ADMIN, allIn, idOf, MEMBER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

const ID = "0dc4935f-d4cc-4673-88ed-e0e3df080b50";
const NOW = "2026-11-23T08:00:00Z";

let cloud: Sandbox;
beforeEach(() => {
  cloud = sandbox();
});

/** A row as a hello makes it. */
function agent(host: string, more: Fields = {}): Fields {
  const row = {
    id: ID,
    agent_type: "Margay compute agent",
    binary: "margay-agent",
    topic: "N/A",
    host,
    admin_state_up: true,
    created_at: "2026-11-23T07:00:00Z",
    started_at: "2026-11-23T07:00:00Z",
    heartbeat_timestamp: NOW,
    configurations: { role: "compute" },
    description: null,
    ...more,
  };
  cloud.cloud.apply(`agent/${host}`, row);
  return row;
}

const list = (query = "") => allIn(cloud.ask(ADMIN, "GET", `agents?${query}`), "agents");
const put = (said: Fields, who = ADMIN) => cloud.ask(who, "PUT", `agents/${ID}`, { agent: said });

test("agents are for administrators: others see an empty list", () => {
  const row = agent("h1");
  assert.deepEqual(cloud.ask(MEMBER, "GET", "agents").body, { agents: [] });
  assert.match(refusalOf(cloud.ask(MEMBER, "GET", `agents/${ID}`)), /^404 AgentNotFound/);
  assert.deepEqual(cloud.ask(ADMIN, "GET", `agents/${ID}`).body, { agent: { ...row, alive: true, availability_zone: "nova" } });
  assert.deepEqual(list("host=h1&fields=id"), [{ id: ID }]);
  assert.deepEqual(list("host=h2"), []);
  assert.match(refusalOf(cloud.ask(ADMIN, "GET", "agents/h1")), /^404 AgentNotFound: Agent h1 could not be found/);
});

test("an agent is alive for 75 seconds after it was last heard", () => {
  agent("h1");
  const counts = () => ["true", "false"].map((value) => list(`alive=${value}`).length);
  cloud.time.now = "2026-11-23T08:01:15Z";
  assert.deepEqual(counts(), [1, 0]);
  cloud.time.now = "2026-11-23T08:01:16Z";
  assert.deepEqual(counts(), [0, 1]);
});

test("pages of agents go by their ids, and an order by whatever is asked for", () => {
  agent("h1");
  agent("h0", { id: "1dc4935f-d4cc-4673-88ed-e0e3df080b50" });
  assert.deepEqual(list(`limit=1&fields=host&marker=${ID}`), [{ host: "h0" }]);
  assert.deepEqual(list("fields=host&sort_key=host&sort_dir=asc"), [{ host: "h0" }, { host: "h1" }]);
});

test("an administrator says whether it is up, and a remark; all else it says itself", () => {
  agent("h1");
  const changed = shownIn(put({ admin_state_up: "no", description: "under repair" }), "agent");
  assert.deepEqual([changed["admin_state_up"], changed["description"], changed["id"]], [false, "under repair", ID]);
  assert.deepEqual(list("description=under repair&admin_state_up=False&fields=host"), [{ host: "h1" }]);
  assert.equal(refusalOf(put({ host: "h2" })), "400 HTTPBadRequest: Cannot update read-only attribute host");
  assert.match(refusalOf(put({ description: "x" }, MEMBER)), /^404 AgentNotFound/);
  assert.match(refusalOf(cloud.ask(ADMIN, "POST", "agents", { agent: { host: "x" } })), /^400 HTTPBadRequest/);
  assert.match(refusalOf(cloud.ask(ADMIN, "POST", "agents", { agent: {} })), /^400 HTTPBadRequest: Agents make themselves known/);
});

test("one that is deleted comes back, as another, when it is heard again", () => {
  agent("h1", { description: "old" });
  assert.equal(cloud.ask(ADMIN, "DELETE", `agents/${ID}`).status, 204);
  assert.deepEqual(list(), []);
  assert.match(refusalOf(cloud.ask(ADMIN, "DELETE", `agents/${ID}`)), /^404 AgentNotFound/);
  cloud.decide(alive({ op: "hello", host: "h1", role: "compute", started_at: NOW }));
  const [back] = list();
  assert.deepEqual([back?.["host"], back?.["description"], back?.["id"] === ID], ["h1", null, false]);
});

test("no port is bound to the host of one that is administratively down, and those that are stay", () => {
  agent("h1");
  const network_id = idOf(cloud.ask(ADMIN, "POST", "networks", { network: {} }));
  const bound = (name: string) =>
    shownIn(cloud.ask(ADMIN, "POST", "ports", { port: { name, network_id, "binding:host_id": "h1" } }), "port");
  const first = bound("first");
  put({ admin_state_up: false });
  const vif = (port: Fields) => shownIn(cloud.ask(ADMIN, "GET", `ports/${String(port["id"])}`), "port")["binding:vif_type"];
  assert.deepEqual([vif(first), vif(bound("second"))], ["tap", "binding_failed"]);
  put({ admin_state_up: true });
  assert.equal(vif(bound("third")), "tap");
});
