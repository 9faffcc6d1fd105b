/** Floating IPs: where their addresses come from, what they lead to, what they hold and what they let go. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Who } from "../policy/who.ts";
import { ok } from "../result.ts";
import type { ApiResponse } from "./api-types.ts";
import { needsGateway, needsInterface } from "./floating-ip-links.ts";
import { write } from "./rules.ts";
import { ADMIN, allIn, idOf, MEMBER, OTHER, READER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";
import { servicePort } from "./service-port.ts";

const MANAGER: Who = { user: "u-manager", project: MEMBER.project, roles: ["manager"] };
const MISSING = "00000000-0000-4000-8000-00000000dead";

interface Site {
  readonly box: Sandbox;
  readonly external: string;
  readonly shared: string;
  /** Of MEMBER's project, not shared. */
  readonly own: string;
  readonly ownSubnet: string;
  floating(said?: Fields, who?: Who): ApiResponse;
  change(id: string, said: Fields, who?: Who): ApiResponse;
  port(network: string, said?: Fields, who?: Who): string;
  /** Puts a router between the project's own subnet and the external network. */
  connect(router: string): void;
}

function site(): Site {
  const box = sandbox();
  const network = (said: Fields) => idOf(box.ask(ADMIN, "POST", "networks", { network: said }));
  const subnet = (network_id: string, cidr: string) =>
    idOf(box.ask(ADMIN, "POST", "subnets", { subnet: { network_id, cidr, ip_version: cidr.includes(":") ? 6 : 4 } }));
  const [external, shared] = [network({ "router:external": true }), network({ shared: true })];
  const own = network({ project_id: MEMBER.project });
  subnet(external, "198.51.100.0/24");
  subnet(external, "2001:db8:1::/64");
  subnet(shared, "10.1.0.0/16");
  const ownSubnet = subnet(own, "10.2.0.0/24");
  const link = (device_id: string, device_owner: string, network_id: string) =>
    box.decide((cloud, fresh) => {
      const made = servicePort(cloud, { network_id, project_id: "", device_owner, device_id, status: "ACTIVE" }, fresh);
      return made.ok ? ok({ writes: [write("port", made.value.id, made.value)], answer: made.value.id }) : made;
    });
  return {
    box,
    external,
    shared,
    own,
    ownSubnet,
    floating: (said = {}, who = MEMBER) => box.ask(who, "POST", "floatingips", { floatingip: { floating_network_id: external, ...said } }),
    change: (id, said, who = MEMBER) => box.ask(who, "PUT", `floatingips/${id}`, { floatingip: said }),
    port: (on, said = {}, who = MEMBER) => idOf(box.ask(who, "POST", "ports", { port: { network_id: on, ...said } })),
    connect: (router) => {
      link(router, "network:router_interface", own);
      link(router, "network:router_gateway", external);
    },
  };
}

const shown = (response: ApiResponse) => shownIn(response, "floatingip");
const leads = (response: ApiResponse) => {
  const { status, port_id, fixed_ip_address, router_id } = shown(response);
  return { status, port_id, fixed_ip_address, router_id };
};
const NOWHERE = { status: "DOWN", port_id: null, fixed_ip_address: null, router_id: null };

