/** Sharing by RBAC policies: who sees what, who may share, and what cannot be taken back. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Who } from "../policy/who.ts";
import { ADMIN, allIn, idOf, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

/** Targets are real projects' ids, so those who ask here have such. */
const person = (digit: number): Who => ({ user: `u-${digit}`, project: `${digit}`.repeat(32), roles: ["member"] });
const [OWNER, FRIEND, STRANGER] = [person(1), person(2), person(3)];

interface Lan {
  readonly box: Sandbox;
  readonly network: string;
  readonly share: (said?: Fields, who?: Who) => ReturnType<Sandbox["ask"]>;
  readonly seen: (who: Who) => Fields;
}

/** A network of OWNER's with a subnet. */
function lan(said: Fields = {}): Lan {
  const box = sandbox();
  const network = idOf(box.ask(ADMIN, "POST", "networks", { network: { project_id: OWNER.project, name: "lan", ...said } }));
  box.ask(OWNER, "POST", "subnets", { subnet: { network_id: network, ip_version: 4, cidr: "10.0.0.0/24" } });
  const usual = { object_type: "network", object_id: network, action: "access_as_shared", target_tenant: FRIEND.project };
  return {
    box,
    network,
    share: (more = {}, who = OWNER) => box.ask(who, "POST", "rbac-policies", { rbac_policy: { ...usual, ...more } }),
    seen: (who) => shownIn(box.ask(who, "GET", `networks/${network}`), "network"),
  };
}

const policiesOf = (box: Sandbox, query = "") => allIn(box.ask(ADMIN, "GET", `rbac-policies${query}`), "rbac_policies");
const IN_USE = (id: string) => `409 RbacPolicyInUse: RBAC policy on object ${id} cannot be removed because other objects depend on it.`;

describe("a network shared with one project", () => {
  test("is there for that project, like its own", () => {
    const { box, network, share, seen } = lan();
    assert.equal(box.ask(FRIEND, "GET", `networks/${network}`).status, 404);
    assert.equal(share().status, 201);
    assert.deepEqual([seen(FRIEND)["shared"], seen(FRIEND)["router:external"]], [true, false]);
    assert.equal(allIn(box.ask(FRIEND, "GET", "networks?shared=true"), "networks").length, 1);
    assert.equal(allIn(box.ask(FRIEND, "GET", "subnets"), "subnets").length, 1);
    assert.equal(box.ask(FRIEND, "POST", "ports", { port: { network_id: network } }).status, 201);
    assert.equal(
      refusalOf(box.ask(FRIEND, "PUT", `networks/${network}`, { network: { name: "mine" } })),
      "403 PolicyNotAuthorized: rule:update_network is disallowed by policy",
    );
  });

  test("is not shared for its owner, for administrators, for others", () => {
    const { box, network, share, seen } = lan();
    share();
    assert.deepEqual([seen(OWNER)["shared"], seen(ADMIN)["shared"]], [false, false]);
    assert.equal(box.ask(STRANGER, "GET", `networks/${network}`).status, 404);
  });

  test("counts it as a change", () => {
    const { seen, share, box } = lan();
    const before = Number(seen(ADMIN)["revision_number"]);
    const policy = idOf(share());
    assert.equal(seen(ADMIN)["revision_number"], before + 1);
    box.ask(OWNER, "DELETE", `rbac-policies/${policy}`);
    assert.equal(seen(ADMIN)["revision_number"], before + 2);
  });

  test("stays so while that project has ports there", () => {
    const { box, network, share } = lan();
    const policy = idOf(share());
    const port = idOf(box.ask(FRIEND, "POST", "ports", { port: { network_id: network } }));
    const end = () => box.ask(OWNER, "DELETE", `rbac-policies/${policy}`);
    assert.equal(refusalOf(end()), IN_USE(network));
    const target = { rbac_policy: { target_tenant: STRANGER.project } };
    assert.equal(refusalOf(box.ask(OWNER, "PUT", `rbac-policies/${policy}`, target)), IN_USE(network));
    box.ask(FRIEND, "DELETE", `ports/${port}`);
    assert.equal(end().status, 204);
    assert.equal(box.ask(FRIEND, "GET", `networks/${network}`).status, 404);
  });

  test("may be given to another, or to all, instead", () => {
    const { box, network, share, seen } = lan();
    const policy = idOf(share());
    const give = (target: string, who = OWNER) =>
      box.ask(who, "PUT", `rbac-policies/${policy}`, { rbac_policy: { target_tenant: target } });
    assert.equal(shownIn(give(STRANGER.project), "rbac_policy")["target_tenant"], STRANGER.project);
    assert.equal(box.ask(FRIEND, "GET", `networks/${network}`).status, 404);
    assert.equal(seen(STRANGER)["shared"], true);
    box.ask(STRANGER, "POST", "ports", { port: { network_id: network } });
    assert.equal(give("*").status, 403, "everybody is for administrators to say");
    assert.equal(give("*", ADMIN).status, 200, "whoever used it still may");
    assert.deepEqual([seen(FRIEND)["shared"], seen(OWNER)["shared"]], [true, true]);
  });

  test("takes its policies with it", () => {
    const { box, network, share } = lan({ "router:external": true });
    share();
    assert.equal(policiesOf(box).length, 2);
    assert.equal(box.ask(OWNER, "DELETE", `networks/${network}`).status, 204);
    assert.deepEqual(policiesOf(box), []);
  });
});

