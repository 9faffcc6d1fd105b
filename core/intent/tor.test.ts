import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataCenter } from "../datacenter/data-center.ts";
import { racksOf } from "../datacenter/racks.ts";
import { sessionsOf } from "../datacenter/sessions.ts";
import type { View } from "../feed/item.ts";
import type { Ip } from "../net/address.ts";
import { antiSpoof } from "./anti-spoof.ts";
import { computeBird } from "./bgp-compute.ts";
import { racked, TOPOLOGIES } from "./bgp-topologies.ts";
import type { Topology } from "./bgp-topologies.ts";
import { birdTexts } from "./bird-texts.ts";
import { compile } from "./compile.ts";
import { gatewayNft } from "./gateway-nft.ts";
import { NOTHING } from "./intent.ts";
import { perValue } from "./memo.ts";
import { compileTor } from "./tor.ts";

const EMPTY: View = {
  datacenter: undefined,
  endpoints: new Map(),
  subnets: new Map(),
  groups: new Map(),
  members: new Map(),
  prefixes: new Map(),
};

const textsOf = perValue(birdTexts);

function textOf(dc: DataCenter, machine: string): string {
  return textsOf(dc).find(([name]) => name === machine)?.[1] ?? assert.fail(machine);
}

/** A session of a machine's BIRD with the template that it is made from. */
function session(dc: DataCenter, machine: string, peer: string): string {
  const text = textOf(dc, machine);
  const own =
    new RegExp(`^protocol bgp '[a-z]+:${peer}' from (\\w+) \\{[^]*?^\\}`, "m").exec(text) ?? assert.fail(`${machine} with ${peer}`);
  return `${own[0]}\n${new RegExp(`^template bgp ${own[1]} \\{[^]*?^\\}`, "m").exec(text)?.[0]}`;
}

const fabric = (dc: DataCenter) => sessionsOf(dc).filter(({ kind }) => kind !== "customer");
const ends = (dc: DataCenter) => fabric(dc).flatMap((each) => [[each, each.near, each.far] as const, [each, each.far, each.near] as const]);

for (const topology of TOPOLOGIES) {
  const dc = racked(topology);

  test(`${topology}: a client is of the AS of whom it is a client of (RFC 4456), and one of the two waits`, () => {
    for (const [{ kind, near }, own, other] of ends(dc)) {
      const text = session(dc, own.name, other.name);
      const client = kind.endsWith(" client") && own.name !== near.name;
      assert.equal(text.includes("rr client;"), client, `${own.name} with ${other.name}`);
      assert.equal(
        text.includes("passive;"),
        kind !== "reflector peer" && kind !== "gateway peer" && own.name !== near.name,
        `${own.name} with ${other.name}`,
      );
    }
  });

  test(`${topology}: how often a VM has moved is told to every neighbour of another AS, and understood there`, () => {
    for (const [{ protocol }, own, other] of ends(dc))
      for (const [family, said] of [4, 6].entries()) {
        const [text, external] = [session(dc, own.name, other.name), protocol === "eBGP"];
        assert.equal(text.includes(`metric_heard${said}()`), external, `${own.name} with ${other.name}, ${family}`);
        assert.equal(text.includes(`metric_told${said}()`), external, `${own.name} with ${other.name}, ${family}`);
      }
  });

  test(`${topology}: every range ends at every router of a rack`, () => {
    for (const { tor } of racksOf(dc))
      for (const range of ["172.18.208.0/24", "10.65.0.0/16", "2001:db8:a41:2::/63"])
        assert.match(textOf(dc, tor.name), new RegExp(`route ${range} unreachable;`));
  });
}

test("a router believes a host of its rack, and it alone, that an endpoint is there", () => {
  const numbered = session(racked("racks"), "tor1", "h1");
  assert.match(numbered, /import where endpoint4\(\) && bgp_next_hop = 192\.168\.101\.11 && near4\(\);/);
  const port = session(racked("unnumbered racks"), "tor1", "h2");
  assert.match(port, /import where \(endpoint4\(\) \|\| net = 192\.168\.200\.12\/32\) && ifname = "swp2" && near4\(\);/);
});

test("the core believes a router what is in its rack: endpoints, its segment, its hosts' loopbacks", () => {
  const numbered = session(racked("racks"), "rr1", "tor1");
  assert.match(numbered, /import where \(endpoint4\(\) \|\| net ~ \[ 192\.168\.101\.0\/24 \]\) && bgp_next_hop = 192\.168\.100\.101;/);
  const loopbacks = session(racked("unnumbered racks"), "rr1", "tor2");
  assert.match(loopbacks, /import where \(endpoint6\(\) \|\| net ~ \[ 2001:db8:a41:e::13\/128 \]\) && bgp_next_hop = 2001:db8:a41:f::102;/);
});

test("a router says to the core only what comes from its own side, as reached by itself", () => {
  const text = session(racked("racks"), "tor1", "rr1");
  assert.match(
    text,
    /export where \(\(source = RTS_BGP && ifname != "fab0" && .*\) \|\| \(source = RTS_DEVICE && net = 192\.168\.101\.0\/24\)\);/,
  );
  assert.match(text, /next hop self;/);
});

