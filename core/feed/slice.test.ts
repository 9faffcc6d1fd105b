import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN, sandbox } from "../neutron/sandbox.ts";
import type { Sandbox } from "../neutron/sandbox.ts";
import type { Items, Role } from "./item.ts";
import { slice } from "./slice.ts";
import { alive } from "./status.ts";

/** Makes one, through the API; answers its id. */
function made(box: Sandbox, plural: string, fields: object): string {
  const name = plural.slice(0, -1).replaceAll("-", "_");
  const { status, body } = box.ask(ADMIN, "POST", plural, { [name]: fields });
  assert.equal(status, 201, JSON.stringify(body));
  return (body as Record<string, { id: string }>)[name]?.id ?? "";
}

/** A cloud with a host, a network, and two groups of which `web` lets `db` in. */
function cloud() {
  const box = sandbox();
  for (const host of ["h1", "h2"]) served(box, host);
  const network = made(box, "networks", { name: "internal", shared: true, mtu: 1450, dns_domain: "example." });
  const subnet = made(box, "subnets", { network_id: network, ip_version: 4, cidr: "10.65.0.0/16", dns_nameservers: ["203.0.113.53"] });
  const [web, db] = [made(box, "security-groups", { name: "web" }), made(box, "security-groups", { name: "db" })];
  const rule = (fields: object) => made(box, "security-group-rules", { security_group_id: web, direction: "ingress", ...fields });
  rule({ protocol: "tcp", port_range_min: 80, port_range_max: 80, remote_group_id: db });
  rule({ protocol: "TCP", port_range_min: 443, port_range_max: 443, remote_ip_prefix: "0.0.0.0/0" });
  rule({ ethertype: "IPv6", protocol: "icmp", port_range_min: 128, remote_ip_prefix: "2001:db8::1/64" });
  rule({ ethertype: "IPv6", protocol: "icmp", port_range_min: 128, remote_ip_prefix: "2001:db8::2/64" });
  const port = (host: string, groups: readonly string[], fields: object = {}) =>
    made(box, "ports", { network_id: network, "binding:host_id": host, security_groups: groups, ...fields });
  return { box, network, subnet, web, db, port };
}

function served(box: Sandbox, host: string): void {
  const decided = alive({ op: "hello", host, role: "compute", started_at: box.time.now })(box.cloud, {
    now: box.time.now,
    uuid: () => host,
    below: () => 0n,
  });
  for (const { key, row } of decided.ok ? decided.value.writes : []) box.cloud.apply(key, row);
}

function told(box: Sandbox, host: string, role: Role = "compute") {
  const items = slice(box.cloud, host, role);
  const values = <K extends keyof Items>(kind: K) =>
    [...items].flatMap(([key, value]) => (key.startsWith(`${kind}/`) ? [value as Items[K]] : []));
  return { keys: [...items.keys()].toSorted(), values };
}

test("a host is told of the ports that are bound to it, in its own words", () => {
  const { box, network, subnet, web, port } = cloud();
  const fixed_ips = [{ subnet_id: subnet, ip_address: "10.65.0.9" }];
  const pairs = [{ ip_address: "10.65.1.0/24", mac_address: "02:00:00:00:00:99" }, { ip_address: "10.65.9.9" }];
  const options = [{ opt_name: "domain-search", opt_value: "example" }];
  const id = port("h1", [web], {
    fixed_ips,
    mac_address: "fa:16:3e:00:00:01",
    allowed_address_pairs: pairs,
    extra_dhcp_opts: options,
    dns_name: "www",
    device_id: "server-1",
  });
  port("h2", [web]);
  port("", [web]);
  assert.deepEqual(told(box, "h1").values("endpoint"), [
    {
      port_id: id,
      host: "h1",
      moves: 0,
      claims: [{ ip: "10.65.9.9", macs: ["fa:16:3e:00:00:01"], mac: "fa:16:3e:00:00:01", turn: 0, held: true }],
      network_id: network,
      tap: `tap${id.slice(0, 11)}`,
      mac: "fa:16:3e:00:00:01",
      addresses: [{ ip: "10.65.0.9", subnet_id: subnet }],
      pairs: [
        { prefix: "10.65.1.0/24", mac: "02:00:00:00:00:99" },
        { prefix: "10.65.9.9/32", mac: "fa:16:3e:00:00:01" },
      ],
      groups: [web],
      port_security: true,
      admin_state_up: true,
      instance: { id: "server-1", project: ADMIN.project ?? "" },
      hostname: "www",
      dhcp_options: [{ name: "domain-search", value: "example", family: 4 }],
      limits: [],
      floating: [],
    },
  ]);
});

