import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Who } from "../policy/who.ts";
import type { ApiResponse } from "./api-types.ts";
import { ADMIN, MEMBER, OTHER, READER, sandbox } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

interface Rule {
  readonly id: string;
  readonly direction: string;
  readonly ethertype: string;
  readonly protocol: string | null;
  readonly remote_group_id: string | null;
  readonly description: string | null;
  readonly [name: string]: unknown;
}

interface Group {
  readonly id: string;
  readonly name: string;
  readonly revision_number: number;
  readonly security_group_rules: readonly Rule[];
  readonly [name: string]: unknown;
}

let cloud: Sandbox;
beforeEach(() => {
  cloud = sandbox();
});

/** Status and Neutron's type of a refusal; the status alone of an answer. */
function outcome({ status, body }: ApiResponse): string {
  const error = (body as { NeutronError?: { type: string } } | undefined)?.NeutronError;
  return error === undefined ? String(status) : `${status} ${error.type}`;
}

function group(who: Who, said: object = { name: "web" }): Group {
  const { status, body } = cloud.ask(who, "POST", "security-groups", { security_group: said });
  assert.equal(status, 201, JSON.stringify(body));
  return (body as { security_group: Group }).security_group;
}

function shown(who: Who, id: string): Group {
  return (cloud.ask(who, "GET", `security-groups/${id}`).body as { security_group: Group }).security_group;
}

const groups = (who: Who, query = "") =>
  (cloud.ask(who, "GET", `security-groups${query}`).body as { security_groups: readonly Group[] }).security_groups;
const addRule = (who: Who, said: object) => cloud.ask(who, "POST", "security-group-rules", { security_group_rule: said });
const rule = (who: Who, said: object) => (addRule(who, said).body as { security_group_rule: Rule }).security_group_rule;
const says = ({ direction, ethertype, remote_group_id }: Rule) =>
  `${direction} ${ethertype}${remote_group_id === null ? "" : " of a group"}`;

test("a new group lets everything out and nothing in", () => {
  const { security_group_rules: rules, ...made } = group(MEMBER, { name: "web", description: "servers" });
  assert.deepEqual(rules.map(says), ["egress IPv4", "egress IPv6"]);
  assert.deepEqual(
    rules.map(({ description }) => description),
    [null, null],
  );
  assert.equal(made.name, "web");
  assert.equal(made["stateful"], true);
  assert.equal(made["shared"], false);
  assert.equal(made["project_id"], MEMBER.project);
  assert.equal(made["tenant_id"], MEMBER.project);
});

test("whoever lists groups has a default one, once, that lets its own members in", () => {
  const [made, ...more] = groups(MEMBER);
  assert.ok(made);
  assert.deepEqual(more, []);
  assert.equal(made.name, "default");
  assert.deepEqual(made.security_group_rules.map(says), [
    "egress IPv4",
    "egress IPv6",
    "ingress IPv4 of a group",
    "ingress IPv6 of a group",
  ]);
  assert.ok(made.security_group_rules.every(({ belongs_to_default_sg: belongs }) => belongs === true));
  assert.deepEqual(groups(MEMBER), [made]);
});

test("an administrator's list for a project makes that project's default group, a member's does not", () => {
  assert.deepEqual(groups(MEMBER, `?project_id=${OTHER.project}`), []);
  assert.deepEqual(
    groups(ADMIN, `?tenant_id=${OTHER.project}`).map(({ name, project_id }) => [name, project_id]),
    [["default", OTHER.project]],
  );
});

test("making a group, a network or a port makes the default group first", () => {
  group(MEMBER);
  assert.deepEqual(
    groups(MEMBER)
      .map(({ name }) => name)
      .toSorted(),
    ["default", "web"],
  );
});

test("the name default is taken, whatever its case; other names may repeat", () => {
  for (const name of ["default", "Default"])
    assert.equal(
      outcome(cloud.ask(MEMBER, "POST", "security-groups", { security_group: { name } })),
      "409 SecurityGroupDefaultAlreadyExists",
    );
  group(MEMBER);
  group(MEMBER);
  assert.equal(outcome(cloud.ask(MEMBER, "POST", "security-groups", { security_group: { name: 5 } })), "400 HTTPBadRequest");
});

