/** Ports: their addresses by request, what guards them, and who serves them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADMIN, allIn, idOf, MEMBER, OTHER, refusalOf, sandbox, SERVICE, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";
import type { ApiResponse } from "./api-types.ts";
import type { Who } from "../policy/who.ts";

interface Lan {
  readonly box: Sandbox;
  readonly network: string;
  readonly subnet: string;
  /** A port of the network's owner, or of another. */
  port(said?: Fields, who?: Who): ApiResponse;
  change(id: string, said: Fields, who?: Who): ApiResponse;
}

/** A network of MEMBER's project with 10.0.0.0/24. */
function lan(said: Fields = {}): Lan {
  const box = sandbox();
  const network = idOf(box.ask(ADMIN, "POST", "networks", { network: { project_id: MEMBER.project, ...said } }));
  const subnet = idOf(box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, ip_version: 4, cidr: "10.0.0.0/24" } }));
  return {
    box,
    network,
    subnet,
    port: (more = {}, who = MEMBER) => box.ask(who, "POST", "ports", { port: { network_id: network, ...more } }),
    change: (id, more, who = MEMBER) => box.ask(who, "PUT", `ports/${id}`, { port: more }),
  };
}

const port = (response: ApiResponse) => shownIn(response, "port");
const addressesOf = (response: ApiResponse) => (port(response)["fixed_ips"] as readonly Fields[]).map((fixed) => fixed["ip_address"]);
const MISSING = "00000000-0000-4000-8000-00000000dead";