test("a host that a VM is about to move to is told its port as well, and that it is still elsewhere; the one that it left is not", () => {
  const { box, web, port } = cloud();
  const id = port("h1", [web], { device_owner: "compute:nova" });
  const hosts = () =>
    ["h1", "h2"].map((host) =>
      told(box, host)
        .values("endpoint")
        .map((endpoint) => endpoint.host)
        .join(),
    );
  const ask = (method: string, below: string, body?: object) => box.ask(ADMIN, method, `ports/${id}${below}`, body);
  ask("POST", "/bindings", { binding: { host: "h2" } });
  assert.deepEqual(hosts(), ["h1", "h1"]);
  assert.ok(told(box, "h2").keys.includes(`group/${web}`));
  ask("PUT", "/bindings/h2/activate");
  assert.deepEqual(hosts(), ["", "h2"]);
  ask("DELETE", "/bindings/h1");
  ask("PUT", "", { port: { "binding:profile": { migrating_to: "h1" } } });
  assert.deepEqual(hosts(), ["h2", "h2"]);
  ask("PUT", "", { port: { "binding:profile": {} } });
  assert.deepEqual(hosts(), ["", "h2"]);
});

test("a domain of its own is what its guest is told, unless an option says otherwise", () => {
  const { box, port } = cloud();
  port("h1", [], { dns_domain: "shop.example.", extra_dhcp_opts: [{ opt_name: "domain-search", opt_value: "a.example" }] });
  assert.deepEqual(told(box, "h1").values("endpoint")[0]?.dhcp_options, [
    { name: "domain-name", value: "shop.example", family: 4 },
    { name: "domain-search", value: "a.example", family: 4 },
  ]);
});

test("it is told of all subnets, and of nothing else that its endpoints do not need", () => {
  const { box, network, subnet, web, db, port } = cloud();
  port("h2", [db]);
  assert.deepEqual(told(box, "h1").keys, [`subnet/${subnet}`]);
  assert.deepEqual(told(box, "h1").values("subnet"), [
    {
      id: subnet,
      network_id: network,
      cidr: "10.65.0.0/16",
      gateway_ip: "10.65.0.1",
      enable_dhcp: true,
      dns_nameservers: ["203.0.113.53"],
      host_routes: [],
      ipv6_mode: null,
      mtu: 1450,
      dns_domain: "example.",
    },
  ]);
  const id = port("h1", [web]);
  assert.deepEqual(
    told(box, "h1").keys.map((key) => key.split("/")[0]),
    ["endpoint", "group", "member", "subnet"],
  );
  box.ask(ADMIN, "PUT", `ports/${id}`, { port: { security_groups: [] } });
  assert.deepEqual(told(box, "h1").keys, [`endpoint/${id}`, `subnet/${subnet}`]);
});

test("rules are canonical: equal ones are one, a remote of everything is none, protocols are numbers", () => {
  const { box, web, db, port } = cloud();
  port("h1", [web]);
  const any = { protocol: null, port_range_min: null, port_range_max: null, remote: null };
  const tcp = (port_range: number) => ({
    direction: "ingress",
    family: 4,
    protocol: 6,
    port_range_min: port_range,
    port_range_max: port_range,
  });
  const [group] = told(box, "h1").values("group");
  const texts = group?.rules.map((rule) => JSON.stringify(rule)) ?? [];
  assert.deepEqual(texts, texts.toSorted());
  assert.equal(texts.length, 5);
  assert.deepEqual(
    new Set(group?.rules),
    new Set([
      { direction: "egress", family: 4, ...any },
      { direction: "egress", family: 6, ...any },
      { ...tcp(80), remote: { group: db } },
      { ...tcp(443), remote: null },
      { direction: "ingress", family: 6, protocol: 58, port_range_min: 128, port_range_max: null, remote: { prefix: "2001:db8::/64" } },
    ]),
  );
});