describe("shared and router:external of a network", () => {
  test("are a policy for everybody each, of its owner", () => {
    const { box, network } = lan({ shared: true, "router:external": true });
    const told = policiesOf(box, `?object_id=${network}`).map((one) => [one["action"], one["target_tenant"], one["tenant_id"]]);
    assert.deepEqual(told.toSorted(), [
      ["access_as_external", "*", OWNER.project],
      ["access_as_shared", "*", OWNER.project],
    ]);
  });

  test("come and go by either way, as a change of the network", () => {
    const { box, network, seen } = lan();
    const set = (said: Fields) => shownIn(box.ask(ADMIN, "PUT", `networks/${network}`, { network: said }), "network");
    const before = Number(seen(ADMIN)["revision_number"]);
    const made = set({ shared: true });
    assert.deepEqual([made["shared"], made["revision_number"], seen(STRANGER)["shared"]], [true, before + 1, true]);
    assert.equal(set({ shared: true })["revision_number"], before + 1, "it is so already");
    assert.equal(set({ shared: false })["shared"], false);
    assert.deepEqual(policiesOf(box), []);
    set({ "router:external": true });
    assert.equal(box.ask(ADMIN, "DELETE", `rbac-policies/${String(policiesOf(box)[0]?.["id"])}`).status, 204);
    assert.equal(seen(ADMIN)["router:external"], false);
  });

  test("taking shared back leaves what single projects were given", () => {
    const { box, network, share, seen } = lan({ shared: true });
    share();
    for (const who of [OWNER, FRIEND]) box.ask(who, "POST", "ports", { port: { network_id: network } });
    const set = () => box.ask(ADMIN, "PUT", `networks/${network}`, { network: { shared: false } });
    const port = idOf(box.ask(STRANGER, "POST", "ports", { port: { network_id: network } }));
    assert.match(refusalOf(set()), /^409 InvalidSharedSetting: .*network lan\. Multiple projects are using it\.$/);
    box.ask(STRANGER, "DELETE", `ports/${port}`);
    assert.equal(set().status, 200);
    assert.deepEqual([seen(FRIEND)["shared"], seen(OWNER)["shared"]], [true, false]);
    assert.equal(box.ask(STRANGER, "GET", `networks/${network}`).status, 404);
  });

  test("external for one project: it sees the network, and may not put ports on it", () => {
    const { box, network, share, seen } = lan();
    assert.equal(share({ action: "access_as_external" }, ADMIN).status, 201);
    assert.deepEqual([seen(FRIEND)["router:external"], seen(FRIEND)["shared"]], [true, false]);
    assert.equal(box.ask(STRANGER, "GET", `networks/${network}`).status, 404);
    assert.equal(box.ask(FRIEND, "POST", "ports", { port: { network_id: network } }).status, 403);
    assert.equal(seen(ADMIN)["router:external"], true, "the mark is the network's");
    box.ask(ADMIN, "PUT", `networks/${network}`, { network: { "router:external": false } });
    assert.equal(box.ask(FRIEND, "GET", `networks/${network}`).status, 404);
  });

  test("external for one project: so long as its routers lead there, and nobody else's matter", () => {
    const { box, network, share } = lan();
    const [first, second] = [FRIEND, STRANGER].map(({ project }) =>
      idOf(share({ action: "access_as_external", target_tenant: project }, ADMIN)),
    );
    const router = { external_gateway_info: { network_id: network } };
    const made = idOf(box.ask(FRIEND, "POST", "routers", { router }));
    assert.equal(refusalOf(box.ask(ADMIN, "DELETE", `rbac-policies/${first}`)), IN_USE(network));
    assert.equal(box.ask(ADMIN, "DELETE", `rbac-policies/${second}`).status, 204);
    box.ask(FRIEND, "DELETE", `routers/${made}`);
    assert.equal(box.ask(ADMIN, "DELETE", `rbac-policies/${first}`).status, 204);
  });

  test("gateways keep a network external", () => {
    const { box, network } = lan({ "router:external": true });
    const port = { network_id: network, device_owner: "network:router_gateway", project_id: FRIEND.project };
    const gateway = idOf(box.ask(ADMIN, "POST", "ports", { port }));
    const set = () => box.ask(ADMIN, "PUT", `networks/${network}`, { network: { "router:external": false } });
    assert.equal(
      refusalOf(set()),
      `409 ExternalNetworkInUse: External network ${network} cannot be updated to be made non-external, since it has existing gateway ports.`,
    );
    const policy = String(policiesOf(box)[0]?.["id"]);
    assert.equal(refusalOf(box.ask(ADMIN, "DELETE", `rbac-policies/${policy}`)), IN_USE(network));
    box.cloud.apply(`port/${gateway}`, undefined);
    assert.equal(set().status, 200);
  });
});

