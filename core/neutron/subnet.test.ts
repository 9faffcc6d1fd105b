/** What a subnet must be where all subnets are blocks of one routed address space. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDataCenter } from "../datacenter/read.ts";
import { SAMPLE } from "../datacenter/sample.ts";
import { ADMIN, allIn, idOf, MEMBER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";
import type { CloudSettings } from "./settings.ts";

interface Lan {
  readonly box: Sandbox;
  readonly network: string;
  readonly subnet: (said: Fields) => ReturnType<Sandbox["ask"]>;
  readonly port: (said?: Fields) => ReturnType<Sandbox["ask"]>;
}

function on(box: Sandbox): Lan {
  const network = idOf(box.ask(ADMIN, "POST", "networks", { network: {} }));
  return {
    box,
    network,
    subnet: (said) => box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, ip_version: 4, ...said } }),
    port: (said = {}) => box.ask(ADMIN, "POST", "ports", { port: { network_id: network, ...said } }),
  };
}

const lan = (settings: Partial<CloudSettings> = {}) => on(sandbox(settings));
const SLAAC = { ip_version: 6, cidr: "2001:db8::/64", ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac" };

function addressesOf(response: ReturnType<Sandbox["ask"]>): readonly string[] {
  const fixed = shownIn(response, "port")["fixed_ips"] as readonly { readonly ip_address: string }[];
  return fixed.map(({ ip_address: address }) => address);
}

/** A data centre, in which the administrator's project may have subnets of its own. */
function declare(box: Sandbox): void {
  const read = readDataCenter(SAMPLE);
  assert.ok(read.ok);
  box.cloud.apply("datacenter/this", read.value);
  box.cloud.apply(`quota/${ADMIN.project}`, { project_id: ADMIN.project, subnet: -1 });
}

