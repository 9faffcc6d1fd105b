/**
 * Who may do what by default: the table of Neutron's new defaults (2023 and later), asked of the declarations and of
 * their spelling in the language of policy files.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { taken } from "../policy/policy.ts";
import { readPolicy } from "../policy/policy-file.ts";
import { allows } from "../policy/rule.ts";
import type { Target } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import { declaredPolicies, readPolicyEntries } from "./policies.ts";
import { ADMIN, idOf, MEMBER, OTHER, refusalOf, sandbox, SERVICE } from "./sandbox.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";

const who = (project: string, ...roles: readonly string[]): Who => ({ user: "u", project, roles });

/** The letters of the table: of the owner's project o, of that of what it hangs on p; manager, member, reader. */
const PERSONAS: Readonly<Record<string, Who>> = {
  A: who("elsewhere", "admin"),
  S: who("elsewhere", "service"),
  V: who("elsewhere", "advsvc"),
  D: who("elsewhere", "data_plane_integrator"),
  om: who("owner", "manager", "member", "reader"),
  o: who("owner", "member", "reader"),
  or: who("owner", "reader"),
  pm: who("parent", "manager", "member", "reader"),
  p: who("parent", "member", "reader"),
  pr: who("parent", "reader"),
  x: who("elsewhere", "member", "reader"),
};

const OWNER = "A om o";
const OWNER_READS = "A om o or";
const NETWORK = "A S pm p";
const SUBNETS = "A om o pm p";
const ADDRESSED = [":allowed_address_pairs", ":allowed_address_pairs:mac_address", ":allowed_address_pairs:ip_address"];

