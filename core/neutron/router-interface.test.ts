/** Connecting routers with subnets: by a subnet, by a port, and what is refused of either. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inconsistencies } from "./consistency.ts";
import { interfacesOf } from "./router-links.ts";
import { connect, MISSING, portIn, shown, site } from "./router-site.ts";
import type { Site } from "./router-site.ts";
import { ADMIN, idOf, MEMBER, OTHER, refusalOf } from "./sandbox.ts";

describe("an interface of a router", () => {
  test("on a subnet has its gateway's address, is ACTIVE at once, and tells all that clients ask", () => {
    const it = site();
    const id = it.router();
    const { status, body } = connect(it, id, it.own4);
    const [port] = interfacesOf(it.box.cloud, id);
    assert.ok(port !== undefined);
    assert.equal(status, 200);
    assert.deepEqual(body, {
      id,
      tenant_id: MEMBER.project,
      project_id: MEMBER.project,
      port_id: port.id,
      network_id: it.own,
      subnet_id: it.own4,
      subnet_ids: [it.own4],
    });
    const { device_owner, fixed_ips, project_id, security_groups, port_security_enabled } = port;
    assert.deepEqual(
      { status: port.status, device_owner, fixed_ips, project_id, security_groups, port_security_enabled },
      {
        status: "ACTIVE",
        device_owner: "network:router_interface",
        fixed_ips: [{ subnet_id: it.own4, ip_address: "10.0.0.1" }],
        project_id: MEMBER.project,
        security_groups: [],
        port_security_enabled: false,
      },
    );
    assert.equal(shown(it, `routers/${id}`, "router")["revision_number"], 1);
  });

  test("may be a port of one's own, which keeps its groups, and goes with the interface", () => {
    const it = site();
    const [id, port] = [it.router(), it.port(it.own)];
    const groups = it.box.cloud.get("port", port)?.security_groups;
    assert.equal(it.act(id, "add_router_interface", { port_id: port }).status, 200);
    const { device_id, device_owner, status, security_groups } = shown(it, `ports/${port}`, "port");
    assert.deepEqual(
      { device_id, device_owner, status, security_groups },
      { device_id: id, device_owner: "network:router_interface", status: "ACTIVE", security_groups: groups },
    );
    const removed = it.act(id, "remove_router_interface", { port_id: port, subnet_id: it.own4 });
    assert.deepEqual([removed.status, portIn(removed)], [200, port]);
    assert.equal(it.box.ask(MEMBER, "GET", `ports/${port}`).status, 404);
  });

  test("is one for all IPv6 subnets of a network, and another for IPv4", () => {
    const it = site();
    const [first, second] = ["2001:db8:a::/64", "2001:db8:b::/64"].map((cidr) =>
      it.subnet(it.own, cidr, { ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac" }),
    );
    assert.ok(first !== undefined && second !== undefined);
    const id = it.router();
    const ports = [it.own4, first, second].map((subnet) => portIn(connect(it, id, subnet)));
    assert.equal(new Set(ports).size, 2);
    assert.equal(ports[1], ports[2]);
    const subnetsOf = (port: string | undefined) => it.box.cloud.get("port", port ?? "")?.fixed_ips.map((fixed) => fixed.subnet_id);
    assert.deepEqual(subnetsOf(ports[1]), [first, second]);
    it.act(id, "remove_router_interface", { subnet_id: first });
    assert.deepEqual(subnetsOf(ports[1]), [second]);
    it.act(id, "remove_router_interface", { subnet_id: second });
    assert.equal(subnetsOf(ports[1]), undefined);
    assert.equal(interfacesOf(it.box.cloud, id).length, 1);
  });

  const bad = (reason: string) => `400 BadRequest: Bad router request: ${reason}.`;
  const refusedInterfaces: readonly [name: string, body: (it: Site) => unknown, refusal: (it: Site) => string | RegExp][] = [
    ["by nothing", () => undefined, () => bad("Either subnet_id or port_id must be specified")],
    ["by something else", () => ({ network_id: MISSING }), () => bad("Either subnet_id or port_id must be specified")],
    ["by both", (it) => ({ subnet_id: it.own4, port_id: it.port(it.own) }), () => bad("Cannot specify both subnet-id and port-id")],
    ["by what is no id", () => ({ subnet_id: "x" }), () => bad("'x' is not a valid UUID")],
    ["by a subnet that is not there", () => ({ subnet_id: MISSING }), () => `404 SubnetNotFound: Subnet ${MISSING} could not be found.`],
    ["by a port that is not there", () => ({ port_id: MISSING }), () => `404 PortNotFound: Port ${MISSING} could not be found.`],
    [
      "by a subnet that one does not see",
      (it) => ({ subnet_id: it.subnet(it.network({}, OTHER), "10.8.0.0/24", {}, OTHER) }),
      () => /^404 SubnetNotFound/,
    ],
    [
      "by a subnet that is shared with all",
      (it) => ({ subnet_id: it.subnet(it.network({ shared: true }, ADMIN), "10.8.0.0/24", {}, ADMIN) }),
      () => /^400 BadRequest: .*is not owned by project making the request\.$/,
    ],
    [
      "by a subnet without gateway",
      (it) => ({ subnet_id: it.subnet(it.network(), "10.8.0.0/24", { gateway_ip: null }) }),
      () => bad("Subnet for router interface must have a gateway IP"),
    ],
    [
      "by a subnet that hears another router",
      (it) => ({ subnet_id: it.subnet(it.network(), "2001:db8:c::/64", { ipv6_address_mode: "slaac" }) }),
      () => /^400 BadRequest: .*takes its router advertisements from elsewhere/,
    ],
    [
      "by a port without address",
      (it) => ({ port_id: it.port(it.own, { fixed_ips: [] }) }),
      () => bad("Router port must have at least one fixed IP"),
    ],
    [
      "by a port of two IPv4 subnets",
      (it) => {
        const network = it.network();
        const fixed_ips = ["10.8.0.0/24", "10.8.1.0/24"].map((cidr) => ({ subnet_id: it.subnet(network, cidr) }));
        return { port_id: it.port(network, { fixed_ips }) };
      },
      () => bad("Cannot have multiple IPv4 subnets on router port"),
    ],
    [
      "by a port of something else",
      (it) => ({ port_id: it.port(it.own, { device_id: "vm" }) }),
      () => /^409 PortInUse: .*attached device vm\.$/,
    ],
    [
      "where another router has the gateway's address",
      (it) => {
        connect(it, it.router(), it.own4);
        return { subnet_id: it.own4 };
      },
      (it) => `409 IpAddressAlreadyAllocated: IP address 10.0.0.1 already allocated in subnet ${it.own4}`,
    ],
  ];
  for (const [name, body, refusal] of refusedInterfaces)
    test(`cannot be had ${name}`, () => {
      const it = site();
      const id = it.router();
      const refused = refusalOf(it.act(id, "add_router_interface", body(it)));
      const wanted = refusal(it);
      if (typeof wanted === "string") assert.equal(refused, wanted);
      else assert.match(refused, wanted);
      assert.deepEqual(interfacesOf(it.box.cloud, id), []);
    });

  test("is one on each subnet, and on blocks that can be told apart", () => {
    const it = site({ overlappingSubnets: "allowed" });
    const id = it.router();
    connect(it, id, it.own4);
    assert.equal(refusalOf(connect(it, id, it.own4)), bad(`Router already has a port on subnet ${it.own4}`));
    const same = it.subnet(it.network(), "10.0.0.0/24");
    assert.equal(
      refusalOf(connect(it, id, same)),
      bad(`Cidr 10.0.0.0/24 of subnet ${same} overlaps with cidr 10.0.0.0/24 of subnet ${it.own4}`),
    );
    assert.equal(connect(it, it.router(), same).status, 200, "each of two routers stands for the gateway of its own subnet");
    assert.deepEqual(inconsistencies(new Map(it.box.cloud.entries())), []);
  });

  test("can be where a network is shared with the project by name", () => {
    const it = site();
    const network = it.network({}, ADMIN);
    const subnet = it.subnet(network, "10.8.0.0/24", {}, ADMIN);
    const who = { ...MEMBER, project: "0".repeat(32) };
    const said = { object_type: "network", object_id: network, action: "access_as_shared", target_tenant: who.project };
    it.box.ask(ADMIN, "POST", "rbac-policies", { rbac_policy: said });
    const id = it.router({}, who);
    assert.equal(it.act(id, "add_router_interface", { subnet_id: subnet }, who).status, 200);
  });

  const refusedRemovals: readonly [
    name: string,
    body: (it: Site, router: string) => unknown,
    refusal: (it: Site, router: string) => string | RegExp,
  ][] = [
    ["by nothing", () => ({}), () => bad("Either subnet_id or port_id must be specified")],
    [
      "by a subnet that it is not on",
      (it) => ({ subnet_id: it.subnet(it.network(), "10.8.0.0/24") }),
      (_it, router) => new RegExp(`^404 RouterInterfaceNotFoundForSubnet: Router ${router} has no interface on subnet `),
    ],
    [
      "by a port that is not its own",
      (it) => ({ port_id: it.port(it.own) }),
      (_it, router) => new RegExp(`^404 RouterInterfaceNotFound: Router ${router} does not have an interface with id `),
    ],
    [
      "by a port and another subnet",
      (it, router) => ({ port_id: interfacesOf(it.box.cloud, router)[0]?.id, subnet_id: MISSING }),
      () => /^400 SubnetMismatchForPort: Subnet on port .* does not match the requested subnet/,
    ],
  ];
  for (const [name, body, refusal] of refusedRemovals)
    test(`cannot be taken off ${name}`, () => {
      const it = site();
      const id = it.router();
      connect(it, id, it.own4);
      const refused = refusalOf(it.act(id, "remove_router_interface", body(it, id)));
      const wanted = refusal(it, id);
      if (typeof wanted === "string") assert.equal(refused, wanted);
      else assert.match(refused, wanted);
    });
});

test("another project's port is not for the owner of its network to connect", () => {
  const it = site();
  it.box.ask(ADMIN, "PUT", `networks/${it.own}`, { network: { shared: true } });
  const theirs = idOf(it.box.ask(OTHER, "POST", "ports", { port: { network_id: it.own } }));
  const before = it.box.cloud.get("port", theirs);
  const answer = it.act(it.router(), "add_router_interface", { port_id: theirs });
  assert.equal(refusalOf(answer), "403 PolicyNotAuthorized: rule:update_port is disallowed by policy");
  assert.deepEqual(it.box.cloud.get("port", theirs), before);
});