describe("subnets of one address space", () => {
  test("overlap nowhere, unless operators let those of different networks", () => {
    const strict = lan();
    strict.subnet({ cidr: "10.0.0.0/24" });
    assert.match(refusalOf(on(strict.box).subnet({ cidr: "10.0.0.0/16" })), /^400 InvalidInput: .* overlaps with another subnet\.$/);

    const loose = lan({ overlappingSubnets: "allowed" });
    loose.subnet({ cidr: "10.0.0.0/24" });
    assert.equal(on(loose.box).subnet({ cidr: "10.0.0.0/16" }).status, 201);
    assert.match(refusalOf(loose.subnet({ cidr: "10.0.0.128/25" })), / overlaps with another subnet\.$/);
  });

  test("where they overlap, an address still has one port at most", () => {
    const one = lan({ overlappingSubnets: "allowed" });
    const other = on(one.box);
    one.subnet({ cidr: "10.0.0.0/29" });
    const subnet = idOf(other.subnet({ cidr: "10.0.0.0/29", gateway_ip: "10.0.0.6" }));
    const held = [one.port(), one.port(), other.port(), other.port()].flatMap(addressesOf);
    assert.deepEqual(held.toSorted(), ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"], "neither gateway is given out");
    assert.equal(
      refusalOf(other.port({ fixed_ips: [{ ip_address: held[0] }] })),
      `409 IpAddressAlreadyAllocated: IP address ${held[0]} already allocated in subnet ${subnet}`,
    );
    assert.match(refusalOf(other.port({ fixed_ips: [{ ip_address: "10.0.0.1" }] })), /^409 IpAddressInUse: .*10\.0\.0\.1 is in use\.$/);
    assert.equal(other.port().status, 409);
  });

  test("where they overlap, two ports of one MAC cannot both follow it", () => {
    const one = lan({ overlappingSubnets: "allowed" });
    const other = on(one.box);
    one.subnet(SLAAC);
    one.port({ mac_address: "fa:16:3e:00:00:01" });
    other.port({ mac_address: "fa:16:3e:00:00:01" });
    assert.match(refusalOf(other.subnet(SLAAC)), /^409 IpAddressAlreadyAllocated: IP address 2001:db8::f816:3eff:fe00:1 /);
    assert.equal([...one.box.cloud.all("subnet")].length, 1);
  });

  test("lie in the ranges of the data centre, once there is one", () => {
    const { box, network, subnet } = lan();
    assert.equal(subnet({ cidr: "192.0.2.0/24" }).status, 201);
    declare(box);
    assert.equal(
      refusalOf(subnet({ cidr: "192.0.3.0/24" })),
      `400 InvalidInput: Invalid input for operation: Requested subnet with cidr: 192.0.3.0/24 for network: ${network} ` +
        "lies outside the ranges of the data centre: 172.18.208.0/24, 10.65.0.0/16, 2001:db8:a41:2::/63.",
    );
    assert.equal(subnet({ cidr: "10.65.7.0/24" }).status, 201);

    const loose = lan({ undeclaredSubnets: "allowed" });
    declare(loose.box);
    assert.equal(loose.subnet({ cidr: "192.0.3.0/24" }).status, 201);
  });
});

describe("gateways", () => {
  test("are answered for by every host, so no machine has their address", () => {
    const { box, network, subnet, port } = lan();
    const id = idOf(subnet({ cidr: "10.0.0.0/24" }));
    const wish = { fixed_ips: [{ ip_address: "10.0.0.1" }] };
    const reason = /^400 InvalidInput: .*10\.0\.0\.1 is the gateway of a subnet: every host answers for it/;
    assert.match(refusalOf(port({ ...wish, device_owner: "compute:nova" })), reason);
    const plain = idOf(port(wish));
    assert.match(refusalOf(box.ask(ADMIN, "PUT", `ports/${plain}`, { port: { device_owner: "compute:nova" } })), reason);

    const machine = addressesOf(port({ device_owner: "compute:nova" }))[0];
    const taken = `409 IpAddressInUse: Unable to complete operation for network ${network}. The IP address ${machine} is in use.`;
    const pools = { allocation_pools: [] };
    assert.equal(refusalOf(box.ask(ADMIN, "PUT", `subnets/${id}`, { subnet: { gateway_ip: machine, ...pools } })), taken);
  });

  test("outside of their block are nobody else's", () => {
    const { box, subnet } = lan();
    subnet({ cidr: "10.0.0.0/24" });
    const elsewhere = on(box);
    const gateway = (gateway_ip: string) => elsewhere.subnet({ cidr: "10.0.1.0/24", gateway_ip });
    assert.match(refusalOf(gateway("10.0.0.77")), /^400 InvalidInput: .*gateway_ip 10\.0\.0\.77 lies outside of 10\.0\.1\.0\/24/);
    const made = gateway("10.9.9.9");
    assert.equal(made.status, 201);
    const change = (gateway_ip: string) => box.ask(ADMIN, "PUT", `subnets/${idOf(made)}`, { subnet: { gateway_ip } });
    assert.match(refusalOf(change("10.0.0.78")), /lies outside of 10\.0\.1\.0\/24/);
    const six = { cidr: "2001:db8:5::/64", ip_version: 6, gateway_ip: "fe80::1" };
    assert.equal(elsewhere.subnet(six).status, 201);
  });

  test("are not what a data centre has for itself, nor are other addresses", () => {
    const { box, network, subnet, port } = lan({ overlappingSubnets: "allowed" });
    const before = subnet({ cidr: "172.18.208.0/24" });
    const read = readDataCenter({
      ...SAMPLE,
      gateways: SAMPLE.gateways.map((gateway) => ({ ...gateway, pnat: "172.18.208.8-172.18.208.11" })),
    });
    assert.ok(read.ok);
    box.cloud.apply("datacenter/this", read.value);
    box.cloud.apply(`quota/${ADMIN.project}`, { project_id: ADMIN.project, subnet: -1, network: -1, floatingip: -1 });
    const own = /the data centre needs it for itself/;
    for (const gateway_ip of ["192.168.100.1", "198.51.100.1", "2001:db8:a41:f::5"]) {
      const family = gateway_ip.includes(":") ? { cidr: "2001:db8:a41:2::/64", ip_version: 6 } : { cidr: "10.65.1.0/24" };
      assert.match(refusalOf(subnet({ ...family, gateway_ip })), own, gateway_ip);
    }
    assert.match(refusalOf(subnet({ cidr: "10.65.1.0/24", gateway_ip: "203.0.113.1" })), /lies outside of 10\.65\.1\.0\/24/);
    const change = (said: object) => box.ask(ADMIN, "PUT", `subnets/${idOf(before)}`, { subnet: said });
    assert.match(refusalOf(change({ allocation_pools: [{ start: "172.18.208.5", end: "172.18.208.20" }] })), own);
    assert.match(refusalOf(change({ gateway_ip: "172.18.208.9", allocation_pools: [] })), own);
    assert.match(refusalOf(port({ fixed_ips: [{ ip_address: "172.18.208.10" }] })), own);
    box.ask(ADMIN, "PUT", `networks/${network}`, { network: { "router:external": true } });
    const manager = { ...MEMBER, roles: ["manager"] };
    box.cloud.apply(`quota/${MEMBER.project}`, { project_id: MEMBER.project, floatingip: -1 });
    const floating = (floating_ip_address: string) =>
      refusalOf(box.ask(manager, "POST", "floatingips", { floatingip: { floating_network_id: network, floating_ip_address } }));
    assert.match(floating("172.18.208.10"), own);
    assert.match(floating("172.18.208.1"), /is the gateway of a subnet/);
  });

  test("are not others' addresses, where blocks overlap", () => {
    const { box, subnet, port } = lan({ overlappingSubnets: "allowed" });
    subnet({ cidr: "10.0.0.0/24" });
    const [address] = addressesOf(port({}));
    const elsewhere = on(box);
    assert.match(refusalOf(elsewhere.subnet({ cidr: "10.0.0.0/24", gateway_ip: address })), /^409 IpAddressInUse/);
    // Interfaces of routers may share it; what is no interface any more may not.
    const two = elsewhere.subnet({ cidr: "10.0.0.0/24", gateway_ip: "10.0.0.1" });
    assert.equal(two.status, 201);
    const wish = { fixed_ips: [{ ip_address: "10.0.0.1" }], device_owner: "network:router_interface" };
    const [one, other] = [port(wish), elsewhere.port(wish)].map(idOf);
    const plain = (id: string | undefined) => box.ask(ADMIN, "PUT", `ports/${id}`, { port: { device_owner: "" } });
    assert.match(refusalOf(plain(one)), /^409 IpAddressAlreadyAllocated/);
    assert.equal(box.ask(ADMIN, "DELETE", `ports/${other}`).status, 204);
    assert.equal(plain(one).status, 200);
  });
});

describe("host routes", () => {
  const ROUTES = [{ destination: "10.9.0.0/24", nexthop: "10.0.0.5" }];
  const dead =
    "400 InvalidInput: Invalid input for operation: Host route to 10.9.0.0/24: every packet is routed by its destination alone, " +
    "so 10.0.0.5 would never see it; the next hop can be the gateway 10.0.0.1 only.";

  test("lead by way of the gateway; another next hop would never see the traffic, and is refused", () => {
    const { box, subnet } = lan();
    assert.equal(refusalOf(subnet({ cidr: "10.0.0.0/24", host_routes: ROUTES })), dead);
    assert.match(refusalOf(subnet({ cidr: "10.0.0.0/24", gateway_ip: null, host_routes: ROUTES })), /can be a router's interface only\.$/);
    const made = subnet({ cidr: "10.0.0.0/24", host_routes: [{ destination: "10.9.0.0/24", nexthop: "10.0.0.1" }] });
    assert.equal(made.status, 201);
    const change = (said: Fields) => box.ask(ADMIN, "PUT", `subnets/${idOf(made)}`, { subnet: said });
    assert.equal(refusalOf(change({ host_routes: ROUTES })), dead);
    assert.match(refusalOf(change({ gateway_ip: "10.0.0.9", allocation_pools: [] })), /10\.0\.0\.1 would never see it/);
    assert.equal(change({ gateway_ip: "10.0.0.5", host_routes: ROUTES, allocation_pools: [] }).status, 200);
  });

  test("may lead by way of a router's interface", () => {
    const { box, subnet, port } = lan();
    const id = idOf(subnet({ cidr: "10.0.0.0/24" }));
    const change = () => box.ask(ADMIN, "PUT", `subnets/${id}`, { subnet: { host_routes: ROUTES } });
    assert.equal(refusalOf(change()), dead);
    port({ device_owner: "network:router_interface", fixed_ips: [{ ip_address: "10.0.0.5" }] });
    assert.equal(change().status, 200);
  });

  test("are told as they are where operators want it, and stay when other things change", () => {
    const { box, subnet } = lan({ deadNextHops: "allowed" });
    const made = subnet({ cidr: "10.0.0.0/24", host_routes: [{ destination: "10.20.0.0/32", nexthop: "10.100.1.1" }] });
    assert.deepEqual(shownIn(made, "subnet")["host_routes"], [{ destination: "10.20.0.0/32", nexthop: "10.100.1.1" }]);
    assert.equal(box.ask(ADMIN, "PUT", `subnets/${idOf(made)}`, { subnet: { name: "x" } }).status, 200);
  });
});

describe("subnets for devices of certain kinds", () => {
  const nova = (said: Fields = {}) => ({ device_owner: "compute:nova", ...said });

  test("give addresses to these first, and to no others", () => {
    const { network, subnet, port } = lan();
    subnet({ cidr: "10.0.0.0/24", service_types: ["compute:nova", "network:dhcp"] });
    assert.equal(
      refusalOf(port({ device_owner: "compute:other" })),
      "409 IpAddressGenerationFailureNoMatchingSubnet: No valid service subnet for the given device owner, " +
        `network ${network}, service type compute:other.`,
    );
    subnet({ cidr: "10.0.1.0/24" });
    assert.match(String(addressesOf(port(nova()))), /^10\.0\.0\./);
    assert.match(String(addressesOf(port({ device_owner: "compute:other" }))), /^10\.0\.1\./);
    assert.match(String(addressesOf(port())), /^10\.0\.1\./);
  });

  test("help one another out, the ones for any last", () => {
    const { subnet, port } = lan();
    subnet({ cidr: "10.0.1.0/30" });
    subnet({ cidr: "10.0.0.0/30", service_types: ["compute:nova"] });
    assert.deepEqual([port(nova()), port(nova())].flatMap(addressesOf), ["10.0.0.2", "10.0.1.2"]);
  });

  test("give whoever names them an address, and follow the MAC of these alone", () => {
    const { box, subnet, port } = lan();
    const id = idOf(subnet({ cidr: "10.0.0.0/24", service_types: ["compute:nova"] }));
    subnet({ ...SLAAC, service_types: ["compute:nova"] });
    assert.match(String(addressesOf(port({ fixed_ips: [{ subnet_id: id }] }))), /^10\.0\.0\.\d+$/);
    assert.equal(addressesOf(port(nova())).length, 2);
    assert.equal(box.ask(ADMIN, "PUT", `subnets/${id}`, { subnet: { service_types: null } }).status, 200);
    assert.equal(addressesOf(port()).length, 1);
  });

  test("name owners of devices", () => {
    const { subnet } = lan();
    const wrong = (types: unknown) => refusalOf(subnet({ cidr: "10.0.0.0/24", service_types: types }));
    assert.equal(
      wrong(["cinder:x"]),
      "400 InvalidSubnetServiceType: Subnet service type cinder:x does not correspond to a valid device owner.",
    );
    assert.equal(wrong([7]), "400 InvalidInputSubnetServiceType: Subnet service type 7 is not a string.");
    assert.match(wrong("compute:nova"), /^400 HTTPBadRequest: /);
  });
});

describe("a subnet", () => {
  test("is found by whether its network is shared, and does not tell", () => {
    const { box, network, subnet } = lan();
    subnet({ cidr: "10.0.0.0/24" });
    box.ask(ADMIN, "PUT", `networks/${network}`, { network: { shared: true } });
    const found = (query: string) => allIn(box.ask(MEMBER, "GET", `subnets?${query}`), "subnets");
    assert.equal(found("shared=true").length, 1);
    assert.equal(found("shared=false").length, 0);
    assert.ok(!("shared" in (found("")[0] ?? {})));
  });

  test("has each name server once", () =>
    assert.equal(
      refusalOf(lan().subnet({ cidr: "10.0.0.0/24", dns_nameservers: ["192.0.2.53", "192.0.2.53"] })),
      "400 HTTPBadRequest: Invalid input for dns_nameservers. Reason: Duplicate nameserver '192.0.2.53'.",
    ));

  test("ends with the ports that the network's services made for themselves, not with others", () => {
    const { box, subnet, port } = lan();
    const id = idOf(subnet({ cidr: "10.0.0.0/24" }));
    const service = idOf(port({ device_owner: "network:dhcp" }));
    const other = idOf(port());
    assert.match(refusalOf(box.ask(ADMIN, "DELETE", `subnets/${id}`)), /^409 SubnetInUse: /);
    box.ask(ADMIN, "DELETE", `ports/${other}`);
    assert.equal(box.ask(ADMIN, "DELETE", `subnets/${id}`).status, 204);
    assert.deepEqual(box.cloud.get("port", service)?.fixed_ips, []);
  });

  test("of stateful DHCPv6 lets a port keep its address when the MAC changes", () => {
    const { box, subnet, port } = lan();
    subnet({ ip_version: 6, cidr: "2001:db8::/64", ipv6_ra_mode: "dhcpv6-stateful", ipv6_address_mode: "dhcpv6-stateful" });
    const made = port();
    const after = box.ask(ADMIN, "PUT", `ports/${idOf(made)}`, { port: { mac_address: "fa:16:3e:00:00:09" } });
    assert.deepEqual(addressesOf(after), addressesOf(made));
  });
});