test("the default group keeps its name, and only an administrator removes it", () => {
  const { id } = groups(MEMBER)[0] ?? assert.fail();
  const put = (security_group: object) => cloud.ask(MEMBER, "PUT", `security-groups/${id}`, { security_group });
  assert.equal(outcome(put({ name: "mine" })), "409 SecurityGroupCannotUpdateDefault");
  assert.equal(outcome(put({ description: "ours" })), "200");
  assert.equal(outcome(cloud.ask(MEMBER, "DELETE", `security-groups/${id}`)), "409 SecurityGroupCannotRemoveDefault");
  assert.equal(outcome(cloud.ask(ADMIN, "DELETE", `security-groups/${id}`)), "204");
});

test("a group in use stays, and stays as stateful as it is", () => {
  const { id } = group(MEMBER);
  cloud.cloud.apply("port/p1", { id: "p1", project_id: MEMBER.project, security_groups: [id], fixed_ips: [] });
  assert.equal(outcome(cloud.ask(MEMBER, "DELETE", `security-groups/${id}`)), "409 SecurityGroupInUse");
  const stateful = (value: boolean) => cloud.ask(MEMBER, "PUT", `security-groups/${id}`, { security_group: { stateful: value } });
  assert.equal(outcome(stateful(false)), "409 SecurityGroupInUse");
  assert.equal(outcome(stateful(true)), "200");
  cloud.cloud.apply("port/p1", undefined);
  assert.equal(outcome(stateful(false)), "200");
  assert.equal(shown(MEMBER, id)["stateful"], false);
  assert.equal(outcome(cloud.ask(MEMBER, "DELETE", `security-groups/${id}`)), "204");
});

test("with a group go its rules and those that name it elsewhere", () => {
  const [web, back] = [group(MEMBER), group(MEMBER, { name: "back" })];
  rule(MEMBER, { security_group_id: back.id, direction: "ingress", remote_group_id: web.id });
  const before = shown(MEMBER, back.id);
  assert.equal(outcome(cloud.ask(MEMBER, "DELETE", `security-groups/${web.id}`)), "204");
  const after = shown(MEMBER, back.id);
  assert.deepEqual(after.security_group_rules.map(says), ["egress IPv4", "egress IPv6"]);
  assert.ok(after.revision_number > before.revision_number);
  assert.equal(outcome(cloud.ask(MEMBER, "GET", `security-groups/${web.id}`)), "404 SecurityGroupNotFound");
  assert.equal(cloud.cloud.count("security_group_rule", "security_group_id", web.id), 0);
});

test("others do not see it; readers do, and write nothing", () => {
  const { id } = group(MEMBER);
  assert.equal(outcome(cloud.ask(OTHER, "GET", `security-groups/${id}`)), "404 SecurityGroupNotFound");
  assert.equal(outcome(cloud.ask(READER, "GET", `security-groups/${id}`)), "200");
  assert.equal(outcome(cloud.ask(READER, "POST", "security-groups", { security_group: { name: "x" } })), "403 PolicyNotAuthorized");
  assert.equal(outcome(addRule(READER, { security_group_id: id, direction: "ingress" })), "403 PolicyNotAuthorized");
});

test("a rule is shown as stored, inside its group as well, and the group's revision grows", () => {
  const web = group(MEMBER);
  const made = rule(MEMBER, {
    security_group_id: web.id,
    direction: "ingress",
    protocol: "TCP",
    port_range_min: "22",
    port_range_max: 22,
    remote_ip_prefix: "192.0.2.7/24",
  });
  assert.equal(made.protocol, "tcp");
  assert.equal(made["port_range_min"], 22);
  assert.equal(made["remote_ip_prefix"], "192.0.2.7/24");
  assert.equal(made["normalized_cidr"], "192.0.2.0/24");
  assert.equal(made.description, "");
  assert.equal(made["belongs_to_default_sg"], false);
  const after = shown(MEMBER, web.id);
  assert.deepEqual(
    after.security_group_rules.find(({ id }) => id === made.id),
    made,
  );
  assert.ok(after.revision_number > web.revision_number);
  assert.equal(outcome(cloud.ask(MEMBER, "DELETE", `security-group-rules/${made.id}`)), "204");
  assert.ok(shown(MEMBER, web.id).revision_number > after.revision_number);
  assert.equal(outcome(cloud.ask(MEMBER, "GET", `security-group-rules/${made.id}`)), "404 SecurityGroupRuleNotFound");
});

