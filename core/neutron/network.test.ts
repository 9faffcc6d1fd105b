/** Networks and subnets, as an operator and a member meet them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADMIN, allIn, idOf, MEMBER, OTHER, READER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

function networkOf(box: Sandbox, said: Fields = {}): string {
  return idOf(box.ask(ADMIN, "POST", "networks", { network: said }));
}

const subnetOn = (box: Sandbox, network: string, said: Fields) =>
  box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, ip_version: 4, ...said } });

describe("networks", () => {
  test("a shared network is everybody's to see and to put ports on, and nobody else's to change", () => {
    const box = sandbox();
    const id = networkOf(box, { shared: true });
    assert.equal(box.ask(MEMBER, "GET", `networks/${id}`).status, 200);
    assert.equal(box.ask(MEMBER, "POST", "ports", { port: { network_id: id } }).status, 201);
    assert.equal(
      refusalOf(box.ask(MEMBER, "DELETE", `networks/${id}`)),
      "403 PolicyNotAuthorized: rule:delete_network is disallowed by policy",
    );
  });

  test("a network of another project is not there", () => {
    const box = sandbox();
    const id = idOf(box.ask(OTHER, "POST", "networks", { network: {} }));
    assert.equal(refusalOf(box.ask(MEMBER, "GET", `networks/${id}`)), `404 NetworkNotFound: Network ${id} could not be found.`);
    assert.equal(
      refusalOf(box.ask(MEMBER, "PUT", `networks/${id}`, { network: { name: "x" } })),
      `404 NetworkNotFound: Network ${id} could not be found.`,
    );
    assert.deepEqual(allIn(box.ask(MEMBER, "GET", "networks"), "networks"), []);
    assert.equal(
      refusalOf(box.ask(MEMBER, "POST", "ports", { port: { network_id: id } })),
      `404 NetworkNotFound: Network ${id} could not be found.`,
    );
    assert.equal(
      refusalOf(box.ask(MEMBER, "POST", "subnets", { subnet: { network_id: id, ip_version: 4, cidr: "10.0.0.0/24" } })),
      "403 PolicyNotAuthorized: rule:create_subnet is disallowed by policy",
    );
  });

  test("provider attributes are for administrators to see", () => {
    const box = sandbox();
    const id = networkOf(box, { shared: true });
    assert.equal(shownIn(box.ask(ADMIN, "GET", `networks/${id}`), "network")["provider:network_type"], "local");
    assert.ok(!("provider:network_type" in shownIn(box.ask(MEMBER, "GET", `networks/${id}`), "network")));
  });

  test("only local networks can be had", () => {
    const box = sandbox();
    const asked = (said: Fields) => refusalOf(box.ask(ADMIN, "POST", "networks", { network: said }));
    assert.equal(
      asked({ "provider:network_type": "vxlan" }),
      "400 InvalidInput: Invalid input for operation: network_type value 'vxlan' not supported: " +
        "networks are routed here, without VLANs or tunnels of their own; say local, flat or nothing.",
    );
    assert.equal(
      asked({ "provider:physical_network": "physnet1" }),
      "400 InvalidInput: Invalid input for operation: physical_network prohibited for local provider network.",
    );
  });

  test("no network has a greater MTU than the wire; 0 means the wire's", () => {
    const box = sandbox();
    assert.equal(shownIn(box.ask(MEMBER, "POST", "networks", { network: { mtu: 0 } }), "network")["mtu"], 1500);
    assert.equal(
      refusalOf(box.ask(MEMBER, "POST", "networks", { network: { mtu: 9000 } })),
      "400 InvalidInput: Invalid input for operation: Requested MTU is too big, maximum is 1500.",
    );
  });

  test("the MTU stays above what the subnets' family needs", () => {
    const box = sandbox();
    const id = networkOf(box);
    subnetOn(box, id, { ip_version: 6, cidr: "2001:db8::/64" });
    const wish = (mtu: number) => box.ask(ADMIN, "PUT", `networks/${id}`, { network: { mtu } });
    assert.equal(refusalOf(wish(1279)), `409 NetworkMTUSubnetConflict: MTU of ${id} is not valid, subnet requires a minimum of 1280`);
    assert.equal(shownIn(wish(1280), "network")["mtu"], 1280);
  });

  test("a network with ports stays; without, it goes with its subnets", () => {
    const box = sandbox();
    const id = networkOf(box);
    subnetOn(box, id, { cidr: "10.0.0.0/24" });
    const port = idOf(box.ask(ADMIN, "POST", "ports", { port: { network_id: id } }));
    assert.match(
      refusalOf(box.ask(ADMIN, "DELETE", `networks/${id}`)),
      new RegExp(`^409 NetworkInUse: .*ports still in use on the network, .*${port}`),
    );
    box.ask(ADMIN, "DELETE", `ports/${port}`);
    const served = idOf(box.ask(ADMIN, "POST", "ports", { port: { network_id: id, device_owner: "network:dhcp" } }));
    assert.equal(box.ask(ADMIN, "DELETE", `networks/${id}`).status, 204);
    assert.deepEqual([...box.cloud.all("subnet"), ...box.cloud.all("port")], [], served);
  });

  test("sharing ends only while nobody else has ports there", () => {
    const box = sandbox();
    const id = networkOf(box, { shared: true, name: "internal" });
    const port = idOf(box.ask(MEMBER, "POST", "ports", { port: { network_id: id } }));
    const unshare = () => box.ask(ADMIN, "PUT", `networks/${id}`, { network: { shared: false } });
    assert.match(refusalOf(unshare()), /^409 InvalidSharedSetting: .*internal/);
    box.ask(MEMBER, "DELETE", `ports/${port}`);
    assert.equal(shownIn(unshare(), "network")["shared"], false);
  });

  test("a reader reads", () => {
    const box = sandbox();
    assert.equal(
      refusalOf(box.ask(READER, "POST", "networks", { network: {} })),
      "403 PolicyNotAuthorized: rule:create_network is disallowed by policy",
    );
    const id = idOf(box.ask(MEMBER, "POST", "networks", { network: {} }));
    assert.equal(box.ask(READER, "GET", `networks/${id}`).status, 200);
  });

  test("a network names its subnets, and counts a new one as a change", () => {
    const box = sandbox();
    const id = networkOf(box);
    const subnet = idOf(subnetOn(box, id, { cidr: "10.0.0.0/24" }));
    const shown = shownIn(box.ask(ADMIN, "GET", `networks/${id}`), "network");
    assert.deepEqual(shown["subnets"], [subnet]);
    assert.equal(shown["revision_number"], 1);
  });
});

describe("subnets", () => {
  const refusedSubnet = (said: Fields) => {
    const box = sandbox();
    return refusalOf(subnetOn(box, networkOf(box), said));
  };
  const input = (message: string) => `400 InvalidInput: Invalid input for operation: ${message}.`;

  test("host bits are cleared; gateway and pools are filled in", () => {
    const box = sandbox();
    const { cidr, gateway_ip, allocation_pools } = shownIn(subnetOn(box, networkOf(box), { cidr: "10.77.0.5/24" }), "subnet");
    assert.deepEqual([cidr, gateway_ip, allocation_pools], ["10.77.0.0/24", "10.77.0.1", [{ start: "10.77.0.2", end: "10.77.0.254" }]]);
  });

  test("null is no gateway, and then its address is in the pool", () => {
    const box = sandbox();
    const { gateway_ip, allocation_pools } = shownIn(subnetOn(box, networkOf(box), { cidr: "10.0.2.0/29", gateway_ip: null }), "subnet");
    assert.deepEqual([gateway_ip, allocation_pools], [null, [{ start: "10.0.2.1", end: "10.0.2.6" }]]);
  });

  test("there is one address space: overlap is refused on any network", () => {
    const box = sandbox();
    const [one, other] = [networkOf(box), networkOf(box)];
    subnetOn(box, one, { cidr: "10.0.0.0/24" });
    for (const network of [one, other])
      assert.equal(
        refusalOf(subnetOn(box, network, { cidr: "10.0.0.128/25" })),
        input(`Requested subnet with cidr: 10.0.0.128/25 for network: ${network} overlaps with another subnet`),
      );
    assert.equal(subnetOn(box, other, { cidr: "10.0.1.0/24" }).status, 201);
  });

  const refusals: readonly (readonly [says: string, said: Fields, refusal: string])[] = [
    ["without a block", {}, "400 BadRequest: Bad subnets request: a subnetpool must be specified in the absence of a cidr."],
    [
      "from a pool",
      { subnetpool_id: "00000000-0000-4000-8000-000000000000" },
      "404 SubnetPoolNotFound: Subnet pool 00000000-0000-4000-8000-000000000000 could not be found.",
    ],
    ["of no block", { cidr: "ten" }, input("'ten' is not in a CIDR format")],
    ["of everything", { cidr: "0.0.0.0/0" }, input("0 is not allowed as CIDR prefix length")],
    ["of the other family", { cidr: "10.0.4.0/24", ip_version: 6 }, input("cidr '10.0.4.0/24' does not match the ip_version '6'")],
    ["too small for DHCP", { cidr: "10.78.0.2/31" }, input("Subnet has a prefix length that is incompatible with DHCP service enabled")],
    ["with the broadcast address as gateway", { cidr: "10.0.7.0/24", gateway_ip: "10.0.7.255" }, input("Gateway is not valid on subnet")],
    [
      "with the other family's gateway",
      { cidr: "10.0.7.0/24", gateway_ip: "fe80::1" },
      input("gateway_ip 'fe80::1' does not match the ip_version '4'"),
    ],
    [
      "with a pool outside",
      { cidr: "10.0.7.0/24", allocation_pools: [{ start: "10.0.8.1", end: "10.0.8.9" }] },
      "400 OutOfBoundsAllocationPool: The allocation pool 10.0.8.1-10.0.8.9 spans beyond the subnet cidr 10.0.7.0/24.",
    ],
    [
      "with a pool that ends before it begins",
      { cidr: "10.0.7.0/24", allocation_pools: [{ start: "10.0.7.9", end: "10.0.7.1" }] },
      "400 InvalidAllocationPool: The allocation pool 10.0.7.9-10.0.7.1 is not valid.",
    ],
    [
      "with pools that overlap",
      {
        cidr: "10.0.7.0/24",
        allocation_pools: [
          { start: "10.0.7.10", end: "10.0.7.20" },
          { start: "10.0.7.15", end: "10.0.7.30" },
        ],
      },
      "409 OverlappingAllocationPools: Found overlapping allocation pools: 10.0.7.10-10.0.7.20 10.0.7.15-10.0.7.30 for subnet 10.0.7.0/24.",
    ],
    [
      "with its gateway in a pool",
      { cidr: "10.0.7.0/24", gateway_ip: "10.0.7.12", allocation_pools: [{ start: "10.0.7.10", end: "10.0.7.20" }] },
      "409 GatewayConflictWithAllocationPools: Gateway ip 10.0.7.12 conflicts with allocation pool 10.0.7.10-10.0.7.20.",
    ],
    ["with IPv6 modes in IPv4", { cidr: "10.0.7.0/24", ipv6_ra_mode: "slaac" }, input("ipv6_ra_mode is not valid when ip_version is 4")],
    [
      "with modes that differ",
      { cidr: "2001:db8::/64", ip_version: 6, ipv6_ra_mode: "slaac", ipv6_address_mode: "dhcpv6-stateful" },
      input(
        "ipv6_ra_mode set to 'slaac' with ipv6_address_mode set to 'dhcpv6-stateful' is not valid. If both attributes are set, they must be the same value",
      ),
    ],
    [
      "with modes but without DHCP",
      { cidr: "2001:db8::/64", ip_version: 6, ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac", enable_dhcp: false },
      input("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False"),
    ],
    [
      "automatic, but no /64",
      { cidr: "2001:db8::/63", ip_version: 6, ipv6_address_mode: "slaac" },
      input(
        "Invalid CIDR 2001:db8::/63 for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64",
      ),
    ],
  ];
  for (const [says, said, refusal] of refusals) test(`one ${says} is refused`, () => assert.equal(refusedSubnet(said), refusal));

  test("one with six name servers is refused", () => {
    const servers = ["1.0.0.1", "1.0.0.2", "1.0.0.3", "1.0.0.4", "1.0.0.5", "1.0.0.6"];
    assert.match(
      refusedSubnet({ cidr: "10.0.7.0/24", dns_nameservers: servers }),
      /^400 DNSNameServersExhausted: .*The number of DNS nameservers exceeds the limit 5\.$/,
    );
  });

  test("the gateway may move, but not into the pools unless these move too", () => {
    const box = sandbox();
    const id = idOf(subnetOn(box, networkOf(box), { cidr: "10.0.7.0/24" }));
    const move = (said: Fields) => box.ask(ADMIN, "PUT", `subnets/${id}`, { subnet: said });
    assert.match(refusalOf(move({ gateway_ip: "10.0.7.9" })), /^409 GatewayConflictWithAllocationPools/);
    const pools = [{ start: "10.0.7.10", end: "10.0.7.20" }];
    assert.equal(shownIn(move({ gateway_ip: "10.0.7.9", allocation_pools: pools }), "subnet")["gateway_ip"], "10.0.7.9");
    assert.deepEqual(shownIn(move({ allocation_pools: [] }), "subnet")["allocation_pools"], []);
  });

  test("addresses hold a subnet, unless they follow from the ports' MACs", () => {
    const box = sandbox();
    const network = networkOf(box);
    const plain = idOf(subnetOn(box, network, { cidr: "10.0.0.0/24" }));
    const port = box.ask(ADMIN, "POST", "ports", { port: { network_id: network, mac_address: "fa:16:3e:00:00:01" } });
    const auto = idOf(subnetOn(box, network, { cidr: "2001:db8::/64", ip_version: 6, ipv6_address_mode: "slaac" }));
    const addresses = () =>
      (shownIn(box.ask(ADMIN, "GET", `ports/${idOf(port)}`), "port")["fixed_ips"] as readonly Fields[]).map((fixed) => fixed["ip_address"]);
    assert.ok(addresses().includes("2001:db8::f816:3eff:fe00:1"), "the port that was there has its address at once");
    assert.match(
      refusalOf(box.ask(ADMIN, "DELETE", `subnets/${plain}`)),
      /^409 SubnetInUse: .*One or more ports have an IP allocation from this subnet\.$/,
    );
    assert.equal(box.ask(ADMIN, "DELETE", `subnets/${auto}`).status, 204);
    assert.equal(addresses().length, 1);
  });
});
