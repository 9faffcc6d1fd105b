import assert from "node:assert/strict";
import { test } from "node:test";
import { Cloud } from "../neutron/cloud.ts";
import type { Decide, Fresh } from "../neutron/decision.ts";
import type { EndpointState, Hello, Report } from "./item.ts";
import { alive, heard } from "./status.ts";

const HELLO: Hello = { op: "hello", host: "h1", role: "compute", started_at: "2026-11-23T07:00:00Z" };
const at = (now: string): Fresh => ({ now, uuid: () => "agent-1", below: () => 0n });
const EIGHT = at("2026-11-23T08:00:00Z");

/** Applies a decision; answers what it wrote. */
function settle<T>(cloud: Cloud, decide: Decide<Cloud, T>, fresh = EIGHT): readonly string[] {
  const decided = decide(cloud, fresh);
  assert.ok(decided.ok);
  for (const { key, row } of decided.value.writes) cloud.apply(key, row);
  return decided.value.writes.map(({ key }) => key);
}

function withPort(fields: object = {}): Cloud {
  const cloud = new Cloud();
  settle(cloud, alive(HELLO));
  const row = {
    id: "p",
    status: "DOWN",
    fixed_ips: [],
    security_groups: [],
    revision_number: 4,
    "binding:host_id": "h1",
    "binding:vif_type": "tap",
    arrived_on: "",
    moves: 0,
    holds: [],
    allowed_address_pairs: [],
  };
  cloud.apply("port/p", { ...row, ...fields });
  return cloud;
}

const reported = (endpoints: Report["endpoints"], troubles: readonly string[] = [], arrived: Report["arrived"] = {}): Report => ({
  op: "report",
  revision: 1,
  endpoints,
  arrived,
  taken: {},
  troubles,
});
const FAILED: EndpointState = { state: "failed", reason: "no space left" };
const WAITING: EndpointState = { state: "waiting", for: "link/tapp" };

test("a port is ACTIVE once its host serves it, and changes like any other row", () => {
  const cloud = withPort();
  assert.ok(settle(cloud, heard(HELLO, reported({ p: { state: "up" } }))).includes("port/p"));
  const { status, revision_number, updated_at } = cloud.get("port", "p") ?? {};
  assert.deepEqual({ status, revision_number, updated_at }, { status: "ACTIVE", revision_number: 5, updated_at: EIGHT.now });
});

test("every status follows from what is said last, whatever it was before", () => {
  const cases: [before: string, said: EndpointState | undefined, after: string][] = [
    ["ACTIVE", WAITING, "DOWN"],
    ["ACTIVE", undefined, "DOWN"],
    ["ACTIVE", FAILED, "ERROR"],
    ["ERROR", { state: "up" }, "ACTIVE"],
    ["ERROR", WAITING, "DOWN"],
    ["DOWN", undefined, "DOWN"],
    ["BUILD", WAITING, "BUILD"],
    ["BUILD", undefined, "BUILD"],
    ["BUILD", { state: "up" }, "ACTIVE"],
  ];
  for (const [before, said, after] of cases) {
    const cloud = withPort({ status: before });
    settle(cloud, heard(HELLO, reported(said === undefined ? {} : { p: said })));
    assert.equal(cloud.get("port", "p")?.status, after, `${before}, ${said?.state ?? "nothing said"}`);
  }
});

test("the same report again writes nothing", () => {
  const cloud = withPort();
  const report = reported({ p: { state: "up" } }, ["route/10.65.0.5/32: no such device"]);
  assert.deepEqual(settle(cloud, heard(HELLO, report)), ["port/p", "agent/h1"]);
  assert.deepEqual(settle(cloud, heard(HELLO, report)), []);
});

test("of a port that is not bound to it a host has nothing to say", () => {
  for (const elsewhere of [{ "binding:host_id": "h2" }, { "binding:vif_type": "binding_failed" }]) {
    const cloud = withPort(elsewhere);
    settle(cloud, heard(HELLO, reported({ p: { state: "up" } })));
    assert.equal(cloud.get("port", "p")?.status, "DOWN");
  }
});