test("a rule that says what another says is refused with its id", () => {
  const { id } = group(MEMBER);
  const first = rule(MEMBER, { security_group_id: id, direction: "ingress", protocol: "tcp" });
  const again = addRule(MEMBER, {
    security_group_id: id,
    direction: "ingress",
    protocol: 6,
    remote_ip_prefix: "0.0.0.0/0",
    description: "other words",
  });
  assert.deepEqual(again.body, {
    NeutronError: { type: "SecurityGroupRuleExists", message: `Security group rule already exists. Rule id is ${first.id}.`, detail: "" },
  });
});

test("rules in bulk are of one group, one project, and all different, or none is made", () => {
  const [web, back] = [group(MEMBER), group(MEMBER, { name: "back" })];
  const post = (who: Who, ...rules: readonly object[]) =>
    outcome(cloud.ask(who, "POST", "security-group-rules", { security_group_rules: rules }));
  const http = { security_group_id: web.id, direction: "ingress", protocol: "tcp", port_range_min: 80, port_range_max: 80 };
  assert.equal(post(MEMBER, http, { ...http, security_group_id: back.id }), "400 SecurityGroupNotSingleGroupRules");
  assert.equal(post(ADMIN, http, { ...http, port_range_min: 79, project_id: OTHER.project }), "400 SecurityGroupRulesNotSingleProject");
  assert.equal(post(MEMBER, http, { ...http, protocol: "6" }), "409 DuplicateSecurityGroupRuleInPost");
  assert.equal(post(MEMBER, http, { ...http, port_range_min: 81 }), "400 SecurityGroupInvalidPortRange");
  assert.equal(shown(MEMBER, web.id).security_group_rules.length, 2);
  assert.equal(post(MEMBER, http, { ...http, port_range_min: 70 }), "201");
  assert.equal(shown(MEMBER, web.id).security_group_rules.length, 4);
});

test("a rule hangs on a group that is there and one's own, and names groups that one can see", () => {
  const [mine, theirs] = [group(MEMBER), group(OTHER)];
  const nobody = "00000000-0000-4000-8000-00000000dead";
  const says = { direction: "ingress" };
  assert.equal(outcome(addRule(MEMBER, { ...says, security_group_id: nobody })), "404 SecurityGroupNotFound");
  assert.equal(outcome(addRule(MEMBER, { ...says, security_group_id: "no uuid" })), "404 SecurityGroupNotFound");
  assert.equal(outcome(addRule(MEMBER, { ...says, security_group_id: theirs.id })), "403 PolicyNotAuthorized");
  assert.equal(outcome(addRule(MEMBER, { ...says, security_group_id: mine.id, remote_group_id: theirs.id })), "404 SecurityGroupNotFound");
  assert.equal(outcome(addRule(MEMBER, { ...says, security_group_id: mine.id, remote_group_id: mine.id })), "201");
  assert.equal(outcome(addRule(ADMIN, { ...says, security_group_id: theirs.id, protocol: "udp" })), "201");
});

test("values of a rule are refused with errors of their own", () => {
  const { id } = group(MEMBER);
  const refused = (said: object) => outcome(addRule(MEMBER, { security_group_id: id, direction: "ingress", ...said }));
  assert.equal(refused({ protocol: "300" }), "400 SecurityGroupRuleInvalidProtocol");
  assert.equal(refused({ ethertype: "IPX" }), "400 SecurityGroupRuleInvalidEtherType");
  assert.equal(refused({ protocol: "tcp", port_range_min: 80, port_range_max: 70000 }), "400 SecurityGroupInvalidPortValue");
  assert.equal(refused({ remote_ip_prefix: "nonsense" }), "400 InvalidCIDR");
  assert.equal(refused({ direction: "sideways" }), "400 HTTPBadRequest");
  assert.equal(refused({ remote_address_group_id: id }), "404 AddressGroupNotFound");
});

