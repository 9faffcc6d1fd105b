import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint, SubnetFact, View } from "../../feed/item.ts";
import { daemon, mustRestart } from "../../kinds/daemon.ts";
import type { Daemon } from "../../kinds/daemon.ts";
import { compileCompute } from "../compute.ts";
import { METADATA_LINK } from "../metadata.ts";
import { cidr, INTERNAL, ip, mac, port, subnet, SUBNETS, viewOf } from "./sample-view.ts";

const A = port(1, ["10.65.0.5", "2001:db8:a41:3::5"]);
const B = port(2, ["10.65.0.6"]);

function dnsmasq(view: View): Daemon {
  const found = compileCompute(view, "h1").daemons.find(({ value }) => value.name === "dnsmasq");
  assert.ok(found !== undefined);
  return found.value;
}

function content(view: View, path: string): string {
  return compileCompute(view, "h1").files.find(({ value }) => value.path === path)?.value.content ?? "";
}

type Subnets = readonly SubnetFact[];
const withSubnets = (subnets: Subnets) => ({ subnets: new Map(subnets.map((each) => [each.id, each])) });

const from = (before: readonly Endpoint[], now: readonly Endpoint[], subnets: readonly [Subnets, Subnets] = [SUBNETS, SUBNETS]) => {
  const [have, want] = [dnsmasq(viewOf(before, withSubnets(subnets[0]))), dnsmasq(viewOf(now, withSubnets(subnets[1])))];
  return daemon.same(want, have) ? "nothing" : mustRestart(want, have) ? "another" : "reload";
};

test("ports come and go by a reload; an address that goes to another MAC or tap takes another dnsmasq, for it remembers leases", () => {
  assert.equal(from([A], [A]), "nothing");
  assert.equal(from([A], [A, B]), "reload");
  assert.equal(from([A, B], [A]), "reload");
  assert.equal(from([A, B], [{ ...A, addresses: B.addresses }]), "another");
  assert.equal(from([A], [{ ...A, tap: "tapother" }]), "another");
  assert.equal(from([A], [{ ...A, mac: mac("fa:16:3e:00:00:77") }]), "another");
  assert.equal(from([A], [{ ...A, hostname: "other" }]), "reload");
  assert.equal(from([A], [{ ...A, groups: [] }]), "nothing");
  assert.equal(dnsmasq(viewOf([A])).succeeds, "beside", "the one serves until the other does");
});

test("what subnets say is a reload, or nothing at all for dnsmasq", () => {
  const changed = (more: Partial<SubnetFact>) => from([A], [A], [SUBNETS, SUBNETS.map((each) => ({ ...each, ...more }))]);
  assert.equal(changed({ dns_nameservers: [ip("192.0.2.53")] }), "reload");
  assert.equal(changed({ host_routes: [{ destination: cidr("192.0.2.0/24"), nexthop: ip("10.65.0.9") }] }), "reload");
  assert.equal(changed({ dns_domain: "other.example." }), "reload");
  const moved = SUBNETS.map((each) => (each.cidr === "10.65.0.0/16" ? { ...each, gateway_ip: ip("10.65.0.254") } : each));
  assert.equal(from([A], [A], [SUBNETS, moved]), "reload");
});

test("a tap that goes takes along what is remembered of an IPv6 guest, who comes with another DUID when it is built anew", () => {
  assert.deepEqual(dnsmasq(viewOf([A, B])).forgetsWith, [A.tap]);
});

test("router advertisements say the MTU of the network that they are for, whatever other networks have", () => {
  const intent = (mtu: number, more: Partial<SubnetFact> = {}) => {
    const subnets = SUBNETS.map((each) => (each.network_id === INTERNAL ? { ...each, mtu, ...more } : each));
    const { sysctls, files, links } = compileCompute(viewOf([A], withSubnets(subnets)), "h1");
    const [conf] = files.flatMap(({ value }) => (value.path === "dnsmasq/dnsmasq.conf" ? [value.content] : []));
    return {
      mtus: sysctls.flatMap(({ value: { path, value } }) => (path.endsWith("/mtu") ? [`${path.split("/")[3]} ${value}`] : [])),
      anchors: links.flatMap(({ value }) => (value.own === undefined || value.name === METADATA_LINK ? [] : [value.name])),
      conf: conf ?? "",
    };
  };
  assert.deepEqual(intent(1500).mtus, ["margay0 1500"]);
  assert.deepEqual(intent(1400).mtus, ["margay0 1500", "margay-1400 1400"]);
  assert.match(intent(1400).conf, new RegExp(`^bridge-interface=margay-1400,${A.tap}$`, "m"));
  assert.deepEqual(intent(1400, { ipv6_mode: "slaac" }).anchors, ["margay0", `margay${INTERNAL.slice(0, 8)}`]);
  assert.equal(intent(1400, { ipv6_mode: "slaac" }).conf, intent(1300, { ipv6_mode: "slaac" }).conf, "an MTU is no configuration");
  assert.deepEqual(intent(9000).mtus, ["margay0 1500", "margay-9000 1500"]);
  assert.match(intent(9000).conf, /^ra-param=margay-9000,mtu:9000,0,1801$/m, "more than the anchor itself has");
});