test("an agent has a row from its first hello on, which says when it was heard and what troubles it", () => {
  const cloud = withPort();
  assert.deepEqual(cloud.get("agent", "h1"), {
    id: "agent-1",
    agent_type: "Margay compute agent",
    binary: "margay-agent",
    topic: "N/A",
    host: "h1",
    admin_state_up: true,
    description: null,
    created_at: EIGHT.now,
    started_at: HELLO.started_at,
    heartbeat_timestamp: EIGHT.now,
    configurations: { role: "compute" },
  });
  settle(cloud, heard(HELLO, reported({ p: WAITING, q: { state: "up" } }, ["held"])));
  settle(cloud, alive({ ...HELLO, started_at: "2026-11-23T08:01:00Z" }), at("2026-11-23T08:01:01Z"));
  const { configurations, started_at, heartbeat_timestamp, created_at } = cloud.get("agent", "h1") ?? {};
  assert.deepEqual(configurations, { role: "compute", endpoints: { up: 1, waiting: 1, failed: 0 }, troubles: ["held"] });
  assert.deepEqual([created_at, started_at, heartbeat_timestamp], [EIGHT.now, "2026-11-23T08:01:00Z", "2026-11-23T08:01:01Z"]);
});

test("what an administrator wrote into the row stays", () => {
  const cloud = withPort();
  cloud.apply("agent/h1", { ...cloud.get("agent", "h1"), admin_state_up: false, description: "under repair" });
  settle(cloud, alive(HELLO));
  settle(cloud, heard(HELLO, reported({})));
  const { admin_state_up, description } = cloud.get("agent", "h1") ?? {};
  assert.deepEqual([admin_state_up, description], [false, "under repair"]);
});

test("a host that expects a port says when all is ready for it; the port's status stays its own host's to say", () => {
  const H2: Hello = { ...HELLO, host: "h2" };
  for (const expects of ["a binding", "the profile"]) {
    const cloud = withPort({ status: "ACTIVE", ready_on: [], "binding:profile": expects === "the profile" ? { migrating_to: "h2" } : {} });
    if (expects === "a binding") cloud.apply("port_binding/p h2", { port_id: "p", host: "h2", vif_type: "tap", status: "INACTIVE" });
    const said = (state: EndpointState | undefined) => settle(cloud, heard(H2, reported(state === undefined ? {} : { p: state })));
    const now = () => [cloud.get("port", "p")?.status, cloud.get("port", "p")?.ready_on];
    assert.deepEqual(said(WAITING), []);
    assert.deepEqual(said({ state: "up" }), ["port/p"], expects);
    assert.deepEqual(now(), ["ACTIVE", ["h2"]]);
    assert.deepEqual(said({ state: "up" }), []);
    said(FAILED);
    assert.deepEqual(now(), ["ACTIVE", []]);
  }
});

test("the first host that tells of a sign of life has the VM, while Nova still binds it to another; a sign from before a later move counts no more", () => {
  const cloud = withPort({ status: "ACTIVE", ready_on: ["h2"], "binding:profile": {}, arrived_on: "", moves: 3 });
  cloud.apply("port_binding/p h2", { port_id: "p", host: "h2", vif_type: "tap", status: "INACTIVE" });
  const said = (host: string, moves: number) =>
    settle(cloud, heard({ ...HELLO, host }, { ...reported({ p: { state: "up" } }), arrived: { p: moves } }));
  const now = () => {
    const { "binding:host_id": bound, arrived_on, moves, status, ready_on } = cloud.get("port", "p") ?? {};
    return [bound, arrived_on, moves, status, ready_on];
  };
  assert.deepEqual(said("h3", 3), [], "nobody expects it there");
  said("h2", 3);
  assert.deepEqual(now(), ["h1", "h2", 4, "ACTIVE", ["h2"]]);
  assert.deepEqual(said("h2", 3), [], "the same report again");
  said("h1", 4);
  assert.deepEqual(now(), ["h1", "", 5, "ACTIVE", ["h2"]], "it has come back");
  assert.deepEqual(said("h2", 3), [], "an older sign");
});

test("a host that a VM has left, or that it was never to come to, has nothing to say of its port", () => {
  const cloud = withPort({ status: "ACTIVE", ready_on: [], "binding:profile": {} });
  cloud.apply("port_binding/p h2", { port_id: "p", host: "h2", vif_type: "unbound", status: "INACTIVE" });
  for (const host of ["h2", "h3"]) assert.deepEqual(settle(cloud, heard({ ...HELLO, host }, reported({ p: { state: "up" } }))), []);
});