describe("a new floating IP", () => {
  test("leads nowhere, and its address is kept by a port of nobody's", () => {
    const { box, floating, external } = site();
    const made = shown(floating({ description: "mine" }));
    assert.deepEqual(leads(floating()), NOWHERE);
    assert.match(String(made["floating_ip_address"]), /^198\.51\.100\./);
    assert.deepEqual([made["port_details"], made["port_forwardings"], made["description"]], [null, [], "mine"]);
    assert.equal("subnet_id" in made, false);
    const [port = {}, ...others] = allIn(box.ask(ADMIN, "GET", `ports?device_id=${String(made["id"])}`), "ports");
    assert.deepEqual(others, []);
    const { device_owner, status, project_id, network_id, security_groups, fixed_ips } = port;
    assert.deepEqual(
      { device_owner, status, project_id, network_id, security_groups },
      { device_owner: "network:floatingip", status: "N/A", project_id: "", network_id: external, security_groups: [] },
    );
    assert.equal((fixed_ips as readonly Fields[]).length, 2, "one address of each family, as in Neutron");
    assert.equal(allIn(box.ask(MEMBER, "GET", "ports"), "ports").length, 0, "no project sees that port");
  });

  test("has the address that was asked for by whoever may, from the subnet that was asked for", () => {
    const { box, floating, external } = site();
    const address = { floating_ip_address: "198.51.100.77" };
    assert.match(
      refusalOf(floating(address)),
      /^403 PolicyNotAuthorized: \(rule:create_floatingip and rule:create_floatingip:floating_ip_address\)/,
    );
    assert.equal(shown(floating(address, MANAGER))["floating_ip_address"], "198.51.100.77");
    assert.match(refusalOf(floating(address, ADMIN)), /^409 IpAddressAlreadyAllocated/);
    assert.match(refusalOf(floating({ floating_ip_address: "192.0.2.1" }, ADMIN)), /^400 InvalidIpForNetwork/);
    const [four = {}, six = {}] = allIn(
      box.ask(ADMIN, "GET", `subnets?network_id=${external}&sort_key=ip_version&sort_dir=asc`),
      "subnets",
    );
    assert.match(String(shown(floating({ subnet_id: four["id"] }))["floating_ip_address"]), /^198/);
    assert.match(String(shown(floating({ subnet_id: six["id"] }))["floating_ip_address"]), /:/, "of IPv6 where it is asked for");
  });

  test("is from an external network that has IPv4 addresses", () => {
    const { box, floating, shared } = site();
    assert.equal(refusalOf(floating({ floating_network_id: MISSING })), `404 NetworkNotFound: Network ${MISSING} could not be found.`);
    assert.equal(
      refusalOf(floating({ floating_network_id: shared })),
      `400 BadRequest: Bad floatingip request: Network ${shared} is not a valid external network.`,
    );
    const bare = idOf(box.ask(ADMIN, "POST", "networks", { network: { "router:external": true } }));
    assert.match(refusalOf(floating({ floating_network_id: bare })), /^400 BadRequest: .* does not contain any IPv4 subnet/);
    box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: bare, cidr: "203.0.113.0/30", ip_version: 4 } });
    assert.equal(floating({ floating_network_id: bare }).status, 201);
    assert.match(refusalOf(floating({ floating_network_id: bare })), /^409 IpAddressGenerationFailure: No more IP addresses available/);
  });

  test("belongs to its project; readers only look", () => {
    const { box, floating } = site();
    const id = idOf(floating());
    assert.equal(refusalOf(floating({}, READER)), "403 PolicyNotAuthorized: rule:create_floatingip is disallowed by policy");
    assert.equal(box.ask(READER, "GET", `floatingips/${id}`).status, 200);
    assert.equal(refusalOf(box.ask(OTHER, "GET", `floatingips/${id}`)), `404 FloatingIPNotFound: Floating IP ${id} could not be found`);
    assert.equal(refusalOf(box.ask(OTHER, "DELETE", `floatingips/${id}`)), `404 FloatingIPNotFound: Floating IP ${id} could not be found`);
  });

  test("counts against the quota, in bulk too; tags and revisions are as everywhere", () => {
    const { box, external, floating } = site();
    box.ask(ADMIN, "PUT", `quotas/${MEMBER.project}`, { quota: { floatingip: 2 } });
    const one = { floating_network_id: external };
    assert.match(refusalOf(box.ask(MEMBER, "POST", "floatingips", { floatingips: [one, one, one] })), /^409 OverQuota: .*floatingip/);
    assert.equal([...box.cloud.all("port")].length, 0, "all or none");
    assert.equal(allIn(box.ask(MEMBER, "POST", "floatingips", { floatingips: [one, one] }), "floatingips").length, 2);
    assert.match(refusalOf(floating()), /^409 OverQuota/);
    const { quota } = box.ask(ADMIN, "GET", `quotas/${MEMBER.project}/details`).body as {
      readonly quota: Readonly<Record<string, Fields>>;
    };
    assert.equal(quota["floatingip"]?.["used"], 2);
    const [first = {}] = allIn(box.ask(MEMBER, "GET", "floatingips"), "floatingips");
    assert.equal(box.ask(MEMBER, "PUT", `floatingips/${String(first["id"])}/tags/red`).status, 201);
    assert.equal(allIn(box.ask(MEMBER, "GET", "floatingips?tags=red"), "floatingips").length, 1);
  });
});