describe("addresses that a port asks for", () => {
  test("by address, by subnet, by both", () => {
    const { port: make, subnet } = lan();
    assert.deepEqual(addressesOf(make({ fixed_ips: [{ ip_address: "10.0.0.50" }] })), ["10.0.0.50"]);
    assert.equal(addressesOf(make({ fixed_ips: [{ subnet_id: subnet }, { subnet_id: subnet, ip_address: "10.0.0.51" }] })).length, 2);
    assert.equal(new Set(addressesOf(make({ fixed_ips: [{ subnet_id: subnet }, { subnet_id: subnet }] }))).size, 2);
  });

  test("none are asked for: none are given", () => {
    const shown = port(lan().port({ fixed_ips: [] }));
    assert.deepEqual([shown["fixed_ips"], shown["ip_allocation"]], [[], "none"]);
  });

  test("a network without subnets gives none", () => {
    const { box } = lan();
    const bare = idOf(box.ask(MEMBER, "POST", "networks", { network: {} }));
    const shown = port(box.ask(MEMBER, "POST", "ports", { port: { network_id: bare } }));
    assert.deepEqual([shown["fixed_ips"], shown["ip_allocation"]], [[], "immediate"]);
    const wish = { port: { network_id: bare, fixed_ips: [{ ip_address: "10.0.0.9" }] } };
    assert.equal(
      refusalOf(box.ask(MEMBER, "POST", "ports", wish)),
      "400 InvalidInput: Invalid input for operation: IP allocation requires subnets for network.",
    );
  });

  test("outside the pools is allowed, as long as a host can have it", () => {
    const { port: make } = lan();
    assert.deepEqual(addressesOf(make({ fixed_ips: [{ ip_address: "10.0.0.1" }] })), ["10.0.0.1"]);
    for (const edge of ["10.0.0.0", "10.0.0.255", "10.9.0.1"])
      assert.match(
        refusalOf(make({ fixed_ips: [{ ip_address: edge }] })),
        /^400 InvalidIpForNetwork: IP address .* is not a valid IP for any/,
      );
  });

  test("what is taken, elsewhere, or nonsense is refused", () => {
    const { box, port: make, subnet, network } = lan();
    make({ fixed_ips: [{ ip_address: "10.0.0.50" }] });
    const refused = (wish: Fields) => refusalOf(make({ fixed_ips: [wish] }));
    assert.equal(
      refused({ ip_address: "10.0.0.50" }),
      `409 IpAddressAlreadyAllocated: IP address 10.0.0.50 already allocated in subnet ${subnet}`,
    );
    assert.equal(
      refused({ subnet_id: subnet, ip_address: "10.0.1.5" }),
      "400 InvalidIpForSubnet: IP address 10.0.1.5 is not a valid IP for the specified subnet.",
    );
    assert.match(
      refusalOf(make({ fixed_ips: [{ ip_address: "10.0.0.60" }, { subnet_id: subnet, ip_address: "10.0.0.60" }] })),
      /^409 IpAddressAlreadyAllocated: IP address 10\.0\.0\.60/,
    );
    assert.match(
      refusalOf(make({ fixed_ips: Array.from({ length: 101 }, () => ({ subnet_id: subnet })) })),
      /^400 HTTPBadRequest: .*Exceeded maximum/,
    );
    assert.equal(refused({}), "400 InvalidInput: Invalid input for operation: IP allocation requires subnet_id or ip_address.");
    assert.equal(refused({ subnet_id: MISSING }), `404 SubnetNotFound: Subnet ${MISSING} could not be found.`);
    const other = idOf(box.ask(MEMBER, "POST", "networks", { network: {} }));
    const far = idOf(box.ask(MEMBER, "POST", "subnets", { subnet: { network_id: other, ip_version: 4, cidr: "10.1.0.0/24" } }));
    assert.equal(
      refused({ subnet_id: far }),
      `400 InvalidInput: Invalid input for operation: Failed to create port on network ${network}, because fixed_ips included invalid subnet ${far}.`,
    );
  });

  test("a change replaces the list; a subnet that is named keeps the address that is there", () => {
    const { port: make, change, subnet } = lan();
    const made = make();
    const [before] = addressesOf(made);
    const after = addressesOf(change(idOf(made), { fixed_ips: [{ subnet_id: subnet }, { ip_address: "10.0.0.77" }] }));
    assert.deepEqual(after.toSorted(), [before, "10.0.0.77"].toSorted());
    assert.deepEqual(addressesOf(change(idOf(made), { fixed_ips: [{ ip_address: "10.0.0.77" }] })), ["10.0.0.77"]);
    assert.deepEqual(addressesOf(make({ fixed_ips: [{ ip_address: before }] })), [before], "what was let go is free");
  });

  test("automatic subnets give the address of the MAC, always and no other", () => {
    const { box, network, port: make, change } = lan();
    const said = { network_id: network, ip_version: 6, cidr: "2001:db8::/64", ipv6_address_mode: "slaac", ipv6_ra_mode: "slaac" };
    const auto = idOf(box.ask(MEMBER, "POST", "subnets", { subnet: said }));
    const made = make({ mac_address: "fa:16:3e:00:00:01", fixed_ips: [] });
    assert.deepEqual(addressesOf(made), ["2001:db8::f816:3eff:fe00:1"]);
    assert.match(refusalOf(make({ fixed_ips: [{ subnet_id: auto, ip_address: "2001:db8::5" }] })), /^400 AllocationOnAutoAddressSubnet/);
    assert.deepEqual(addressesOf(change(idOf(made), { mac_address: "fa:16:3e:00:00:02" }, ADMIN)), ["2001:db8::f816:3eff:fe00:2"]);
  });

  test("one of each family, unasked", () => {
    const { box, network, port: make } = lan();
    box.ask(MEMBER, "POST", "subnets", { subnet: { network_id: network, ip_version: 6, cidr: "2001:db8::/64" } });
    assert.deepEqual(
      addressesOf(make()).map((address) => String(address).includes(":")),
      [false, true],
    );
  });
});

