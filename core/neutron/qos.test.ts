/** QoS policies: limits once per direction, who points to which policy, and what cannot go while it is followed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer } from "./api.ts";
import { ADMIN, allIn, idOf, MEMBER, OTHER, READER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

const LIMIT = { max_kbps: 10_000, max_burst_kbps: 1000, direction: "egress" };

function policy(box: Sandbox, said: Fields = {}): string {
  return idOf(box.ask(ADMIN, "POST", "qos/policies", { policy: { name: "gold", shared: true, ...said } }));
}

function limit(box: Sandbox, id: string, said: Fields = LIMIT) {
  return box.ask(ADMIN, "POST", `qos/policies/${id}/bandwidth_limit_rules`, { bandwidth_limit_rule: said });
}

test("a policy tells its limits, each with its type, and changes with them", () => {
  const box = sandbox();
  const id = policy(box);
  const made = limit(box, id);
  assert.equal(made.status, 201);
  const rule = idOf(made);
  assert.deepEqual(shownIn(made, "bandwidth_limit_rule"), { id: rule, ...LIMIT });
  box.ask(ADMIN, "POST", `qos/policies/${id}/packet_rate_limit_rules`, { packet_rate_limit_rule: { max_kpps: 5, direction: "ingress" } });
  const shown = shownIn(box.ask(MEMBER, "GET", `qos/policies/${id}`), "policy");
  assert.deepEqual(
    (shown["rules"] as readonly Fields[]).map(({ type, qos_policy_id }) => [type, qos_policy_id]),
    [
      ["bandwidth_limit", id],
      ["packet_rate_limit", id],
    ],
  );
  assert.equal(shown["revision_number"], 2);
  const changed = box.ask(ADMIN, "PUT", `qos/policies/${id}/bandwidth_limit_rules/${rule}`, { bandwidth_limit_rule: { max_kbps: 20_000 } });
  assert.deepEqual(shownIn(changed, "bandwidth_limit_rule"), { id: rule, ...LIMIT, max_kbps: 20_000 });
  assert.equal(box.ask(ADMIN, "DELETE", `qos/policies/${id}/bandwidth_limit_rules/${rule}`).status, 204);
  assert.equal(shownIn(box.ask(ADMIN, "GET", `qos/policies/${id}`), "policy")["revision_number"], 4);
});

test("a limit stands once per direction, and below its own policy alone", () => {
  const box = sandbox();
  const [id, other] = [policy(box), policy(box)];
  const rule = idOf(limit(box, id));
  assert.equal(
    refusalOf(limit(box, id)),
    `409 QoSRulesConflict: Rule bandwidth_limit conflicts with rule ${rule} which already exists in QoS Policy ${id}.`,
  );
  const second = idOf(limit(box, id, { ...LIMIT, direction: "ingress" }));
  const turned = box.ask(ADMIN, "PUT", `qos/policies/${id}/bandwidth_limit_rules/${second}`, {
    bandwidth_limit_rule: { direction: "egress" },
  });
  assert.equal(turned.status, 409);
  assert.equal(box.ask(ADMIN, "GET", `qos/policies/${other}/bandwidth_limit_rules/${rule}`).status, 404);
  assert.deepEqual(allIn(box.ask(ADMIN, "GET", `qos/policies/${other}/bandwidth_limit_rules`), "bandwidth_limit_rules"), []);
  assert.equal(
    allIn(box.ask(ADMIN, "GET", `qos/policies/${id}/bandwidth_limit_rules?direction=ingress`), "bandwidth_limit_rules").length,
    1,
  );
  assert.match(refusalOf(limit(box, id, { max_kbps: -1 })), /^400 HTTPBadRequest: .*max_kbps/);
  assert.match(refusalOf(limit(box, id, {})), /Required attribute 'max_kbps' not specified/);
  assert.equal(limit(box, "00000000-0000-4000-8000-00000000dead").status, 404);
});

test("managers make policies, members follow those that they see", () => {
  const box = sandbox();
  const hidden = policy(box, { shared: false });
  const seen = policy(box);
  assert.match(refusalOf(box.ask(MEMBER, "POST", "qos/policies", { policy: { name: "mine" } })), /^403 PolicyNotAuthorized/);
  assert.equal(box.ask(MEMBER, "GET", `qos/policies/${hidden}`).status, 404);
  assert.deepEqual(
    allIn(box.ask(READER, "GET", "qos/policies"), "policies").map(({ id }) => id),
    [seen],
  );
  const network = idOf(box.ask(MEMBER, "POST", "networks", { network: {} }));
  const point = (to: string | null) => box.ask(MEMBER, "PUT", `networks/${network}`, { network: { qos_policy_id: to } });
  assert.equal(refusalOf(point(hidden)), `404 QosPolicyNotFound: QoS policy ${hidden} could not be found.`);
  assert.equal(shownIn(point(seen), "network")["qos_policy_id"], seen);
  const port = box.ask(MEMBER, "POST", "ports", { port: { network_id: network } });
  assert.deepEqual([shownIn(port, "port")["qos_policy_id"], shownIn(port, "port")["qos_network_policy_id"]], [null, seen]);
  assert.equal(
    refusalOf(box.ask(ADMIN, "DELETE", `qos/policies/${seen}`)),
    `409 QosPolicyInUse: QoS Policy ${seen} is used by network ${network}.`,
  );
  box.ask(ADMIN, "PUT", `ports/${idOf(port)}`, { port: { qos_policy_id: hidden } });
  const removed = box.ask(MEMBER, "PUT", `ports/${idOf(port)}`, { port: { qos_policy_id: null } });
  assert.match(refusalOf(removed), /^403 PolicyRemoveAuthorizationError/);
  assert.match(refusalOf(box.ask(ADMIN, "PUT", `qos/policies/${seen}`, { policy: { shared: false } })), /^409 RbacPolicyInUse/);
  point(null);
  assert.equal(box.ask(ADMIN, "DELETE", `qos/policies/${seen}`).status, 204);
});

test("a project's new networks follow its default policy, of which there is one", () => {
  const box = sandbox();
  const id = policy(box, { shared: false, is_default: true, tenant_id: OTHER.project });
  const second = box.ask(ADMIN, "POST", "qos/policies", { policy: { is_default: true, tenant_id: OTHER.project } });
  assert.equal(refusalOf(second), `409 QoSPolicyDefaultAlreadyExists: A default QoS policy exists for project ${OTHER.project}.`);
  const made = (said: Fields) => shownIn(box.ask(OTHER, "POST", "networks", { network: said }), "network")["qos_policy_id"];
  assert.equal(made({}), id);
  assert.equal(made({ qos_policy_id: null }), null);
});

test("tags of a policy are found with and without the prefix; rule types are those that hosts hold", () => {
  const box = sandbox();
  const id = policy(box);
  assert.equal(box.ask(ADMIN, "PUT", `qos/policies/${id}/tags/blue`).status, 201);
  assert.deepEqual(box.ask(ADMIN, "GET", `policies/${id}/tags`).body, { tags: ["blue"] });
  assert.deepEqual(box.ask(MEMBER, "GET", "qos/rule-types").body, {
    rule_types: [{ type: "bandwidth_limit" }, { type: "packet_rate_limit" }],
  });
  assert.equal(box.ask(MEMBER, "GET", "qos/rule-types/bandwidth_limit").status, 403);
  const detail = shownIn(box.ask(ADMIN, "GET", "qos/rule-types/bandwidth_limit"), "rule_type");
  assert.match(JSON.stringify(detail), /max_burst_kbps.*choices.*egress/);
  assert.equal(box.ask(ADMIN, "GET", "qos/rule-types/dscp_marking").status, 404);
  assert.equal(box.ask(ADMIN, "POST", `qos/policies/${id}/dscp_marking_rules`, { dscp_marking_rule: { dscp_mark: 26 } }).status, 404);
});

test("networks are local or flat; what needs a wire of its own is refused", () => {
  const box = sandbox();
  const made = (said: Fields) => box.ask(ADMIN, "POST", "networks", { network: said });
  const flat = { "provider:network_type": "flat", "provider:physical_network": "physnet1" };
  assert.equal(shownIn(made(flat), "network")["provider:physical_network"], "physnet1");
  assert.match(refusalOf(made(flat)), /^409 FlatNetworkInUse: .*physnet1/);
  for (const said of [
    { "provider:network_type": "vxlan" },
    { "provider:network_type": "flat" },
    { "provider:network_type": "flat", "provider:physical_network": "x", "provider:segmentation_id": 7 },
    { "provider:physical_network": "x" },
  ])
    assert.match(refusalOf(made(said)), /^400 InvalidInput/, JSON.stringify(said));
});

test("to share a policy is to change it, and to say what is so already is not", () => {
  const box = sandbox();
  const id = policy(box, { shared: false });
  const put = (shared: boolean) =>
    shownIn(box.ask(ADMIN, "PUT", `qos/policies/${id}`, { policy: { shared } }), "policy")["revision_number"];
  assert.deepEqual([put(false), put(true), put(true), put(false)], [0, 1, 1, 2]);
});

test("who ends a policy is told of what follows it, as far as that is its own", () => {
  const box = sandbox();
  const manager = { ...MEMBER, roles: ["manager"] };
  const id = policy(box, { project_id: MEMBER.project });
  const theirs = idOf(box.ask(OTHER, "POST", "networks", { network: { qos_policy_id: id } }));
  const end = () => refusalOf(box.ask(manager, "DELETE", `qos/policies/${id}`));
  assert.equal(end(), `409 QosPolicyInUse: QoS Policy ${id} is used by another project.`);
  assert.match(refusalOf(box.ask(ADMIN, "DELETE", `qos/policies/${id}`)), new RegExp(`is used by network ${theirs}`));
  const own = idOf(box.ask(manager, "POST", "networks", { network: { qos_policy_id: id } }));
  assert.match(end(), new RegExp(`is used by network ${own}`));
});

test("a limit of a policy that has gone meanwhile is not made", () => {
  const box = sandbox();
  const id = policy(box);
  const path = ["qos", "policies", id, "bandwidth_limit_rules"];
  const request = { method: "POST", path, query: [], body: { bandwidth_limit_rule: LIMIT }, who: ADMIN, base: "", now: box.time.now };
  const asked = answer(box.cloud, request);
  assert.equal(box.ask(ADMIN, "DELETE", `qos/policies/${id}`).status, 204);
  assert.ok(asked.kind === "write");
  const decided = box.decide(asked.decide);
  assert.ok(!decided.ok && decided.refusal.type === "QosPolicyNotFound");
});