describe("what a floating IP leads to", () => {
  test("the only IPv4 address of a port on a shared network, without any router", () => {
    const { box, floating, port, shared } = site();
    const target = port(shared, { name: "web", fixed_ips: [{ ip_address: "10.1.0.10" }] }, ADMIN);
    const mine = port(shared, { name: "mine", device_id: "vm" });
    assert.match(refusalOf(floating({ port_id: target })), /^404 PortNotFound/);
    const made = floating({ port_id: mine });
    const [fixed] = shownIn(box.ask(MEMBER, "GET", `ports/${mine}`), "port")["fixed_ips"] as readonly Fields[];
    assert.deepEqual(leads(made), { status: "ACTIVE", port_id: mine, fixed_ip_address: fixed?.["ip_address"], router_id: null });
    const { name, device_id, status } = shown(made)["port_details"] as Fields;
    assert.deepEqual({ name, device_id, status }, { name: "mine", device_id: "vm", status: "DOWN" });
  });

  test("a project's own network needs a router, which is then held", () => {
    const { box, floating, change, port, own, ownSubnet, external, connect } = site();
    const target = port(own);
    assert.equal(
      refusalOf(floating({ port_id: target })),
      `404 ExternalGatewayForFloatingIPNotFound: External network ${external} is not reachable from subnet ${ownSubnet}.  ` +
        `Therefore, cannot associate Port ${target} with a Floating IP.`,
    );
    assert.equal([...box.cloud.all("floatingip")].length, 0);
    connect("r1");
    assert.deepEqual([needsGateway(box.cloud, "r1"), needsInterface(box.cloud, "r1", ownSubnet)], [false, false]);
    const id = idOf(floating({ port_id: target }));
    assert.equal(shown(box.ask(MEMBER, "GET", `floatingips/${id}`))["router_id"], "r1");
    assert.deepEqual([needsGateway(box.cloud, "r1"), needsInterface(box.cloud, "r1", ownSubnet)], [true, true]);
    assert.equal(allIn(box.ask(MEMBER, "GET", "floatingips?router_id=r1"), "floatingips").length, 1);
    change(id, { port_id: null });
    assert.deepEqual([needsGateway(box.cloud, "r1"), needsInterface(box.cloud, "r1", ownSubnet)], [false, false]);
  });

  test("one of several addresses must be named, and be the port's", () => {
    const { floating, port, shared, box } = site();
    const two = idOf(
      box.ask(ADMIN, "POST", "ports", {
        port: { project_id: MEMBER.project, network_id: shared, fixed_ips: [{ ip_address: "10.1.0.10" }, { ip_address: "10.1.0.11" }] },
      }),
    );
    assert.equal(
      refusalOf(floating({ port_id: two })),
      `400 BadRequest: Bad floatingip request: Port ${two} has multiple fixed IPv4 addresses.  ` +
        `Must provide a specific IPv4 address when assigning a floating IP.`,
    );
    assert.equal(
      refusalOf(floating({ port_id: two, fixed_ip_address: "10.1.0.12" })),
      `400 BadRequest: Bad floatingip request: Port ${two} does not have fixed ip 10.1.0.12.`,
    );
    assert.match(refusalOf(floating({ port_id: two, fixed_ip_address: "2001:db8::1" })), /^400 BadRequest: .* not an IPv4 address/);
    assert.equal(leads(floating({ port_id: two, fixed_ip_address: "10.1.0.11" })).fixed_ip_address, "10.1.0.11");
    assert.match(
      refusalOf(floating({ fixed_ip_address: "10.1.0.11" })),
      /^400 BadRequest: Bad floatingip request: fixed_ip_address cannot be specified without a port_id/,
    );
    assert.match(refusalOf(floating({ port_id: port(shared, { fixed_ips: [] }) })), /^400 BadRequest: .* has no fixed IPv4 addresses/);
    assert.match(refusalOf(floating({ port_id: MISSING })), /^404 PortNotFound/);
  });

  test("one floating IP of a network per address", () => {
    const { floating, port, shared, change } = site();
    const target = port(shared);
    const first = idOf(floating({ port_id: target }));
    assert.match(refusalOf(floating({ port_id: target })), /^409 FloatingIPPortAlreadyAssociated: Cannot associate floating IP 198/);
    assert.equal(change(first, { port_id: target }).status, 200, "it does not stand in its own way");
    const second = idOf(floating());
    change(first, { port_id: null });
    assert.equal(leads(change(second, { port_id: target })).port_id, target);
  });

  test("is asked for by address and port, as Nova does", () => {
    const { box, floating, port, shared } = site();
    const target = port(shared);
    const { fixed_ip_address: fixed } = leads(floating({ port_id: target }));
    const found = (query: string) => allIn(box.ask(MEMBER, "GET", `floatingips?${query}`), "floatingips").length;
    assert.equal(found(`fixed_ip_address=${String(fixed)}&port_id=${target}`), 1);
    assert.equal(found(`fixed_ip_address=10.1.0.99&port_id=${target}`), 0);
    assert.deepEqual([found("status=ACTIVE"), found("status=DOWN")], [1, 0]);
    assert.ok(box.cloud.indexed("floatingip", "fixed_ip_address") && box.cloud.indexed("floatingip", "port_id"));
  });
});