/** Who may, where nothing is shared and the device is no service of the network. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  [OWNER]: [
    ...["create_network", "update_network", "delete_network"].flatMap((name) => [name, `${name}:tags`]),
    "create_network:port_security_enabled",
    "update_network:port_security_enabled",
    ...["create_security_group", "update_security_group", "delete_security_group"].flatMap((name) => [name, `${name}:tags`]),
    "create_rbac_policy",
    "update_rbac_policy",
    "delete_rbac_policy",
    "create_address_group",
    "update_address_group",
    "delete_address_group",
    "add_addresses",
    "remove_addresses",
    ...["create_router", "update_router", "delete_router"].flatMap((name) => [name, `${name}:tags`]),
    "add_router_interface",
    "remove_router_interface",
    "add_extraroutes",
    "remove_extraroutes",
    "create_floatingip",
    "update_floatingip",
    "delete_floatingip",
  ],
  [OWNER_READS]: [
    "get_security_group",
    "get_security_group:tags",
    "get_rbac_policy",
    "get_address_group",
    "get_router",
    "get_floatingip",
    "get_floatingip_pool",
  ],
  "A om": ["get_quota", "create_floatingip:floating_ip_address", "create_policy", "update_policy", "delete_policy"],
  A: [
    ...["shared", "router:external", "is_default"].flatMap((name) => [`create_network:${name}`, `update_network:${name}`]),
    ...["network_type", "physical_network", "segmentation_id"].flatMap((name) => [
      `create_network:provider:${name}`,
      `get_network:provider:${name}`,
    ]),
    "create_subnet:service_types",
    "update_subnet:service_types",
    "get_agent",
    "update_quota",
    "delete_quota",
  ],
  "A om o or S V": ["get_network"],
  "A om o or V": ["get_network:tags"],
  "A pm p": ["create_subnet", "create_security_group_rule", "delete_security_group_rule"],
  [SUBNETS]: ["create_subnet:tags", "update_subnet", "update_subnet:tags", "delete_subnet", "delete_subnet:tags"],
  "A S om o or pm p pr": ["get_subnet", "get_port"],
  "A om o or pm p pr": ["get_subnet:tags"],
  "A pm p pr": ["get_security_group_rule"],
  [NETWORK]: [
    "create_port",
    ...["create_port", "update_port"].flatMap((name) => [
      `${name}:fixed_ips`,
      `${name}:fixed_ips:subnet_id`,
      `${name}:fixed_ips:ip_address`,
      `${name}:port_security_enabled`,
      ...ADDRESSED.map((rest) => name + rest),
    ]),
    "create_port:mac_address",
  ],
  "A S pm": ["update_port:mac_address"],
  "A S om o": [
    "update_port",
    "create_port:device_id",
    "update_port:device_id",
    "create_port:binding:vnic_type",
    "update_port:binding:vnic_type",
  ],
  "A S om o pm p": ["delete_port"],
  "A S V D om o or pm p pr x": ["create_port:device_owner", "update_port:device_owner"],
  "A V om o": ["create_port:tags", "update_port:tags"],
  "A V om o or pm p pr": ["get_port:tags"],
  "A V om o pm p": ["delete_port:tags"],
  "A D": ["update_port:data_plane_status"],
  "A S": [
    "create_port:binding:host_id",
    "update_port:binding:host_id",
    "get_port:binding:vif_type",
    "get_port:binding:vif_details",
    "get_port:binding:host_id",
    "get_port:binding:profile",
    "get_port_binding",
  ],
  S: ["create_port:binding:profile", "update_port:binding:profile", "create_port_binding", "delete_port_binding", "activate"],
  "A om o or pm p pr x": ["get_rule_type"],
};

/** The same where the network, or the thing itself, is shared with whoever asks. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  everybody: ["get_network", "get_network:tags", "get_subnet", "get_subnet:tags", "get_security_group", "get_address_group"],
  [`${NETWORK} om o x`]: ["create_port", "create_port:fixed_ips", "create_port:fixed_ips:subnet_id", "update_port:fixed_ips:subnet_id"],
  [NETWORK]: ["create_port:mac_address", "create_port:fixed_ips:ip_address", "update_port:fixed_ips", "create_port:port_security_enabled"],
  [OWNER]: ["update_network", "delete_network"],
};

const POLICIES = new Map(declaredPolicies().map((policy) => [policy.name, policy]));
const PLAIN: Target = { owner: "owner", parent: "parent", shared: false, external: false, deviceOwner: "compute:nova", fields: {} };

function lettersOf(name: string, target: Target): string {
  const policy = POLICIES.get(name);
  assert.ok(policy !== undefined, `${name} is declared nowhere`);
  return Object.entries(PERSONAS)
    .filter(([, asker]) => allows(policy.rule, asker, target))
    .map(([letter]) => letter)
    .join(" ");
}

const sorted = (letters: string) =>
  Object.keys(PERSONAS)
    .filter((letter) => letters.includes("everybody") || letters.split(" ").includes(letter))
    .join(" ");

describe("by default", () => {
  for (const [letters, names] of Object.entries(TABLE))
    for (const name of names) test(`${name}: ${letters}`, () => assert.equal(lettersOf(name, PLAIN), sorted(letters)));

  for (const [letters, names] of Object.entries(SHARED))
    for (const name of names)
      test(`${name}, shared: ${letters}`, () => assert.equal(lettersOf(name, { ...PLAIN, shared: true }), sorted(letters)));

  test("an external network and its subnets are everybody's to see, and nobody else's to put ports on", () => {
    const external = { ...PLAIN, external: true };
    for (const name of ["get_network", "get_subnet"]) assert.equal(lettersOf(name, external), sorted("everybody"));
    assert.equal(lettersOf("create_port", external), sorted(NETWORK));
  });

  test("devices of the network itself are for those who may touch the network", () => {
    const device = { ...PLAIN, deviceOwner: "network:dhcp" };
    for (const name of ["create_port:device_owner", "update_port:device_owner"]) assert.equal(lettersOf(name, device), sorted(NETWORK));
  });

  test("sharing with everybody is for administrators", () => {
    const wildcard = { ...PLAIN, toEverybody: true };
    for (const name of ["create_rbac_policy:target_tenant", "update_rbac_policy:target_tenant"])
      assert.equal(lettersOf(name, wildcard), "A");
  });

  test("every name but a few is in the table of one resource or the other", () => {
    const covered = /^(create|get|update|delete)_(network|subnet|port|security_group|security_group_rule)(:|$)/;
    const told = new Set([...Object.values(TABLE), ...Object.values(SHARED)].flat());
    assert.deepEqual(
      [...POLICIES.keys()].filter((name) => covered.test(name) && !told.has(name)),
      [],
      "a new policy needs its line in the table",
    );
  });
});

test("a declared rule and its spelling are one: everybody, of everything", () => {
  const targets: readonly Target[] = [
    PLAIN,
    { ...PLAIN, shared: true },
    { ...PLAIN, external: true },
    { ...PLAIN, deviceOwner: "network:dhcp" },
    { ...PLAIN, toEverybody: true, fields: { target_tenant: "*" } },
  ];
  const all = [...POLICIES.values()];
  // Each said by a file in the words of its default: then it is asked of the words.
  const read = readPolicy(
    all.map(({ name, text }) => ({ name, value: text })),
    all,
  );
  assert.ok(read.ok, JSON.stringify(read));
  for (const { name, rule } of all)
    for (const target of targets)
      for (const [letter, asker] of Object.entries(PERSONAS)) {
        const asked = { name, rule: [] };
        assert.equal(read.policy.allows(asked, asker, target), allows(rule, asker, target), `${name} ${letter} ${JSON.stringify(target)}`);
      }
});

describe("an operator's file, asked through the API", () => {
  const withFile = (file: Readonly<Record<string, string>>) => {
    const read = readPolicyEntries(Object.entries(file).map(([name, value]) => ({ name, value })));
    assert.ok(read.ok, JSON.stringify(read));
    assert.deepEqual(read.warnings, []);
    return sandbox({ policy: read.policy });
  };

  test("lets see what it lets see", () => {
    const box = withFile({ get_network: "rule:admin_only or role:member" });
    const id = idOf(box.ask(OTHER, "POST", "networks", { network: {} }));
    assert.equal(box.ask(MEMBER, "GET", `networks/${id}`).status, 200);
    assert.equal(box.ask(SERVICE, "GET", `networks/${id}`).status, 404);
  });

  test("asks of any attribute, as it is or is to be", () => {
    const box = withFile({ update_network: "rule:admin_only or (rule:owner and not field:networks:name=frozen)" });
    const id = idOf(box.ask(MEMBER, "POST", "networks", { network: { name: "lan" } }));
    const rename = (name: string, asker = MEMBER) => box.ask(asker, "PUT", `networks/${id}`, { network: { name } }).status;
    assert.deepEqual([rename("other"), rename("frozen"), rename("frozen", ADMIN)], [200, 403, 200]);
  });

  test("refuses in the names of its rules", () => {
    const box = withFile({ create_network: "!" });
    const refusal = "403 PolicyNotAuthorized: rule:create_network is disallowed by policy";
    assert.equal(refusalOf(box.ask(ADMIN, "POST", "networks", { network: {} })), refusal);
  });

  test("makes administrators of others", () => {
    const box = withFile({ context_is_admin: "role:admin or role:operator" });
    const operator: Who = { user: "u", project: "p-ops", roles: ["operator"] };
    const made = box.ask(operator, "POST", "networks", { network: { project_id: MEMBER.project, shared: true } });
    assert.equal(made.status, 201);
  });
});

describe("what Neutron leaves to services", () => {
  const port = (adminIsService: boolean, asker: Who) => {
    const box = sandbox({ adminIsService });
    const network_id = idOf(box.ask(ADMIN, "POST", "networks", { network: {} }));
    return box.ask(asker, "POST", "ports", { port: { network_id, "binding:profile": { os_vif_delegation: true } } }).status;
  };

  test("is for administrators too, unless the operator says otherwise", () => {
    assert.deepEqual([port(true, ADMIN), port(false, ADMIN)], [201, 403]);
    assert.deepEqual([port(true, SERVICE), port(false, SERVICE)], [201, 201]);
  });

  test("an administrator is none by role", () =>
    assert.deepEqual(taken(ADMIN, { ...DEFAULT_SETTINGS, adminIsService: false }).taken, { admin: true, service: false }));
});
