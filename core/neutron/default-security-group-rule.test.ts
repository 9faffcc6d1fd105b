import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ADMIN, allIn, idOf, MEMBER, READER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

let cloud: Sandbox;
beforeEach(() => {
  cloud = sandbox();
});

const URL = "default-security-group-rules";
const listed = (query = "") => allIn(cloud.ask(READER, "GET", `${URL}?${query}`), "default_security_group_rules");
const post = (said: Fields, who = ADMIN) =>
  cloud.ask(who, "POST", URL, {
    default_security_group_rule: { direction: "ingress", used_in_default_sg: false, used_in_non_default_sg: true, ...said },
  });
const remove = (id: unknown) => cloud.ask(ADMIN, "DELETE", `${URL}/${String(id)}`).status;
const says = (rule: Fields) =>
  ["direction", "ethertype", "remote_group_id", "used_in_default_sg", "used_in_non_default_sg", "description"].map((name) => rule[name]);

/** The rules of a new group, or of a project's new default group: direction, ethertype, protocol. */
function begun(group: "default" | "other"): readonly string[] {
  const made = idOf(cloud.ask(MEMBER, "POST", "security-groups", { security_group: {} }));
  const { security_groups: groups } = cloud.ask(MEMBER, "GET", "security-groups").body as { security_groups: readonly Fields[] };
  const one = groups.find(({ id, name }) => (group === "default" ? name === "default" : id === made));
  const rules = one?.["security_group_rules"] as readonly Fields[];
  return rules.map((rule) => `${String(rule["direction"])} ${String(rule["ethertype"])} ${String(rule["protocol"])}`).toSorted();
}

test("four are there though nothing was written, with the words that Neutron's suites look for", () => {
  assert.deepEqual([...cloud.cloud.entries()], []);
  const [out, within] = ["Legacy default SG rule for egress traffic", "Legacy default SG rule for ingress traffic"];
  assert.deepEqual(listed().map(says), [
    ["egress", "IPv4", null, true, true, out],
    ["egress", "IPv6", null, true, true, out],
    ["ingress", "IPv4", "PARENT", true, false, within],
    ["ingress", "IPv6", "PARENT", true, false, within],
  ]);
  assert.deepEqual(listed("direction=egress&ethertype=IPv6&fields=ethertype"), [{ ethertype: "IPv6" }]);
  assert.deepEqual(listed("remote_group_id=PARENT").length, 2);
  const [first, second] = listed();
  assert.deepEqual(listed(`limit=1&marker=${String(first?.["id"])}`), [second]);
  assert.deepEqual(shownIn(cloud.ask(READER, "GET", `${URL}/${String(first?.["id"])}`), "default_security_group_rule"), first);
});

test("new groups begin with what is there when they are made, and older ones keep what they have", () => {
  const before = begun("other");
  assert.deepEqual(before, ["egress IPv4 null", "egress IPv6 null"]);
  const id = idOf(post({ protocol: "tcp", port_range_min: 22, port_range_max: 22 }));
  for (const { id: gone } of listed("ethertype=IPv6")) assert.equal(remove(gone), 204);
  assert.deepEqual(begun("other"), ["egress IPv4 null", "ingress IPv4 tcp"]);
  assert.deepEqual(begun("default"), ["egress IPv4 null", "egress IPv6 null", "ingress IPv4 null", "ingress IPv6 null"], "made before");
  assert.equal(remove(id), 204);
  assert.deepEqual(begun("other"), ["egress IPv4 null"]);
});

test("what is removed stays removed, whoever reads the store again, and is no longer found", () => {
  const [first] = listed();
  remove(first?.["id"]);
  const again = sandbox();
  for (const [key, row] of cloud.cloud.entries()) again.cloud.apply(key, row);
  cloud = again;
  assert.equal(listed().length, 3);
  assert.equal(
    refusalOf(cloud.ask(ADMIN, "GET", `${URL}/${String(first?.["id"])}`)),
    `404 DefaultSecurityGroupRuleNotFound: Default Security Group rule ${String(first?.["id"])} does not exist`,
  );
  assert.equal(remove(first?.["id"]), 404);
  const { remote_group_id, used_in_default_sg, used_in_non_default_sg } = first ?? {};
  assert.equal(
    post({ direction: "egress", remote_group_id, used_in_default_sg, used_in_non_default_sg }).status,
    201,
    "and may be made anew",
  );
});

test("PARENT becomes the new group, and nothing else is told of a rule's maker", () => {
  const made = shownIn(post({ protocol: "udp", remote_group_id: "PARENT", project_id: MEMBER.project }), "default_security_group_rule");
  assert.ok(!("project_id" in made) && !("tenant_id" in made));
  const group = shownIn(cloud.ask(MEMBER, "POST", "security-groups", { security_group: {} }), "security_group");
  const rules = group["security_group_rules"] as readonly Fields[];
  assert.deepEqual(rules.find(({ protocol }) => protocol === "udp")?.["remote_group_id"], group["id"]);
  assert.deepEqual(new Set(rules.map(({ description }) => description)), new Set([null]));
});

test("a rule that would meet another of its meaning is refused; where they never meet, it is not", () => {
  const [egress] = listed();
  const exists = `409 DefaultSecurityGroupRuleExists: Default Security group rule already exists. Rule id is ${String(egress?.["id"])}.`;
  assert.equal(refusalOf(post({ direction: "egress" })), exists);
  assert.equal(refusalOf(post({ direction: "egress", remote_ip_prefix: "0.0.0.0/0" })), exists);
  assert.equal(post({ remote_group_id: "PARENT" }).status, 201, "the other is for default groups only");
  assert.match(refusalOf(post({ remote_group_id: "PARENT", used_in_default_sg: true })), /^409 DefaultSecurityGroupRuleExists/);
});

test("its remote is there, and while a rule names an address group, that stays", () => {
  const nobody = "00000000-0000-4000-8000-00000000dead";
  assert.match(refusalOf(post({ remote_group_id: nobody })), /^404 SecurityGroupNotFound/);
  assert.match(refusalOf(post({ remote_address_group_id: nobody })), /^404 AddressGroupNotFound/);
  const addresses = idOf(cloud.ask(ADMIN, "POST", "address-groups", { address_group: {} }));
  const group = idOf(cloud.ask(ADMIN, "POST", "security-groups", { security_group: {} }));
  post({ remote_address_group_id: addresses });
  assert.match(refusalOf(cloud.ask(ADMIN, "DELETE", `address-groups/${addresses}`)), /^409 AddressGroupInUse/);
  const byGroup = idOf(post({ remote_group_id: group }));
  assert.equal(cloud.ask(ADMIN, "DELETE", `security-groups/${group}`).status, 204);
  assert.equal(cloud.ask(ADMIN, "GET", `${URL}/${byGroup}`).status, 404, "it goes with the group, like any rule that names it");
});

test("everybody with a role reads them, administrators write them, and nobody changes one", () => {
  assert.equal(listed().length, 4);
  assert.match(refusalOf(post({ protocol: "tcp" }, MEMBER)), /^403 PolicyNotAuthorized: rule:create_default_security_group_rule/);
  const [{ id } = {}] = listed();
  assert.match(refusalOf(cloud.ask(MEMBER, "DELETE", `${URL}/${String(id)}`)), /^403 PolicyNotAuthorized/);
  assert.match(refusalOf(cloud.ask(ADMIN, "PUT", `${URL}/${String(id)}`, { default_security_group_rule: {} })), /^405 /);
  assert.match(refusalOf(post({ protocol: "no such" })), /^400 SecurityGroupRuleInvalidProtocol/);
});