test("each port is named with its MAC, its addresses and its host name, and nothing that could be read as more", () => {
  assert.equal(
    content(viewOf([A, B]), "dnsmasq/hosts"),
    `fa:16:3e:00:00:01,10.65.0.5,vm-1\nfa:16:3e:00:00:01,tag:${A.tap},[2001:db8:a41:3::5],vm-1\nfa:16:3e:00:00:02,10.65.0.6,vm-2\n`,
  );
  for (const hostname of ["", "a,set:x", "x\ny", "-x", "a b", "é"])
    assert.equal(content(viewOf([{ ...B, hostname }]), "dnsmasq/hosts"), "fa:16:3e:00:00:02,10.65.0.6\n", hostname);
  assert.equal(content(viewOf([{ ...B, hostname: "web.example.org" }]), "dnsmasq/hosts"), "fa:16:3e:00:00:02,10.65.0.6,web\n");
  assert.doesNotMatch(content(viewOf([A]), "dnsmasq/hosts"), /set:/, "a tag here makes dnsmasq 2.90 crash at the next reload");
});

test("a guest asks for itself alone: by the MAC that its message tells, checked or not, before it is asked whether a flow is known", () => {
  const filter = (...endpoints: readonly Endpoint[]) => compileCompute(viewOf(endpoints), "h1").nft.map(({ value }) => value);
  const clients = (...endpoints: readonly Endpoint[]) =>
    filter(...endpoints).flatMap((value) => (value.object === "element" && value.of === "dhcp-clients" ? [value.element] : []));
  const own = [`"${A.tap}" . 0xfa163e000001`, `"${B.tap}" . 0xfa163e000002`];
  assert.deepEqual(clients(A, { ...B, port_security: false }, { ...port(3, ["10.65.0.7"]), admin_state_up: false }), own);
  assert.deepEqual(clients({ ...A, pairs: [{ prefix: cidr("10.65.0.9/32"), mac: B.mac }] }), own.slice(0, 1), "not by a pair's");
  const rules = (name: string) => filter(A).flatMap((value) => (value.object === "chain" && value.name === name ? value.rules : []));
  const toHost = rules("to-host");
  assert.ok(toHost.indexOf("udp dport { 67, 547 } goto to-dhcp") < toHost.indexOf("ct state established,related accept"));
  assert.equal(rules("to-dhcp").at(-1), "goto refused-lease");
  assert.deepEqual(rules("to-dhcp").slice(0, 2), [
    "udp dport 67 update @paced-dhcp4 { iifname limit rate over 20/second burst 100 packets } goto refused-pace",
    "udp dport 547 update @paced-dhcp6 { iifname limit rate over 20/minute burst 40 packets } goto refused-pace",
  ]);
  assert.match(content(viewOf([A]), "dnsmasq/dnsmasq.conf"), /^dhcp-ignore-clid$/m, "what a guest calls itself is not who it is");
});

test("subnets without DHCP, and ports that are down, are not served", () => {
  const subnets = new Map(SUBNETS.map((each) => [each.id, { ...each, enable_dhcp: each.cidr !== "10.65.0.0/16" }]));
  assert.equal(content(viewOf([A, B], { subnets }), "dnsmasq/hosts"), `fa:16:3e:00:00:01,tag:${A.tap},[2001:db8:a41:3::5],vm-1\n`);
  assert.doesNotMatch(content(viewOf([A, B], { subnets }), "dnsmasq/dnsmasq.conf"), /10\.65/);
  assert.equal(content(viewOf([{ ...B, admin_state_up: false }]), "dnsmasq/hosts"), "");
});