test("rules are found by what they say; nobody changes one", () => {
  const { id } = group(MEMBER);
  const made = rule(MEMBER, { security_group_id: id, direction: "ingress", protocol: "tcp", port_range_min: 443, port_range_max: 443 });
  const found = (query: string) =>
    (cloud.ask(MEMBER, "GET", `security-group-rules?${query}`).body as { security_group_rules: readonly Rule[] }).security_group_rules.map(
      (one) => one.id,
    );
  assert.deepEqual(found("protocol=TCP"), [made.id]);
  assert.deepEqual(found("port_range_min=443&direction=ingress"), [made.id]);
  assert.equal(found(`security_group_id=${id}&ethertype=ipv6`).length, 1);
  assert.equal(
    outcome(cloud.ask(MEMBER, "PUT", `security-group-rules/${made.id}`, { security_group_rule: {} })),
    "405 HTTPMethodNotAllowed",
  );
});

test("a port is in stateful groups or in stateless ones, not in both", () => {
  const id = (answer: ApiResponse) => Object.values(answer.body as Record<string, { readonly id: string }>)[0]?.id;
  const network_id = id(cloud.ask(MEMBER, "POST", "networks", { network: {} }));
  const [web, bare, quick] = [group(MEMBER), group(MEMBER, { stateful: false }), group(MEMBER, { stateful: false })];
  const port = (...groups: readonly Group[]) =>
    cloud.ask(MEMBER, "POST", "ports", { port: { network_id, security_groups: groups.map((one) => one.id) } });
  assert.equal(outcome(port(web, bare)), "409 SecurityGroupConflict");
  const made = port(bare, quick);
  assert.equal(outcome(made), "201");
  const put = (...groups: readonly Group[]) =>
    outcome(cloud.ask(MEMBER, "PUT", `ports/${id(made)}`, { port: { security_groups: groups.map((one) => one.id) } }));
  assert.equal(put(bare, web), "409 SecurityGroupConflict");
  assert.equal(put(web), "200");
  assert.equal(put(), "200");
});

test("who a group is shared with sees its rules and names it in theirs, and writes none into it", () => {
  const other: Who = { ...OTHER, project: "0123456789abcdef0123456789abcdef" };
  const [web, own] = [group(MEMBER), group(other, { name: "own" })];
  const made = rule(MEMBER, { security_group_id: web.id, direction: "ingress", protocol: "tcp" });
  const policy = { object_type: "security_group", object_id: web.id, action: "access_as_shared", target_tenant: other.project };
  const listed = () =>
    (cloud.ask(other, "GET", `security-group-rules?security_group_id=${web.id}`).body as { security_group_rules: readonly Rule[] })
      .security_group_rules.length;
  assert.deepEqual([listed(), outcome(cloud.ask(other, "GET", `security-group-rules/${made.id}`))], [0, "404 SecurityGroupRuleNotFound"]);
  cloud.ask(MEMBER, "POST", "rbac-policies", { rbac_policy: policy });
  assert.deepEqual([listed(), outcome(cloud.ask(other, "GET", `security-group-rules/${made.id}`))], [3, "200"]);
  assert.equal(shown(other, web.id).security_group_rules.length, 3);
  assert.equal(outcome(addRule(other, { security_group_id: own.id, direction: "ingress", remote_group_id: web.id })), "201");
  assert.equal(outcome(addRule(other, { security_group_id: web.id, direction: "ingress", protocol: "udp" })), "403 PolicyNotAuthorized");
  assert.equal(outcome(cloud.ask(other, "DELETE", `security-group-rules/${made.id}`)), "403 PolicyNotAuthorized");
});