describe("an RBAC policy is refused", () => {
  const cases: readonly (readonly [says: string, said: Fields, who: Who, refusal: RegExp])[] = [
    ["of a type that there is not", { object_type: "banana" }, OWNER, /^400 InvalidInput: .*'banana' is not a valid RBAC object type\.$/],
    [
      "for what nobody can do",
      { action: "eat" },
      OWNER,
      /^400 InvalidActionForType: Invalid action 'eat' for object type 'network'\. Valid/,
    ],
    ["for a target that is no project", { target_tenant: "bob" }, OWNER, /^400 InvalidInput: .*'bob' is neither the id of a project nor/],
    [
      "for all, but by an administrator",
      { target_tenant: "*" },
      OWNER,
      /^403 PolicyNotAuthorized: .*rule:create_rbac_policy:target_tenant/,
    ],
    ["of somebody else's network", {}, STRANGER, /^400 InvalidInput: .*that is yours to share\.$/],
    ["of a network that there is not", { object_id: "0".repeat(32) }, ADMIN, /^400 InvalidInput: .*there is no network 0{32}/],
    ["as external, but by an administrator", { action: "access_as_external" }, OWNER, /^400 InvalidInput: .*administrator/],
  ];
  for (const [says, said, who, refusal] of cases) test(says, () => assert.match(refusalOf(lan().share(said, who)), refusal));

  test("when there is one of the same words", () => {
    const { box, share } = lan();
    share();
    assert.equal(refusalOf(share()), "409 DuplicateRbacPolicy: An RBAC policy already exists with those values.");
    const other = idOf(share({ target_tenant: STRANGER.project }));
    const same = { rbac_policy: { target_tenant: FRIEND.project } };
    assert.match(refusalOf(box.ask(OWNER, "PUT", `rbac-policies/${other}`, same)), /^409 DuplicateRbacPolicy/);
  });

  test("and one that is not the asker's is not there", () => {
    const { box, share } = lan();
    const policy = idOf(share());
    assert.deepEqual(allIn(box.ask(FRIEND, "GET", "rbac-policies"), "rbac_policies"), []);
    assert.match(refusalOf(box.ask(FRIEND, "DELETE", `rbac-policies/${policy}`)), /^404 RbacPolicyNotFound/);
  });
});