test("a reflector leaves next hops as they are, also towards another AS", () => {
  assert.match(session(racked("racks with an AS each"), "rr1", "tor1"), /next hop keep;/);
  assert.doesNotMatch(session(racked("racks"), "rr1", "tor1"), /next hop self/);
});

test("a router holds its interfaces, and speaks only when they are there", () => {
  const held = (topology: Topology) => compileTor({ ...EMPTY, datacenter: racked(topology) }, "tor1");
  const links = (topology: Topology) => held(topology).links.map(({ value }) => value.name);
  assert.deepEqual(links("racks"), ["fab0", "rack0"]);
  assert.deepEqual(links("unnumbered racks"), ["fab0", "swp1", "swp2"]);
  const { daemons, sysctls } = held("racks");
  assert.ok(["link/fab0", "link/rack0"].every((ref) => daemons[0]?.value.after.some((each) => each === ref)));
  assert.ok(sysctls.some(({ value }) => value.path === "net/ipv4/ip_forward" && value.value === "1"));
});

test("a router that nobody has told of a data centre, or that is not in it, holds nothing", () => {
  assert.equal(compileTor(EMPTY, "tor1"), NOTHING);
  assert.equal(compile({ ...EMPTY, datacenter: racked("racks") }, { host: "tor9", role: "tor" }).links.length, 0);
});

test("VMs' addresses come to a host by all its uplinks, and by nothing else", () => {
  const dc = racked("two uplinks");
  const rules = antiSpoof({ dc, fabric: ["fab0", "fab1"] }, []).flatMap(({ value }) => (value.object === "chain" ? value.rules : []));
  assert.deepEqual(
    rules.filter((rule) => /^iifname "[^"]+" accept$/.test(rule)),
    ['iifname "fab0" accept', 'iifname "fab1" accept', 'iifname "lo" accept'],
  );
  const { sysctls, links } = compile({ ...EMPTY, datacenter: dc }, { host: "h1", role: "compute" });
  assert.ok(["fab0", "fab1"].every((name) => links.some(({ value }) => value.name === name)));
  assert.ok(sysctls.some(({ value }) => value.path === "net/ipv4/conf/fab1/rp_filter" && value.value === "0"));
});

test("a gateway hides the machines of racks as it does those next to it", () => {
  const dc = racked("two uplinks");
  const rules = dc.gateways.flatMap((gateway) => gatewayNft(dc, gateway)).flatMap(({ rules: own }) => own);
  const machines = "192.168.100.0/24, 192.168.101.0/24, 192.168.102.0/24, 192.168.200.0/24";
  assert.ok(
    rules.some((rule) => rule.includes(`ip saddr { 172.18.208.0/24, 10.65.0.0/16, ${machines} } counter drop`)),
    rules.join("\n"),
  );
  assert.ok(
    rules.some((rule) => rule.includes(`ip saddr { ${machines} } icmp type`)),
    rules.join("\n"),
  );
});

test("a router believes a host what is assigned to it, its own loopback, and nothing else", () => {
  const assignments: NonNullable<View["assignments"]> = new Map([
    ["a", { port_id: "a", hosts: ["h1"], addresses: ["172.18.208.7" as Ip] }],
    ["b", { port_id: "b", hosts: ["h3"], addresses: ["172.18.208.8" as Ip] }],
  ]);
  const { files } = compileTor({ ...EMPTY, datacenter: racked("unnumbered racks"), assignments }, "tor1");
  const [bird, assigned] = ["bird/bird.conf", "bird/assigned.conf"].map(
    (path) => files.find(({ value }) => value.path === path)?.value.content,
  );
  assert.match(
    bird ?? "",
    /import table on;\n {4}import where \(\(endpoint4\(\) && net ~ 'assigned4:h1'\) \|\| net = 192\.168\.200\.11\/32\) && ifname = "swp1"/,
  );
  assert.match(assigned ?? "", /define 'assigned4:h1' = \[ 172\.18\.208\.7\/32 \];/);
  assert.match(assigned ?? "", /define 'assigned4:h2' = \[ 0\.0\.0\.0\/32 \];/);
  assert.doesNotMatch(assigned ?? "", /172\.18\.208\.8/, "what is another rack's");
});

test("hosts tell routers of other makes by advertisements who is on a port, by the address that they are known by; BIRD is not told", () => {
  const dc = racked("unnumbered racks with an AS each");
  const host = dc.hosts[0] ?? assert.fail();
  const asking = {
    ...dc,
    racks: dc.racks?.map((rack) => (rack.name === "r1" ? { ...rack, tor: { ...rack.tor, platform: "frr" as const } } : rack)) ?? [],
  };
  const text = computeBird(asking, host);
  assert.match(text, /protocol radv presence \{\n {2}interface "fab0" \{\n[^}]*default lifetime 0;/);
  assert.match(text, /protocol device \{\n {2}scan time 1;\n {2}interface "fab0" \{\n {4}preferred fe80::2;/);
  for (const other of dc.hosts.filter(({ uplinks }) => uplinks?.[0]?.rack === "r2"))
    assert.doesNotMatch(computeBird(asking, other), /radv|preferred/);
  assert.doesNotMatch(computeBird(dc, host), /radv|preferred fe80/);
});
