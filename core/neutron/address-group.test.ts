import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Who } from "../policy/who.ts";
import { ADMIN, idOf, MEMBER, OTHER, READER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

let cloud: Sandbox;
beforeEach(() => {
  cloud = sandbox();
});

const NOBODY = "00000000-0000-4000-8000-00000000dead";
const post = (said: object, who: Who = MEMBER) => cloud.ask(who, "POST", "address-groups", { address_group: said });
const group = (said: object = { addresses: ["192.0.2.0/28", "2001:DB8::/32"] }) => shownIn(post(said), "address_group");
const change = (id: unknown, verb: string, addresses: readonly unknown[], who: Who = MEMBER) =>
  cloud.ask(who, "PUT", `address-groups/${String(id)}/${verb}_addresses`, { addresses });
const addressesOf = (id: unknown) => shownIn(cloud.ask(MEMBER, "GET", `address-groups/${String(id)}`), "address_group")["addresses"];

/** A rule of a new group of the asker's that names it. */
function rule(who: Who, remote: unknown, more: Fields = {}) {
  const security_group_id = idOf(cloud.ask(who, "POST", "security-groups", { security_group: {} }));
  const said = { security_group_id, direction: "ingress", remote_address_group_id: remote, ...more };
  return cloud.ask(who, "POST", "security-group-rules", { security_group_rule: said });
}

test("prefixes are kept in one spelling, each once, and with their lengths", () => {
  assert.deepEqual(group()["addresses"], ["192.0.2.0/28", "2001:db8::/32"]);
  assert.deepEqual(group({ addresses: null })["addresses"], []);
  assert.deepEqual(group({})["addresses"], []);
  assert.equal(
    refusalOf(post({ addresses: ["192.0.2.7"] })),
    "400 HTTPBadRequest: Invalid input for addresses. Reason: '192.0.2.7' isn't a recognized IP subnet cidr, '192.0.2.7/32' is recommended.",
  );
  assert.match(refusalOf(post({ addresses: ["192.0.2.0/24", "192.0.2.0/24"] })), /^400 HTTPBadRequest: .*Duplicate items in the list/);
  assert.match(refusalOf(post({ addresses: ["nowhere"] })), /^400 HTTPBadRequest: .*'nowhere' is not a valid IP subnet/);
});

test("prefixes come and go by two actions, and each change is a revision", () => {
  const { id, revision_number: before } = group();
  const added = shownIn(change(id, "add", ["198.51.100.0/24"]), "address_group");
  assert.deepEqual(added["addresses"], ["192.0.2.0/28", "2001:db8::/32", "198.51.100.0/24"]);
  assert.equal(added["revision_number"], Number(before) + 1);
  assert.equal(
    refusalOf(change(id, "add", ["203.0.113.0/24", "2001:db8:0::/32"])),
    `400 AddressesAlreadyExist: Addresses ['2001:db8::/32'] already exist in the address group ${String(id)}.`,
  );
  assert.equal(
    refusalOf(change(id, "remove", ["192.0.2.0/28", "203.0.113.0/24"])),
    `404 AddressesNotFound: Addresses ['203.0.113.0/24'] not found in the address group ${String(id)}.`,
  );
  assert.deepEqual(addressesOf(id), added["addresses"], "refused whole");
  change(id, "remove", ["192.0.2.0/28", "198.51.100.0/24"]);
  assert.deepEqual(addressesOf(id), ["2001:db8::/32"]);
  assert.match(refusalOf(change(id, "add", ["192.0.2.7"])), /^400 HTTPBadRequest/);
  assert.match(refusalOf(cloud.ask(MEMBER, "PUT", `address-groups/${String(id)}/add_addresses`, {})), /^400 HTTPBadRequest/);
});

test("name and description change, prefixes only by the actions", () => {
  const { id } = group();
  const put = (said: object) => cloud.ask(MEMBER, "PUT", `address-groups/${String(id)}`, { address_group: said });
  assert.equal(shownIn(put({ name: "offices", description: "of us" }), "address_group")["name"], "offices");
  assert.equal(refusalOf(put({ addresses: [] })), "400 HTTPBadRequest: Cannot update read-only attribute addresses");
});

test("a rule names one, alone, and while it does the group stays", () => {
  const { id } = group();
  const made = shownIn(rule(MEMBER, id), "security_group_rule");
  assert.deepEqual([made["remote_address_group_id"], made["remote_ip_prefix"], made["normalized_cidr"]], [id, null, null]);
  assert.equal(
    refusalOf(cloud.ask(MEMBER, "DELETE", `address-groups/${String(id)}`)),
    `409 AddressGroupInUse: Address group ${String(id)} is in use on one or more security group rules.`,
  );
  assert.match(refusalOf(rule(MEMBER, id, { remote_ip_prefix: "192.0.2.0/24" })), /^400 SecurityGroupMultipleRemoteEntites/);
  assert.equal(refusalOf(rule(MEMBER, NOBODY)), `404 AddressGroupNotFound: Address group ${NOBODY} could not be found.`);
  cloud.ask(MEMBER, "DELETE", `security-group-rules/${String(made["id"])}`);
  assert.equal(cloud.ask(MEMBER, "DELETE", `address-groups/${String(id)}`).status, 204);
});

test("two rules that differ in the address group alone are two", () => {
  const [one, two] = [group(), group()];
  const security_group_id = idOf(cloud.ask(MEMBER, "POST", "security-groups", { security_group: {} }));
  const status = (remote: unknown) =>
    cloud.ask(MEMBER, "POST", "security-group-rules", {
      security_group_rule: { security_group_id, direction: "ingress", remote_address_group_id: remote },
    }).status;
  assert.deepEqual([status(one["id"]), status(two["id"]), status(one["id"])], [201, 201, 409]);
});

test("others see and name it only where it is shared with them, and it stays shared while they do", () => {
  const { id } = group();
  assert.match(refusalOf(cloud.ask(OTHER, "GET", `address-groups/${String(id)}`)), /^404 AddressGroupNotFound/);
  assert.match(refusalOf(rule(OTHER, id)), /^404 AddressGroupNotFound/);
  const to = "0123456789abcdef0123456789abcdef";
  const other: Who = { ...OTHER, project: to };
  const policy = { object_type: "address_group", object_id: id, action: "access_as_shared", target_tenant: to };
  const shared = idOf(cloud.ask(MEMBER, "POST", "rbac-policies", { rbac_policy: policy }));
  assert.equal(cloud.ask(other, "GET", `address-groups/${String(id)}`).status, 200);
  assert.equal(
    refusalOf(change(id, "add", ["203.0.113.0/24"], other)),
    "403 PolicyNotAuthorized: rule:add_addresses is disallowed by policy",
  );
  const made = idOf(rule(other, id));
  assert.match(refusalOf(cloud.ask(MEMBER, "DELETE", `rbac-policies/${shared}`)), /^409 RbacPolicyInUse/);
  cloud.ask(other, "DELETE", `security-group-rules/${made}`);
  assert.equal(cloud.ask(MEMBER, "DELETE", `address-groups/${String(id)}`).status, 204);
  assert.match(refusalOf(cloud.ask(ADMIN, "GET", `rbac-policies/${shared}`)), /^404 RbacPolicyNotFound/);
});

test("readers read", () => {
  const { id } = group();
  assert.equal(cloud.ask(READER, "GET", `address-groups/${String(id)}`).status, 200);
  assert.match(refusalOf(change(id, "remove", ["192.0.2.0/28"], READER)), /^403 PolicyNotAuthorized/);
  assert.match(refusalOf(post({}, READER)), /^403 PolicyNotAuthorized/);
});