test("guests are told the router, the routes, the name servers of their family, the MTU and the domain", () => {
  const routed = SUBNETS.map((each) => ({ ...each, host_routes: [{ destination: cidr("192.0.2.0/24"), nexthop: ip("10.65.0.9") }] }));
  const options = content(viewOf([A], { subnets: new Map(routed.map((each) => [each.id, each])) }), "dnsmasq/options").split("\n");
  const id = SUBNETS.find((each) => each.cidr === "10.65.0.0/16")?.id;
  const six = SUBNETS.find((each) => each.cidr === "2001:db8:a41:3::/64")?.id;
  for (const line of [
    `tag:subnet-${id},option:router,10.65.0.1`,
    `tag:subnet-${id},option:classless-static-route,192.0.2.0/24,10.65.0.9,0.0.0.0/0,10.65.0.1`,
    `tag:subnet-${id},option:dns-server,203.0.113.53`,
    `tag:subnet-${id},option:mtu,1500`,
    `tag:subnet-${id},option:domain-name,cloud.example`,
    `tag:subnet-${id},249,192.0.2.0/24,10.65.0.9,0.0.0.0/0,10.65.0.1`,
    `tag:dhcpv6,tag:subnet-${six},option6:dns-server,[2001:db8:feed::53]`,
    `tag:dhcpv6,tag:subnet-${six},option6:domain-search,cloud.example`,
  ])
    assert.ok(options.includes(line), line);
});

/** Of the guide's data centre, without the gateways of these families on the internal network. */
function withoutGateway(families: readonly (4 | 6)[], more: Partial<SubnetFact> = {}): View {
  const isWithout = ({ network_id, cidr: own }: SubnetFact) => network_id === INTERNAL && families.includes(own.includes(":") ? 6 : 4);
  return viewOf([A], withSubnets(SUBNETS.map((each) => (isWithout(each) ? { ...each, gateway_ip: null, ...more } : each))));
}

const addressesOn = (view: View, name: string) =>
  compileCompute(view, "h1").links.flatMap(({ value }) => (value.name === name ? (value.own?.addresses ?? []) : []));

test("an IPv4 subnet without a gateway is served by an address that no guest has, and is told no router, but the way to its metadata", () => {
  const [four] = SUBNETS.filter((each) => each.cidr === "10.65.0.0/16");
  const view = withoutGateway([4]);
  const conf = content(view, "dnsmasq/dnsmasq.conf").split("\n");
  assert.ok(conf.includes(`dhcp-range=set:subnet-${four?.id},10.65.0.0,static,255.255.0.0,86400s`));
  assert.deepEqual(
    conf.filter((line) => line.startsWith("shared-network=")),
    ["shared-network=169.254.169.254,10.65.0.0"],
  );
  assert.match(content(view, "dnsmasq/hosts"), /^fa:16:3e:00:00:01,10\.65\.0\.5,vm-1$/m);
  assert.deepEqual(
    addressesOn(view, "margay0").map(({ ip: on, length }) => `${on}/${length}`),
    ["169.254.169.254/32", "172.18.208.1/24", "2001:db8:a41:2::1/64", "2001:db8:a41:3::1/64"],
  );
  const routesOf = (host_routes: SubnetFact["host_routes"]) => {
    const lines = content(withoutGateway([4], { host_routes }), "dnsmasq/options").split("\n");
    const own = lines.filter((line) => line.startsWith(`tag:subnet-${four?.id},`));
    assert.ok(!own.some((line) => line.includes("option:router")));
    return own.flatMap((line) => /(?:classless-static-route|,249),(.*)/.exec(line)?.[1] ?? []);
  };
  const nexthop = ip("10.65.0.9");
  assert.deepEqual(routesOf([]), ["169.254.169.254/32,0.0.0.0", "169.254.169.254/32,0.0.0.0"]);
  assert.deepEqual(
    new Set(routesOf([{ destination: cidr("192.0.2.0/24"), nexthop }])),
    new Set(["192.0.2.0/24,10.65.0.9,169.254.169.254/32,0.0.0.0"]),
  );
  assert.deepEqual(
    new Set(routesOf([{ destination: cidr("169.254.169.254/32"), nexthop }])),
    new Set(["169.254.169.254/32,10.65.0.9"]),
    "as it is said",
  );
});