describe("MAC addresses", () => {
  test("any form is read; one is unique on its network; null asks for a new one", () => {
    const { port: make, change } = lan();
    const made = make({ mac_address: "FA-16-3E-AA-BB-CC" });
    assert.equal(port(made)["mac_address"], "fa:16:3e:aa:bb:cc");
    assert.match(
      refusalOf(make({ mac_address: "fa16.3eaa.bbcc" })),
      /^409 MacAddressInUse: .*The mac address fa:16:3e:aa:bb:cc is in use\.$/,
    );
    assert.equal(
      refusalOf(make({ mac_address: "00:00:00:00:00:00" })),
      "400 HTTPBadRequest: Invalid input for mac_address. Reason: '00:00:00:00:00:00' is not a valid MAC address.",
    );
    assert.notEqual(port(change(idOf(made), { mac_address: null }, ADMIN))["mac_address"], "fa:16:3e:aa:bb:cc");
  });
});

describe("port security", () => {
  test("a port is in its project's default group unless it says otherwise", () => {
    const { box, port: make } = lan();
    const group = () => [...box.cloud.by("security_group", "project_id", MEMBER.project)].map(({ id }) => id);
    assert.deepEqual(port(make())["security_groups"], group());
    assert.deepEqual(port(make({ security_groups: [] }))["security_groups"], []);
    assert.deepEqual(port(make({ security_groups: null }))["security_groups"], []);
    assert.deepEqual(port(make({ device_owner: "network:dhcp" }))["security_groups"], []);
  });

  test("groups must be there for the asker", () => {
    const { box, port: make } = lan();
    const foreign = idOf(box.ask(OTHER, "POST", "security-groups", { security_group: { name: "web" } }));
    for (const id of [foreign, MISSING])
      assert.equal(refusalOf(make({ security_groups: [id] })), `404 SecurityGroupNotFound: Security group ${id} does not exist`);
  });

  test("it is inherited from the network, and off for devices of the network", () => {
    assert.equal(port(lan({ port_security_enabled: false }).port())["port_security_enabled"], false);
    assert.equal(port(lan().port({ device_owner: "network:dhcp" }))["port_security_enabled"], false);
  });

  test("groups and pairs need it", () => {
    const { box, port: make, change } = lan();
    const [group] = [idOf(box.ask(MEMBER, "POST", "security-groups", { security_group: { name: "web" } }))];
    assert.match(
      refusalOf(make({ port_security_enabled: false, security_groups: [group] })),
      /^400 PortSecurityAndIPRequiredForSecurityGroups/,
    );
    assert.match(
      refusalOf(make({ port_security_enabled: false, allowed_address_pairs: [{ ip_address: "10.0.0.9" }] })),
      /^409 AddressPairAndPortSecurityRequired/,
    );
    const id = idOf(make());
    assert.match(refusalOf(change(id, { port_security_enabled: false })), /^409 PortSecurityPortHasSecurityGroup/);
    assert.equal(port(change(id, { port_security_enabled: false, security_groups: [] }))["port_security_enabled"], false);
    assert.match(refusalOf(change(id, { security_groups: [group] })), /^400 PortSecurityAndIPRequiredForSecurityGroups/);
    assert.deepEqual(
      port(change(id, { port_security_enabled: true }))["security_groups"],
      [],
      "the default group does not come back by itself",
    );
  });

  test("address pairs get the port's MAC; multicast, duplicates and more than ten are refused", () => {
    const { port: make } = lan();
    const pairs = (...addresses: readonly string[]) =>
      make({ mac_address: "fa:16:3e:00:00:01", allowed_address_pairs: addresses.map((ip_address) => ({ ip_address })) });
    assert.match(refusalOf(pairs("10.0.0.9", "10.0.0.9")), /^400 DuplicateAddressPairInRequest/);
    for (const many of ["224.0.0.18", "239.1.0.0/16", "ff02::1"])
      assert.match(refusalOf(pairs(many)), /^400 HTTPBadRequest: Invalid input for allowed_address_pairs.*is a multicast address/);
    assert.match(
      refusalOf(make({ allowed_address_pairs: [{ ip_address: "10.0.0.9", mac_address: "01:00:5e:00:00:01" }] })),
      /'01:00:5e:00:00:01' is a multicast address/,
    );
    assert.equal(
      port(make({ allowed_address_pairs: [{ ip_address: "0.0.0.0/0" }] }))["status"],
      "DOWN",
      "everything is not only multicast",
    );
    assert.equal(
      refusalOf(make({ allowed_address_pairs: [{ mac_address: "fa:16:3e:00:00:01" }] })),
      "400 AllowedAddressPairsMissingIP: AllowedAddressPair must contain ip_address",
    );
    assert.match(refusalOf(pairs(...Array.from({ length: 11 }, (_, at) => `10.0.0.${at + 1}`))), /^400 AllowedAddressPairExhausted/);
    assert.deepEqual(port(pairs("10.0.9.0/24"))["allowed_address_pairs"], [
      { mac_address: "fa:16:3e:00:00:01", ip_address: "10.0.9.0/24" },
    ]);
  });
});