describe("a change of a floating IP", () => {
  test("that says nothing, or null, takes the association away; one about other things leaves it", () => {
    const { floating, change, port, shared } = site();
    const target = port(shared);
    const id = idOf(floating({ port_id: target }));
    const before = leads(change(id, { description: "web" }));
    assert.equal(before.port_id, target);
    assert.deepEqual(leads(change(id, {})), NOWHERE);
    assert.deepEqual(leads(change(id, { port_id: target })), before);
    assert.deepEqual(leads(change(id, { port_id: null, description: "idle" })), NOWHERE);
  });

  test("may lead elsewhere at once, and counts as a revision", () => {
    const { floating, change, port, shared } = site();
    const [one, two] = [port(shared), port(shared)];
    const made = shown(floating({ port_id: one }));
    const moved = change(String(made["id"]), { port_id: two });
    assert.equal(leads(moved).port_id, two);
    assert.equal(shown(moved)["revision_number"], Number(made["revision_number"]) + 1);
  });

  test("cannot give it another address or owner", () => {
    const { floating, change } = site();
    const id = idOf(floating());
    for (const name of ["floating_ip_address", "floating_network_id", "subnet_id", "router_id", "status", "project_id"])
      assert.equal(refusalOf(change(id, { [name]: "x" })), `400 HTTPBadRequest: Cannot update read-only attribute ${name}`);
  });
});

describe("what hangs on floating IPs", () => {
  test("a port that goes leaves them idle, unless another's hangs on it", () => {
    const { box, floating, port, shared } = site();
    const target = port(shared);
    const id = idOf(floating({ port_id: target }));
    assert.equal(box.ask(MEMBER, "DELETE", `ports/${target}`).status, 204);
    assert.deepEqual(leads(box.ask(MEMBER, "GET", `floatingips/${id}`)), NOWHERE);
    const other = port(shared);
    idOf(floating({ port_id: other }, ADMIN));
    assert.match(refusalOf(box.ask(MEMBER, "DELETE", `ports/${other}`)), /^409 FipAssociated: Unable to complete the operation on port/);
    assert.equal(box.ask(ADMIN, "DELETE", `ports/${other}`).status, 204);
  });

  test("a port keeps the address that one stands for", () => {
    const { box, floating } = site();
    const network = idOf(box.ask(ADMIN, "POST", "networks", { network: { shared: true, project_id: MEMBER.project } }));
    box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, cidr: "10.7.0.0/24", ip_version: 4 } });
    const target = idOf(box.ask(MEMBER, "POST", "ports", { port: { network_id: network, fixed_ips: [{ ip_address: "10.7.0.5" }] } }));
    floating({ port_id: target });
    const readdress = (...addresses: readonly string[]) =>
      box.ask(MEMBER, "PUT", `ports/${target}`, { port: { fixed_ips: addresses.map((ip_address) => ({ ip_address })) } });
    assert.equal(
      refusalOf(readdress("10.7.0.6")),
      `400 BadRequest: Bad port request: Cannot update the fixed_ips of the port ${target}, ` +
        `because its original fixed_ip has been associated to a floating ip.`,
    );
    assert.equal(readdress("10.7.0.6", "10.7.0.5").status, 200);
    assert.equal(readdress("10.7.0.5").status, 200, "the other one may go");
  });

  test("the port of its address goes and changes with it alone", () => {
    const { box, floating } = site();
    const id = idOf(floating());
    const [port = {}] = allIn(box.ask(ADMIN, "GET", `ports?device_id=${id}`), "ports");
    const url = `ports/${String(port["id"])}`;
    assert.match(refusalOf(box.ask(ADMIN, "DELETE", url)), /^409 ServicePortInUse: .* has device owner network:floatingip/);
    assert.match(refusalOf(box.ask(ADMIN, "PUT", url, { port: { fixed_ips: [{ ip_address: "198.51.100.9" }] } })), /^400 BadRequest/);
    assert.equal(box.ask(MEMBER, "DELETE", `floatingips/${id}`).status, 204);
    assert.equal(box.ask(ADMIN, "GET", url).status, 404);
    assert.equal(box.ask(MEMBER, "GET", `floatingips/${id}`).status, 404);
  });

  test("a network takes those along that lead nowhere, and is held by the others", () => {
    const { box, floating, change, port, external, shared } = site();
    const [idle, used] = [idOf(floating()), idOf(floating({ port_id: port(shared) }))];
    assert.match(
      refusalOf(box.ask(ADMIN, "DELETE", `networks/${external}`)),
      /^409 NetworkInUse: .*There are one or more ports still in use/,
    );
    change(used, { port_id: null });
    assert.equal(box.ask(ADMIN, "DELETE", `networks/${external}`).status, 204);
    for (const id of [idle, used]) assert.equal(box.ask(MEMBER, "GET", `floatingips/${id}`).status, 404);
    assert.deepEqual([...box.cloud.by("port", "network_id", external)], []);
  });
});

