import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Endpoint, GroupRule, View } from "../feed/item.ts";
import { membersIn } from "../feed/members.ts";
import type { Ip } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Cidr } from "../net/prefix.ts";
import { reach } from "./reach.ts";
import type { Question } from "./reach.ts";

const datacenter: DataCenter = {
  name: "t",
  ranges: { public: "172.18.208.0/24" as Cidr, private: "10.65.0.0/16" as Cidr },
  networks: { external: { name: "external", subnets: [] }, internal: { name: "internal", subnets: [] } },
  dns: [],
  mtu: 1500,
  fabric: { asn: 64512, ipv4: "192.168.100.0/24" as Cidr, peering: "direct", interface: "fab0" },
  controllers: [],
  reflectors: [],
  hosts: [{ name: "h1" }, { name: "h2" }],
  gateways: [
    {
      name: "gw1",
      upstream: { asn: 64496, interface: "wan0", ipv4: { local: { ip: "198.51.100.2" as Ip, length: 28 }, peer: "198.51.100.1" as Ip } },
    },
  ],
  lab: { outside4: "203.0.113.0/24" as Cidr, outside6: "2001:db8:feed::/64" as Cidr },
};

const [PUBLIC, PRIVATE, OUTSIDE] = ["172.18.208.5", "10.65.0.5", "203.0.113.10"] as [Ip, Ip, Ip];

function endpoint(port_id: string, ip: Ip, more: Partial<Endpoint> = {}): Endpoint {
  const mac = `fa:16:3e:00:00:0${port_id.length}` as Mac;
  const base = {
    host: "h1",
    network_id: "n",
    tap: `tap${port_id}`,
    pairs: [],
    groups: ["g"],
    port_security: true,
    admin_state_up: true,
    instance: null,
    hostname: "",
    dhcp_options: [],
    limits: [],
    moves: 0,
    claims: [],
    floating: [],
  };
  return { ...base, port_id, mac, addresses: [{ ip, subnet_id: "s" }], ...more };
}

const EGRESS: GroupRule = { direction: "egress", family: 4, protocol: null, port_range_min: null, port_range_max: null, remote: null };
const WEB: GroupRule = { ...EGRESS, direction: "ingress", protocol: 6, port_range_min: 80, port_range_max: 80 };
const PEERS: GroupRule = { ...EGRESS, direction: "ingress", remote: { group: "g" } };

function view(endpoints: readonly Endpoint[], rules: readonly GroupRule[]): View {
  return {
    datacenter,
    endpoints: new Map(endpoints.map((value) => [value.port_id, value])),
    subnets: new Map(),
    groups: new Map([["g", { id: "g", stateful: true, rules }]]),
    members: new Map([["g", membersIn([PUBLIC, PRIVATE])]]),
    prefixes: new Map(),
    assignments: new Map(),
  };
}

/** The same, with the group stateless, or with an address group `office`. */
function others(rules: readonly GroupRule[], more: Partial<View>) {
  const views = new Map([
    ["h1", { ...view([endpoint("a", PUBLIC)], rules), ...more }],
    ["h2", view([endpoint("bb", PRIVATE, { host: "h2" })], rules)],
  ]);
  return (question: Partial<Question>) =>
    reach({ datacenter, views }, { source: OUTSIDE, destination: PUBLIC, protocol: 6, port: 80, ...question });
}

function ask(question: Partial<Question>, rules: readonly GroupRule[], more: Partial<Endpoint> = {}) {
  const hosts = {
    datacenter,
    views: new Map([
      ["h1", view([endpoint("a", PUBLIC, more)], rules)],
      // The VM of `a` is about to move here, but is not here yet.
      ["h2", view([endpoint("a", PUBLIC), endpoint("bb", PRIVATE, { host: "h2" })], rules)],
    ]),
  };
  return reach(hosts, { source: OUTSIDE, destination: PUBLIC, protocol: 6, port: 80, ...question });
}

test("from outside only an opened port of a public address is reached", () => {
  assert.deepEqual(ask({}, [WEB]), { verdict: "reaches", source: OUTSIDE });
  assert.equal(ask({ port: 22 }, [WEB]).verdict, "blocked");
  assert.deepEqual(ask({ destination: PRIVATE }, [WEB]), { verdict: "unreachable", at: "provider", why: "no route" });
  const down = ask({}, [WEB], { admin_state_up: false });
  assert.deepEqual("at" in down && [down.verdict, down.at], ["blocked", "h1"]);
});

