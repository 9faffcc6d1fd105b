/** A network with a way outside for who does not care which: made once, whole or not at all, and ended as a whole. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADMIN, allIn, idOf, MEMBER, OTHER, READER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

const PATH = `auto-allocated-topology/${MEMBER.project}`;

interface Ready {
  readonly box: Sandbox;
  readonly external: string;
}

/** A default external network, and a default pool of each family. */
function ready(): Ready {
  const box = sandbox();
  const external = idOf(box.ask(ADMIN, "POST", "networks", { network: { "router:external": true, is_default: true } }));
  box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: external, ip_version: 4, cidr: "192.0.2.0/24" } });
  const pool = (said: object) =>
    box.ask(ADMIN, "POST", "subnetpools", { subnetpool: { name: "p", is_default: true, shared: true, ...said } });
  pool({ prefixes: ["10.0.0.0/16"], default_prefixlen: 26 });
  pool({ prefixes: ["2001:db8::/48"], default_prefixlen: 64 });
  return { box, external };
}

function made(box: Sandbox, who = MEMBER): string {
  return String(shownIn(box.ask(who, "GET", PATH), "auto_allocated_topology")["id"]);
}

describe("an auto-allocated topology", () => {
  test("is a network with a subnet of each default pool, and a router that leads outside", () => {
    const { box, external } = ready();
    const id = made(box);
    const network = shownIn(box.ask(MEMBER, "GET", `networks/${id}`), "network");
    assert.deepEqual([network["name"], network["project_id"]], ["auto_allocated_network", MEMBER.project]);
    const subnets = allIn(box.ask(MEMBER, "GET", `subnets?network_id=${id}&sort_key=ip_version&sort_dir=asc`), "subnets");
    assert.deepEqual(
      subnets.map(({ name, cidr }) => [name, cidr]),
      [
        ["auto_allocated_subnet_v4", "10.0.0.0/26"],
        ["auto_allocated_subnet_v6", "2001:db8::/64"],
      ],
    );
    const [router = {}] = allIn(box.ask(MEMBER, "GET", "routers"), "routers");
    assert.equal((router["external_gateway_info"] as { readonly network_id: string }).network_id, external);
    const links = allIn(box.ask(MEMBER, "GET", `ports?device_owner=network:router_interface&network_id=${id}`), "ports");
    assert.deepEqual(
      links
        .flatMap((port) => (port["fixed_ips"] as readonly { readonly ip_address: string }[]).map((fixed) => fixed.ip_address))
        .toSorted(),
      ["10.0.0.1", "2001:db8::1"],
    );
  });

  test("is the same whenever it is asked for, under the project's own id or none", () => {
    const { box } = ready();
    const id = made(box);
    assert.equal(made(box), id);
    assert.equal(shownIn(box.ask(MEMBER, "GET", "auto-allocated-topology/null"), "auto_allocated_topology")["id"], id);
    assert.equal(made(box, ADMIN), id);
    assert.equal([...box.cloud.all("router")].length, 1);
  });

  test("is made by administrators for others", () => {
    const { box } = ready();
    assert.equal(box.cloud.get("network", made(box, ADMIN))?.project_id, MEMBER.project);
    assert.equal([...box.cloud.all("router")][0]?.project_id, MEMBER.project);
  });

  test("ends as a whole, unless machines are on it", () => {
    const { box } = ready();
    const id = made(box);
    const port = idOf(box.ask(MEMBER, "POST", "ports", { port: { network_id: id } }));
    assert.match(refusalOf(box.ask(MEMBER, "DELETE", PATH)), /^409 NetworkInUse: /);
    assert.equal([...box.cloud.all("router")].length, 1, "nothing of it went");
    box.ask(MEMBER, "DELETE", `ports/${port}`);
    assert.equal(box.ask(MEMBER, "DELETE", PATH).status, 204);
    assert.deepEqual([[...box.cloud.all("router")], [...box.cloud.all("topology")], box.cloud.get("network", id)], [[], [], undefined]);
    assert.equal(box.ask(MEMBER, "DELETE", PATH).status, 204);
    assert.notEqual(made(box), id);
  });

  test("is made anew where a part of it was deleted by hand", () => {
    const { box } = ready();
    const first = made(box);
    for (const { id } of allIn(box.ask(MEMBER, "GET", "ports?device_owner=network:router_interface"), "ports"))
      box.ask(MEMBER, "PUT", `routers/${[...box.cloud.all("router")][0]?.id}/remove_router_interface`, { port_id: id });
    assert.equal(box.ask(MEMBER, "DELETE", `networks/${first}`).status, 204);
    assert.notEqual(made(box), first);
  });

  test("can be tried for", () => {
    const dry = (box: Sandbox) => box.ask(MEMBER, "GET", `${PATH}?fields=dry-run`);
    const { box } = ready();
    assert.equal(shownIn(dry(box), "auto_allocated_topology")["id"], "dry-run=pass");
    assert.equal([...box.cloud.all("router")].length, 0);
    assert.equal(refusalOf(box.ask(MEMBER, "GET", `${PATH}?fields=id`)), "400 BadRequest: Bad auto_allocate request: Unrecognized field.");
    const bare = sandbox();
    assert.equal(refusalOf(dry(bare)), "409 AutoAllocationFailure: Deployment error: No default router:external network.");
    bare.ask(ADMIN, "POST", "networks", { network: { "router:external": true, is_default: true } });
    assert.equal(refusalOf(dry(bare)), "409 AutoAllocationFailure: Deployment error: No default subnetpools defined.");
  });

  test("is made whole or not at all", () => {
    const { box } = ready();
    const [pool] = [...box.cloud.all("subnetpool")];
    box.ask(ADMIN, "POST", "subnets", {
      subnet: { network_id: [...box.cloud.all("network")][0]?.id, ip_version: 6, cidr: "2001:db8::/48" },
    });
    assert.match(
      refusalOf(box.ask(MEMBER, "GET", PATH)),
      /^409 AutoAllocationFailure: Deployment error: Unable to provide tenant private network: .*Insufficient prefix space/,
    );
    assert.deepEqual([[...box.cloud.by("subnet", "subnetpool_id", pool?.id ?? "")], [...box.cloud.all("topology")]], [[], []]);
  });

  test("is within the project's quotas, and for who may have its parts", () => {
    const { box } = ready();
    assert.equal(
      refusalOf(box.ask(OTHER, "GET", PATH)),
      "403 PolicyNotAuthorized: rule:get_auto_allocated_topology is disallowed by policy",
    );
    assert.equal(refusalOf(box.ask(READER, "GET", PATH)), "403 PolicyNotAuthorized: rule:create_network is disallowed by policy");
    assert.match(refusalOf(box.ask(READER, "DELETE", PATH)), /^403 PolicyNotAuthorized: rule:delete_auto_allocated_topology/);
    box.ask(ADMIN, "PUT", `quotas/${MEMBER.project}`, { quota: { router: 0 } });
    assert.equal(refusalOf(box.ask(MEMBER, "GET", PATH)), "409 OverQuota: Quota exceeded for resources: ['router'].");
    assert.equal([...box.cloud.all("network")].length, 1);
  });
});

describe("the default external network", () => {
  test("is one, and leads outside", () => {
    const { box, external } = ready();
    const set = (id: string, said: object) => box.ask(ADMIN, "PUT", `networks/${id}`, { network: said });
    const other = idOf(box.ask(ADMIN, "POST", "networks", { network: { "router:external": true } }));
    assert.equal(
      refusalOf(set(other, { is_default: true })),
      `409 DefaultExternalNetworkExists: A default external network already exists: ${external}.`,
    );
    assert.equal(shownIn(set(external, { "router:external": false }), "network")["is_default"], false);
    assert.equal(
      refusalOf(set(external, { is_default: true })),
      "400 InvalidInput: Invalid input for operation: is_default is for networks with router:external.",
    );
    assert.equal(shownIn(set(other, { is_default: true }), "network")["is_default"], true);
    assert.deepEqual(
      allIn(box.ask(MEMBER, "GET", "networks?is_default=true"), "networks").map(({ id }) => id),
      [other],
    );
  });
});