describe("a security group shared with one project", () => {
  const shared = () => {
    const { box, network, share } = lan({ shared: true });
    const group = idOf(box.ask(OWNER, "POST", "security-groups", { security_group: { name: "web" } }));
    const policy = idOf(share({ object_type: "security_group", object_id: group }));
    return { box, network, group, policy };
  };

  test("can be seen and used by it, and not changed", () => {
    const { box, network, group } = shared();
    const seen = (who: Who) => allIn(box.ask(who, "GET", "security-groups?shared=true"), "security_groups").map(({ id }) => id);
    assert.deepEqual([seen(FRIEND), seen(OWNER), seen(STRANGER)], [[group], [], []]);
    const port = { network_id: network, security_groups: [group] };
    assert.equal(box.ask(FRIEND, "POST", "ports", { port }).status, 201);
    assert.match(refusalOf(box.ask(STRANGER, "POST", "ports", { port })), /^404 SecurityGroupNotFound/);
    assert.match(refusalOf(box.ask(FRIEND, "DELETE", `security-groups/${group}`)), /^403/);
  });

  test("stays so while its ports or rules name it, and takes the policy with it", () => {
    const { box, network, group, policy } = shared();
    const end = () => box.ask(OWNER, "DELETE", `rbac-policies/${policy}`);
    const port = idOf(box.ask(FRIEND, "POST", "ports", { port: { network_id: network, security_groups: [group] } }));
    assert.equal(refusalOf(end()), IN_USE(group));
    box.ask(FRIEND, "DELETE", `ports/${port}`);
    const own = String(allIn(box.ask(FRIEND, "GET", "security-groups?name=default"), "security_groups")[0]?.["id"]);
    const rule = { security_group_id: own, direction: "ingress", remote_group_id: group };
    assert.equal(box.ask(FRIEND, "POST", "security-group-rules", { security_group_rule: rule }).status, 201);
    assert.equal(refusalOf(end()), IN_USE(group));
    assert.equal(box.ask(OWNER, "DELETE", `security-groups/${group}`).status, 204);
    assert.deepEqual(policiesOf(box, "?object_type=security_group"), []);
  });
});

test("a project shares only so often as its quota says; the server's own policies are not counted against whoever asks", () => {
  const { box, share } = lan();
  box.ask(ADMIN, "PUT", `quotas/${OWNER.project}`, { quota: { rbac_policy: 1 } });
  assert.equal(share().status, 201);
  assert.match(refusalOf(share({ target_tenant: STRANGER.project })), /^409 OverQuota: Quota exceeded for resources: \['rbac_policy'\]\.$/);
  const made = box.ask(ADMIN, "POST", "networks", { network: { project_id: OWNER.project, shared: true } });
  assert.equal(made.status, 201);
});

test("the way outside is not for its network's owner to give to another project", () => {
  const { box, network } = lan();
  box.ask(ADMIN, "PUT", `networks/${network}`, { network: { "router:external": true } });
  const [{ id } = assert.fail()] = allIn(box.ask(OWNER, "GET", "rbac-policies"), "rbac_policies");
  const give = (who: Who) => box.ask(who, "PUT", `rbac-policies/${id}`, { rbac_policy: { target_tenant: FRIEND.project } });
  assert.match(refusalOf(give(OWNER)), /^400 InvalidInput: .*only an administrator can make a network external/);
  assert.equal(give(ADMIN).status, 200);
});