test("a network without an IPv6 gateway has an anchor of its own, which carries no guest's address and says that nobody is a router", () => {
  const own = `margay${INTERNAL.slice(0, 8)}`;
  for (const ipv6_mode of ["dhcpv6-stateful", "slaac", "dhcpv6-stateless"] as const) {
    const view = withoutGateway([6], { ipv6_mode });
    assert.match(content(view, "dnsmasq/dnsmasq.conf"), new RegExp(`^ra-param=${own},0,0$`, "m"), ipv6_mode);
    assert.deepEqual(addressesOn(view, own), [
      { ip: ip("10.65.0.1"), length: 16 },
      { ip: ip("2001:db8:a41:3::"), length: 64 },
    ]);
    const apart = compileCompute(view, "h1").nft.filter(({ value }) => value.object === "element" && value.of === "advertised-apart");
    assert.equal(apart.length, 1, "and hears of no router by another");
  }
  assert.deepEqual(addressesOn(withoutGateway([4]), own), [], "one of IPv6 is enough to be a router");
});

test("a subnet that has neither gateway nor DHCP is none of dnsmasq's", () => {
  const view = withoutGateway([4, 6], { enable_dhcp: false });
  assert.doesNotMatch(content(view, "dnsmasq/dnsmasq.conf"), /shared-network|10\.65|a41:3/);
  assert.deepEqual(addressesOn(view, `margay${INTERNAL.slice(0, 8)}`), []);
});

test("options of a port are its own, and a value cannot be a line of its own", () => {
  const option = (name: string, value: string, family: 4 | 6 = 4) => ({ name, value, family });
  const a = {
    ...A,
    dhcp_options: [
      option("ntp-server", "192.0.2.9"),
      option("67", "boot.img"),
      option("dns-server", "[2001:db8::1]", 6),
      option("mtu", "1\ntag:x"),
      option("x,y", "1"),
    ],
  };
  const lines = content(viewOf([a]), "dnsmasq/options")
    .split("\n")
    .filter((line) => line.includes("tag:port-"));
  assert.deepEqual(lines, [
    `tag:port-${a.port_id},option:ntp-server,192.0.2.9`,
    `tag:port-${a.port_id},67,boot.img`,
    `tag:port-${a.port_id},option6:dns-server,[2001:db8::1]`,
  ]);
  assert.match(content(viewOf([a]), "dnsmasq/dnsmasq.conf"), new RegExp(`^dhcp-mac=set:port-${a.port_id},${a.mac}$`, "m"));
});

test("the first port of a network is a reload like any other, where dnsmasq has room for all networks", () => {
  assert.equal(from([A], [A, port(3, ["172.18.208.7"])]), "reload");
});

test("of very many networks dnsmasq serves those that have a port here, and an advertisement has room for all that it names", () => {
  const id = (at: number) => `${at.toString(16).padStart(8, "0")}-bbbb-4000-8000-000000000000`;
  const many = Array.from({ length: 40 }, (_, at) => ({
    ...subnet("many", id(at), `2001:db8:b${at.toString(16).padStart(2, "0")}::/64`),
    id: id(at),
  }));
  const endpoints = many.map((each, at) => ({
    ...port(at + 1, []),
    network_id: each.network_id,
    addresses: [{ ip: ip(each.cidr.replace("::/64", "::5")), subnet_id: each.id }],
  }));
  const view = viewOf(endpoints, withSubnets(many));
  const conf = content(view, "dnsmasq/dnsmasq.conf");
  assert.equal([...conf.matchAll(/^dhcp-range=/gm)].length, 40);
  assert.equal(
    [...conf.matchAll(/^bridge-interface=/gm)].length,
    1 + 40 - 32,
    "those for which there is no room have anchors of their own",
  );
  const { nft } = compileCompute(view, "h1");
  assert.equal(nft.filter(({ value }) => value.object === "element" && value.of === "advertised-apart").length, 40 - 32);
  const alone = content(viewOf(endpoints.slice(0, 1), withSubnets(many)), "dnsmasq/dnsmasq.conf");
  assert.equal([...alone.matchAll(/^dhcp-range=/gm)].length, 1);
});

test("where blocks overlap, a gateway that several subnets share is put on once", () => {
  const own = (subnets: View["subnets"]) =>
    compileCompute(viewOf([A], { subnets }), "h1").links.find(({ value }) => value.name === "margay0")?.value.own;
  const plain = new Map(SUBNETS.map((each) => [each.id, each]));
  const twins = new Map([...plain, ...SUBNETS.map((each) => [`${each.id}-twin`, { ...each, id: `${each.id}-twin` }] as const)]);
  assert.deepEqual(own(twins), own(plain));
  assert.equal(own(plain)?.addresses.length, SUBNETS.length);
});
