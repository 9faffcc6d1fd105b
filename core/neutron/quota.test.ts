import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Who } from "../policy/who.ts";
import type { ApiResponse } from "./api-types.ts";
import { DEFAULTS, LIMITED, quota } from "./quota.ts";
import { ADMIN, MEMBER, OTHER, sandbox } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

let cloud: Sandbox;
beforeEach(() => {
  cloud = sandbox();
});

const MINE = `quotas/${MEMBER.project}`;

function told({ status, body }: ApiResponse): string {
  const error = (body as { NeutronError?: { type: string; message: string } } | undefined)?.NeutronError;
  return error === undefined ? String(status) : `${status} ${error.type}: ${error.message}`;
}

const set = (who: Who, limits: object) => cloud.ask(who, "PUT", MINE, { quota: limits });
const limits = (who: Who, path = MINE) => (cloud.ask(who, "GET", path).body as { quota: Record<string, number> }).quota;
const makeNetwork = () => told(cloud.ask(MEMBER, "POST", "networks", { network: { name: "n" } }));
const applied = () => cloud.cloud.apply("datacenter/this", { name: "dc", mtu: 1500 });

test("every limit that is declared has its default", () => {
  assert.deepEqual(Object.keys(quota.attributes).toSorted(), [...LIMITED, "project_id"].toSorted());
  assert.deepEqual(limits(MEMBER), DEFAULTS);
});

test("where a data centre is applied, nobody has networks, subnets, routers or floating IPs of their own", () => {
  assert.equal(makeNetwork(), "201");
  applied();
  const { network, subnet, router, floatingip, port } = limits(OTHER, `quotas/${OTHER.project}`);
  assert.deepEqual([network, subnet, router, floatingip, port], [0, 0, 0, 0, 500]);
  assert.equal(makeNetwork(), "409 OverQuota: Quota exceeded for resources: ['network'].");
});

test("what an administrator sets for a project holds for it, and what not follows the default", () => {
  assert.equal(told(set(ADMIN, { network: 2, port: "7" })), "200");
  applied();
  assert.deepEqual(limits(MEMBER), { ...DEFAULTS, subnet: 0, router: 0, floatingip: 0, network: 2, port: 7 });
  assert.equal(limits(ADMIN, `${MINE}/default`)["network"], 0);
  assert.equal(makeNetwork(), "201");
  assert.equal(makeNetwork(), "201");
  assert.match(makeNetwork(), /^409 OverQuota/);
  assert.equal(told(set(ADMIN, { network: -1 })), "200");
  assert.equal(makeNetwork(), "201");
});

test("a bulk counts as a whole", () => {
  set(ADMIN, { network: 1 });
  const both = cloud.ask(MEMBER, "POST", "networks", { networks: [{ name: "a" }, { name: "b" }] });
  assert.match(told(both), /^409 OverQuota/);
  assert.equal(cloud.cloud.count("network", "project_id", MEMBER.project), 0);
});

test("what the server makes is not asked about, but counts", () => {
  set(ADMIN, { security_group: 0, security_group_rule: 0 });
  assert.equal(makeNetwork(), "201");
  const details = cloud.ask(MEMBER, "GET", `${MINE}/details`).body as { quota: Record<string, object> };
  assert.deepEqual(details.quota["security_group"], { limit: 0, used: 1, reserved: 0 });
  assert.deepEqual(details.quota["security_group_rule"], { limit: 0, used: 4, reserved: 0 });
  assert.deepEqual(details.quota["router"], { limit: 10, used: 0, reserved: 0 });
  assert.match(told(cloud.ask(MEMBER, "POST", "security-groups", { security_group: {} })), /^409 OverQuota/);
});

test("a limit below what is used is refused unless forced", () => {
  makeNetwork();
  assert.equal(
    told(set(ADMIN, { network: 0 })),
    "400 HTTPBadRequest: Quota limit 0 for network must be greater than or equal to already used 1.",
  );
  assert.equal(told(set(ADMIN, { network: 0, force: true })), "200");
  assert.equal(told(set(ADMIN, { network: 1, check_limit: true })), "200");
});