describe("on somebody else's shared network", () => {
  const says: readonly (readonly [Fields, string | undefined])[] = [
    [{}, undefined],
    [
      { fixed_ips: [{ ip_address: "10.0.0.9" }] },
      "(rule:create_port and (rule:create_port:fixed_ips and rule:create_port:fixed_ips:ip_address))",
    ],
    [{ mac_address: "fa:16:3e:00:00:01" }, "(rule:create_port and rule:create_port:mac_address)"],
    [{ port_security_enabled: false }, "(rule:create_port and rule:create_port:port_security_enabled)"],
    [{ device_owner: "network:dhcp" }, "(rule:create_port and rule:create_port:device_owner)"],
    [{ device_owner: "compute:nova" }, undefined],
    [{ "binding:host_id": "h1" }, "(rule:create_port and rule:create_port:binding:host_id)"],
  ];
  for (const [said, rule] of says) {
    test(`${JSON.stringify(said)} is ${rule === undefined ? "allowed" : "refused"}`, () => {
      const made = lan({ shared: true }).port(said, OTHER);
      if (rule === undefined) assert.equal(made.status, 201);
      else assert.equal(refusalOf(made), `403 PolicyNotAuthorized: ${rule} is disallowed by policy`);
    });
  }

  test("a subnet may be named", () => {
    const { port: make, subnet } = lan({ shared: true });
    assert.equal(make({ fixed_ips: [{ subnet_id: subnet }] }, OTHER).status, 201);
  });

  test("the network's owner sees and deletes ports there; others see their own", () => {
    const { box, port: make } = lan({ shared: true });
    const id = idOf(make({}, OTHER));
    make();
    assert.equal(allIn(box.ask(OTHER, "GET", "ports"), "ports").length, 1);
    assert.equal(allIn(box.ask(MEMBER, "GET", "ports"), "ports").length, 2);
    assert.equal(box.ask(MEMBER, "DELETE", `ports/${id}`).status, 204);
  });
});