test("of a group that a rule names it is told the addresses, wherever its ports are, and single address pairs", () => {
  const { box, subnet, web, db, port } = cloud();
  const at = (ip: string) => ({ fixed_ips: [{ subnet_id: subnet, ip_address: ip }] });
  port("h2", [db], { ...at("10.65.0.20"), allowed_address_pairs: [{ ip_address: "10.65.0.100" }, { ip_address: "10.66.0.0/16" }] });
  port("", [db], at("10.65.0.21"));
  port("h2", [web], at("10.65.0.22"));
  assert.deepEqual(told(box, "h1").values("member"), []);
  port("h1", [web], at("10.65.0.23"));
  assert.deepEqual(
    told(box, "h1").keys.filter((key) => key.startsWith("member/")),
    ["100", "20", "21"].map((end) => `member/${db} 10.65.0.${end}`),
  );
});

test("whoever hears what hosts announce is told what they may, and nothing else of the cloud", () => {
  const { box, web, port } = cloud();
  const id = port("h1", [web], { fixed_ips: [{ ip_address: "10.65.0.9" }], allowed_address_pairs: [{ ip_address: "10.65.9.9" }] });
  port("", [web]);
  for (const [peering, hearing] of [
    ["reflectors", ["reflector"]],
    ["direct", ["gateway", "reflector"]],
    ["mesh", ["compute", "gateway", "reflector"]],
  ] as const) {
    box.cloud.apply("datacenter/this", { name: "guide", fabric: { peering }, gateways: [] });
    for (const role of ["compute", "gateway", "reflector"] as const) {
      const keys = told(box, "m", role).keys.filter((key) => !key.startsWith("subnet/"));
      const isHearing = hearing.some((each) => each === role);
      assert.deepEqual(keys, [...(isHearing ? [`assignment/${id}`] : []), "datacenter/this"], `${role}, ${peering}`);
    }
  }
  assert.deepEqual(told(box, "m", "reflector").values("assignment"), [
    { port_id: id, hosts: ["h1"], addresses: ["10.65.0.9", "10.65.9.9"] },
  ]);
  assert.ok(told(box, "h1").keys.includes("datacenter/this"));
});

test("while a VM moves, both hosts may announce its addresses; before and after it, one", () => {
  const { box, port } = cloud();
  const id = port("h1", [], { device_owner: "compute:nova" });
  const hosts = () => told(box, "m", "reflector").values("assignment")[0]?.hosts;
  const ask = (method: string, path: string, body?: object) => box.ask(ADMIN, method, `ports/${id}${path}`, body);
  assert.deepEqual(hosts(), ["h1"]);
  ask("POST", "/bindings", { binding: { host: "h2" } });
  assert.deepEqual(hosts(), ["h1", "h2"]);
  ask("PUT", "/bindings/h2/activate");
  ask("DELETE", "/bindings/h1");
  assert.deepEqual(hosts(), ["h2"]);
  ask("PUT", "", { port: { "binding:host_id": "" } });
  assert.equal(hosts(), undefined);
});

test("of an address group that a rule names it is told the prefixes", () => {
  const { box, web, db, port } = cloud();
  const office = made(box, "address-groups", { addresses: ["2001:db8::/32", "192.0.2.0/24"] });
  made(box, "security-group-rules", { security_group_id: web, direction: "ingress", remote_address_group_id: office });
  port("h1", [web]);
  port("h2", [db]);
  assert.deepEqual(told(box, "h1").values("address_group"), [{ id: office, prefixes: ["192.0.2.0/24", "2001:db8::/32"] }]);
  assert.deepEqual(told(box, "h2").values("address_group"), []);
  const [rule] = told(box, "h1")
    .values("group")
    .flatMap(({ rules }) => rules.filter(({ remote }) => remote !== null && "address_group" in remote));
  assert.deepEqual(rule?.remote, { address_group: office });
});