test("a floating IP of IPv6 leads to an IPv6 address of a port, and to no other; its port forwardings, too", () => {
  const { box, floating, change, port, shared, external } = site();
  const [, { id: six = "" } = {}] = allIn(
    box.ask(ADMIN, "GET", `subnets?network_id=${external}&sort_key=ip_version&sort_dir=asc`),
    "subnets",
  );
  const only4 = port(shared);
  box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: shared, cidr: "2001:db8:7::/64", ip_version: 6 } });
  const both = port(shared);
  const id = idOf(floating({ subnet_id: six }));
  assert.match(refusalOf(change(id, { port_id: only4 })), /^400 BadRequest: .* has no fixed IPv6 addresses/);
  assert.match(refusalOf(change(id, { port_id: both, fixed_ip_address: "10.1.0.3" })), /^400 BadRequest: .* not an IPv6 address/);
  assert.match(String(shown(change(id, { port_id: both }))["fixed_ip_address"]), /^2001:db8:7:/);
  assert.match(String(shown(floating({ port_id: both }))["fixed_ip_address"]), /^10\.1\./, "beside one of IPv4");
  const other = idOf(floating({ subnet_id: six }));
  const third = port(shared);
  const address = (family: RegExp) => {
    const { fixed_ips } = shownIn(box.ask(MEMBER, "GET", `ports/${third}`), "port");
    return (fixed_ips as readonly { ip_address: string }[]).map(({ ip_address }) => ip_address).find((each) => family.test(each));
  };
  const forward = (internal_ip_address: string | undefined) =>
    box.ask(MEMBER, "POST", `floatingips/${other}/port_forwardings`, {
      port_forwarding: { protocol: "tcp", external_port: 80, internal_port: 80, internal_port_id: third, internal_ip_address },
    });
  assert.equal(forward(address(/\./)).status, 400);
  assert.equal(forward(address(/:/)).status, 201);
});

test("floating IP pools are the IPv4 subnets of the external networks", () => {
  const { box, external } = site();
  const pools = allIn(box.ask(MEMBER, "GET", "floatingip_pools"), "floatingip_pools");
  const [{ subnet_id: _, ...pool } = {}, ...others] = pools;
  assert.deepEqual(others, []);
  assert.deepEqual(pool, {
    subnet_name: "",
    network_id: external,
    cidr: "198.51.100.0/24",
    project_id: MEMBER.project,
    tenant_id: MEMBER.project,
  });
  assert.deepEqual(allIn(box.ask(MEMBER, "GET", "floatingip_pools?fields=cidr"), "floatingip_pools"), [{ cidr: "198.51.100.0/24" }]);
  assert.match(refusalOf(box.ask(MEMBER, "GET", "floatingip_pools?cidr=x")), /^400 HTTPBadRequest/);
  assert.equal(box.ask(MEMBER, "POST", "floatingip_pools", {}).status, 405);
});

test("no port but its own stands for a floating IP: with it another's address would stay", () => {
  const it = site();
  const floating = idOf(it.floating());
  const fake = { device_owner: "network:floatingip", device_id: floating };
  const make = (who: Who) => refusalOf(it.box.ask(who, "POST", "ports", { port: { network_id: it.own, ...fake } }));
  assert.match(make(MEMBER), /^400 BadRequest: Bad port request: floating IP .* has the port of its own/);
  const plain = it.port(it.own);
  assert.match(refusalOf(it.box.ask(MEMBER, "PUT", `ports/${plain}`, { port: fake })), /has the port of its own/);
  const own = [...it.box.cloud.by("port", "device_id", floating)].map(({ id }) => id);
  assert.equal(own.length, 1);
  assert.match(refusalOf(it.box.ask(ADMIN, "PUT", `ports/${own[0]}`, { port: { device_id: "" } })), /has the port of its own/);
  assert.equal(it.box.ask(MEMBER, "DELETE", `floatingips/${floating}`).status, 204);
  assert.equal(it.box.cloud.get("port", own[0] ?? ""), undefined);
  const theirs = idOf(it.floating({}, OTHER));
  const foreign = { network_id: it.own, device_owner: "network:floatingip", device_id: theirs };
  assert.match(refusalOf(it.box.ask(MEMBER, "POST", "ports", { port: foreign })), /^409 DeviceIDNotOwnedByTenant/);
});