describe("binding", () => {
  const bound = () => {
    const it = lan();
    it.box.cloud.apply("agent/h1", agentRow("h1", it.box.time.now));
    it.box.cloud.apply("agent/h2", agentRow("h2", it.box.time.now));
    return it;
  };
  const agentRow = (host: string, heard: string, role = "compute") => ({
    id: host,
    host,
    heartbeat_timestamp: heard,
    admin_state_up: true,
    configurations: { role },
  });
  const bindingOf = (response: ApiResponse) => [port(response)["binding:vif_type"], port(response)["status"]];

  test("a live host: tap, the MAC of its end, and DOWN until it is served", () => {
    const { port: make, change } = bound();
    const id = idOf(make({ mac_address: "fa:16:3e:00:00:01" }));
    const answered = change(id, { "binding:host_id": "h1", device_owner: "compute:nova", device_id: "vm" }, ADMIN);
    assert.deepEqual(bindingOf(answered), ["tap", "DOWN"]);
    assert.deepEqual(port(answered)["binding:vif_details"], { port_filter: true, mac_address: "fe:16:3e:00:00:01" });
    assert.equal(port(change(id, { "binding:host_id": "h1" }, SERVICE))["binding:vif_type"], "tap");
  });

  test("no agent, a silent one, or none for VMs: binding_failed, and no error", () => {
    const { box, port: make, change } = bound();
    const id = idOf(make());
    const asked = (host: string) => bindingOf(change(id, { "binding:host_id": host }, ADMIN));
    assert.deepEqual(asked("nowhere"), ["binding_failed", "DOWN"]);
    box.cloud.apply("agent/gw", agentRow("gw", box.time.now, "gateway"));
    assert.deepEqual(asked("gw"), ["binding_failed", "DOWN"]);
    box.time.now = "2026-11-23T08:01:15Z";
    assert.deepEqual(asked("h1"), ["tap", "DOWN"], "75 seconds of silence are endured");
    assert.deepEqual(asked(""), ["unbound", "DOWN"]);
    box.time.now = "2026-11-23T08:01:16Z";
    assert.deepEqual(asked("h1"), ["binding_failed", "DOWN"]);
    box.cloud.apply("agent/h1", agentRow("h1", box.time.now));
    assert.deepEqual(asked("h1"), ["tap", "DOWN"], "asked again, it is tried again");
  });

  test("only normal NICs are offered, and others are told why not", () => {
    const { port: make, change } = bound();
    const refused = (vnic: string) => refusalOf(make({ "binding:vnic_type": vnic }, ADMIN));
    assert.match(
      refused("direct"),
      /^400 HTTPBadRequest: Invalid input for binding:vnic_type\. Reason: 'direct' is not offered: its traffic/,
    );
    assert.match(refused("foo"), /Reason: foo is not in valid_values\.$/);
    const id = idOf(make({ "binding:host_id": "h1", "binding:vnic_type": "normal" }, ADMIN));
    assert.match(refusalOf(change(id, { "binding:vnic_type": "macvtap" }, ADMIN)), /'macvtap' is not offered/);
  });

  test("a served port that moves is DOWN again; one that stays is not", () => {
    const { box, port: make, change } = bound();
    const id = idOf(make({ "binding:host_id": "h1" }, ADMIN));
    const row = box.cloud.get("port", id);
    box.cloud.apply(`port/${id}`, { ...row, status: "ACTIVE" });
    assert.deepEqual(bindingOf(change(id, { "binding:host_id": "h1", name: "x" }, ADMIN)), ["tap", "ACTIVE"]);
    assert.deepEqual(bindingOf(change(id, { "binding:host_id": "h2" }, ADMIN)), ["tap", "DOWN"]);
    assert.deepEqual(bindingOf(change(id, { "binding:host_id": null, "binding:profile": null }, ADMIN)), ["unbound", "DOWN"]);
  });

  test("members do not see it, but may ask by host", () => {
    const { box, port: make } = bound();
    make({ "binding:host_id": "h1" }, ADMIN);
    const id = idOf(make());
    assert.deepEqual(
      Object.keys(port(box.ask(MEMBER, "GET", `ports/${id}`))).filter((key) => key.startsWith("binding")),
      ["binding:vnic_type"],
    );
    assert.equal(allIn(box.ask(MEMBER, "GET", "ports?binding:host_id=h1"), "ports").length, 1);
  });

  test("a bound port keeps its MAC", () => {
    const { port: make, change } = bound();
    const id = idOf(make({ "binding:host_id": "h1" }, ADMIN));
    assert.match(refusalOf(change(id, { mac_address: "fa:16:3e:00:00:09" }, ADMIN)), /^409 PortBound: .*port type: tap/);
  });
});