test("wrong limits are refused with their value", () => {
  assert.match(told(set(ADMIN, { network: "many" })), /^400 InvalidInput: .*'many' is not an integer/);
  assert.match(told(set(ADMIN, { network: -2 })), /^400 .*'-2' is too small - must be at least '-1'/);
  assert.match(told(set(ADMIN, { network: 2 ** 31 })), /^400 .*too large/);
  assert.equal(told(set(ADMIN, { dragons: 1 })), "400 HTTPBadRequest: Unrecognized attribute(s) 'dragons'");
});

test("a member reads its own, and nothing else", () => {
  assert.equal(told(cloud.ask(MEMBER, "GET", MINE)), "200");
  for (const [method, path, rule] of [
    ["GET", `quotas/${OTHER.project}`, "get"],
    ["GET", "quotas", "get"],
    ["DELETE", MINE, "delete"],
  ] as const)
    assert.equal(told(cloud.ask(MEMBER, method, path)), `403 PolicyNotAuthorized: rule:${rule}_quota is disallowed by policy`);
  assert.equal(told(set(MEMBER, { network: 500 })), "403 PolicyNotAuthorized: rule:update_quota is disallowed by policy");
  assert.deepEqual(cloud.ask(MEMBER, "GET", "quotas/tenant").body, { tenant: { tenant_id: MEMBER.project } });
  assert.deepEqual(cloud.ask(MEMBER, "GET", "quotas/project").body, { project: { project_id: MEMBER.project } });
});

test("the list has projects with limits of their own; deleting gives the default back", () => {
  set(ADMIN, { network: 5 });
  const listed = cloud.ask(ADMIN, "GET", "quotas").body;
  assert.deepEqual(listed, { quotas: [{ ...DEFAULTS, network: 5, project_id: MEMBER.project, tenant_id: MEMBER.project }] });
  assert.equal(told(cloud.ask(ADMIN, "DELETE", MINE)), "204");
  assert.deepEqual(limits(MEMBER), DEFAULTS);
  assert.match(told(cloud.ask(ADMIN, "DELETE", MINE)), /^404 TenantQuotaNotFound/);
});

test("the other ways in are told apart", () => {
  assert.match(told(cloud.ask(ADMIN, "POST", "quotas", { quota: {} })), /^405 HTTPMethodNotAllowed/);
  assert.match(told(cloud.ask(ADMIN, "PATCH", MINE)), /^405 /);
  assert.match(told(cloud.ask(ADMIN, "GET", `${MINE}/unknown`)), /^404 /);
  assert.equal(told(cloud.ask(ADMIN, "GET", `${MINE}/details.json`)), "200");
});

test("Neutron's limits, and how much is used of each: rows of the project, and of routes those of the router that has most", () => {
  assert.deepEqual(DEFAULTS, {
    network: 100,
    subnet: 100,
    subnetpool: -1,
    port: 500,
    router: 10,
    router_route: 30,
    floatingip: 50,
    rbac_policy: 10,
    security_group: 10,
    security_group_rule: 100,
  });
  const details = () => (cloud.ask(MEMBER, "GET", `${MINE}/details`).body as { quota: Record<string, { used: number }> }).quota;
  assert.deepEqual(new Set(Object.values(details()).map(({ used }) => used)), new Set([0]));
  const routes = (count: number) => Array.from({ length: count }, () => ({ destination: "10.9.0.0/24", nexthop: "10.0.0.9" }));
  for (const [at, count] of [2, 3, 1].entries())
    cloud.cloud.apply(`router/r${at}`, { id: `r${at}`, project_id: MEMBER.project, routes: routes(count) });
  cloud.cloud.apply("router/other", { id: "other", project_id: OTHER.project, routes: routes(7) });
  assert.deepEqual([details()["router"]?.used, details()["router_route"]?.used], [3, 3]);
  assert.match(told(set(ADMIN, { router_route: 2 })), /^400 HTTPBadRequest: Quota limit 2 for router_route .* already used 3/);
});