test("private sources are translated outside, and nowhere else", () => {
  const inner = { from: "bb", source: PRIVATE };
  assert.deepEqual(ask({ ...inner, destination: OUTSIDE }, [EGRESS]), { verdict: "reaches", source: "pnat" });
  assert.deepEqual(ask({ from: "a", source: PUBLIC, destination: OUTSIDE }, [EGRESS]), { verdict: "reaches", source: PUBLIC });
  assert.deepEqual(ask(inner, [EGRESS, PEERS]), { verdict: "reaches", source: PRIVATE });
  assert.equal(ask(inner, [PEERS]).verdict, "blocked");
  assert.equal(ask(inner, [EGRESS, WEB]).verdict, "reaches");
  assert.equal(ask({ ...inner, port: 22 }, [EGRESS, WEB]).verdict, "blocked");
});

test("a forged source ends at its own host, unless the port is trusted", () => {
  const forged = { from: "a", source: "172.18.208.99" as Ip, destination: OUTSIDE };
  assert.deepEqual(ask(forged, [EGRESS]), { verdict: "blocked", at: "h1", why: "the source address is not the port's" });
  assert.equal(ask({ ...forged, source: PUBLIC, mac: "fa:16:3e:ff:ff:ff" as Mac }, [EGRESS]).verdict, "blocked");
  assert.equal(ask(forged, [EGRESS], { port_security: false }).verdict, "reaches");
});

test("unassigned addresses and the fabric end at the sender's host", () => {
  const from = { from: "a", source: PUBLIC };
  assert.equal(ask({ ...from, destination: "10.65.9.9" as Ip }, [EGRESS]).verdict, "unreachable");
  assert.equal(ask({ ...from, destination: "192.168.100.2" as Ip }, [EGRESS]).verdict, "blocked");
});

test("an address group lets in whoever is in one of its prefixes", () => {
  const byOffice: GroupRule = { ...WEB, remote: { address_group: "office" } };
  const from = (...prefixes: readonly string[]) =>
    others([byOffice], { prefixes: new Map([["office", prefixes as readonly Cidr[]]]) })({}).verdict;
  assert.equal(from("192.0.2.0/24", "203.0.113.0/28"), "reaches");
  assert.equal(from("192.0.2.0/24"), "blocked");
  assert.equal(others([byOffice], {})({}).verdict, "blocked", "one that the host was not told of has nobody");
});

test("a stateless end needs rules for the reply, in its own direction; the other end does not", () => {
  const stateless = (rules: readonly GroupRule[]) => others(rules, { groups: new Map([["g", { id: "g", stateful: false, rules }]]) });
  assert.deepEqual(stateless([WEB])({}), {
    verdict: "blocked",
    at: "h1",
    why: "the receiver is stateless, and no egress rule of it lets the reply out",
  });
  assert.equal(stateless([WEB, EGRESS])({}).verdict, "reaches");
  const out = { from: "a", source: PUBLIC, destination: OUTSIDE };
  assert.deepEqual(stateless([EGRESS])(out), {
    verdict: "blocked",
    at: "h1",
    why: "the sender is stateless, and no ingress rule of it lets the reply in",
  });
  const clients: GroupRule = { ...WEB, port_range_min: 1024, port_range_max: 65_535 };
  assert.equal(stateless([EGRESS, clients])(out).verdict, "reaches");
  assert.equal(stateless([EGRESS, { ...clients, port_range_max: 40_000 }])(out).verdict, "blocked", "not for every port of a client");
  const ping = { protocol: 1, port: 8 };
  const echo: GroupRule = { ...WEB, protocol: 1, port_range_min: 0, port_range_max: null };
  assert.equal(stateless([EGRESS, echo])({ ...out, ...ping }).verdict, "reaches");
  assert.equal(stateless([EGRESS, { ...echo, port_range_min: 8 }])({ ...out, ...ping }).verdict, "blocked");
  assert.equal(stateless([EGRESS])({ ...out, protocol: 1, port: 3 }).verdict, "reaches", "nobody replies to an error");
  assert.equal(stateless([WEB, EGRESS])({ from: "bb", source: PRIVATE }).verdict, "reaches", "the stateful neighbour needs nothing more");
});