describe("names and DHCP options", () => {
  test("a port is called by its name in its network's domain, or by its address", () => {
    const { port: make } = lan({ dns_domain: "Cloud.Example.org." });
    const [named] = port(make({ dns_name: "Web", fixed_ips: [{ ip_address: "10.0.0.9" }] }))["dns_assignment"] as readonly Fields[];
    assert.deepEqual(named, { ip_address: "10.0.0.9", hostname: "web", fqdn: "web.cloud.example.org." });
    const [unnamed] = port(make({ fixed_ips: [{ ip_address: "10.0.0.10" }] }))["dns_assignment"] as readonly Fields[];
    assert.equal(unnamed?.["fqdn"], "host-10-0-0-10.cloud.example.org.");
    assert.match(refusalOf(make({ dns_name: "not_a_name" })), /^400 HTTPBadRequest: Invalid input for dns_name/);
    const [own] = port(make({ dns_name: "web", dns_domain: "Shop.Example." }))["dns_assignment"] as readonly Fields[];
    assert.equal(own?.["fqdn"], "web.shop.example.", "its own domain comes before its network's");
  });

  test("options are merged by name and family; null takes one away", () => {
    const { port: make, change } = lan();
    const made = make({ extra_dhcp_opts: [{ opt_name: "mtu", opt_value: "1400" }] });
    assert.deepEqual(port(made)["extra_dhcp_opts"], [{ ip_version: 4, opt_name: "mtu", opt_value: "1400" }]);
    const options = (...said: readonly Fields[]) =>
      port(change(idOf(made), { extra_dhcp_opts: said }))["extra_dhcp_opts"] as readonly Fields[];
    assert.equal(options({ opt_name: "tftp-server", opt_value: "10.0.0.3" }).length, 2);
    assert.deepEqual(
      options({ opt_name: "mtu", opt_value: null }).map((option) => option["opt_name"]),
      ["tftp-server"],
    );
    const wrong = [
      { opt_name: "mtu" },
      { opt_name: " ", opt_value: "1" },
      { opt_name: "a", opt_value: "b\nc" },
      { opt_name: "mtu", opt_value: "" },
    ];
    for (const option of wrong)
      assert.match(refusalOf(make({ extra_dhcp_opts: [option] })), /^400 InvalidInput: .*No valid key specs matched for/);
    assert.equal(options({ opt_name: "router", opt_value: "" }).length, 2, "no router is something to say");
    assert.equal((port(change(idOf(made), { extra_dhcp_opts: null }))["extra_dhcp_opts"] as readonly Fields[]).length, 2);
  });
});

describe("what others write of a port", () => {
  test("tags may be given with it", () => {
    const { port: make, change } = lan();
    const made = make({ tags: ["web", "blue"] });
    assert.deepEqual(port(made)["tags"], ["blue", "web"]);
    assert.match(refusalOf(make({ tags: ["a", "a"] })), /Duplicate items in the list: 'a'/);
    assert.match(refusalOf(make({ tags: Array.from({ length: 51 }, (_, at) => `t${at}`) })), /^400 BadRequest: .*limit of 50/);
    assert.match(refusalOf(change(idOf(made), { tags: ["c"] })), /Cannot update read-only attribute tags/);
    assert.match(refusalOf(lan({ shared: true }).port({ tags: ["c"], project_id: "p-third" }, SERVICE)), /rule:create_port:tags/);
  });

  test("the state of the wires is for whoever watches them to say, once it is there", () => {
    const { port: make, change } = lan();
    const watcher: Who = { user: "u-watcher", project: "p-watcher", roles: ["data_plane_integrator", "service"] };
    assert.match(refusalOf(make({ data_plane_status: "DOWN" })), /Attribute 'data_plane_status' not allowed in POST/);
    const id = idOf(make());
    assert.equal(port(change(id, { data_plane_status: "DOWN" }, watcher))["data_plane_status"], "DOWN");
    assert.equal(port(change(id, { data_plane_status: null }, ADMIN))["data_plane_status"], null);
    assert.match(refusalOf(change(id, { data_plane_status: "ACTIVE" })), /^403 .*rule:update_port:data_plane_status/);
    assert.match(refusalOf(change(id, { data_plane_status: "BROKEN" }, ADMIN)), /^400 .*not in valid_values/);
  });
});
