import assert from "node:assert/strict";
import { test } from "node:test";
import { coreHosts, torsOf } from "../datacenter/racks.ts";
import type { Role } from "../datacenter/roles.ts";
import type { Ip } from "../net/address.ts";
import { assignedIn } from "./assigned.ts";
import { compileReflector } from "./reflector.ts";
import { racked } from "./bgp-topologies.ts";
import { dataCenterOf } from "./bgp-variants.ts";
import { compile } from "./compile.ts";

const NOTHING_ELSE = { endpoints: new Map(), subnets: new Map(), groups: new Map(), members: new Map(), prefixes: new Map() };
const ips = (...texts: readonly string[]) => texts as readonly Ip[];

test("of each host what may be believed, address by address; of one that has none, nothing", () => {
  const assignments = new Map([
    ["a", { port_id: "a", hosts: ["h1", "h2"], addresses: ips("10.65.0.9", "2001:db8:a41:2::9") }],
    ["b", { port_id: "b", hosts: ["h1"], addresses: ips("10.65.0.7", "172.18.208.7") }],
    ["c", { port_id: "c", hosts: ["gone"], addresses: ips("10.65.0.8") }],
  ]);
  assert.equal(
    assignedIn(dataCenterOf("guide"), assignments),
    `# Written by Margay from who has which address; changes made here are lost.
define 'assigned4:h1' = [ 10.65.0.7/32, 10.65.0.9/32, 172.18.208.7/32 ];
define 'assigned6:h1' = [ 2001:db8:a41:2::9/128 ];
define 'assigned4:h2' = [ 10.65.0.9/32 ];
define 'assigned6:h2' = [ 2001:db8:a41:2::9/128 ];
`,
  );
  const one = new Map([["c", { port_id: "c", hosts: ["gone"], addresses: ips("172.18.208.8") }]]);
  assert.match(assignedIn(dataCenterOf("only public"), one), /define 'assigned4:h1' = \[ 0\.0\.0\.0\/32 \];\n/);
});

test("while nobody has an address, or nobody says who has, the ranges are believed", () => {
  const dc = dataCenterOf("guide");
  const view = { ...NOTHING_ELSE, datacenter: dc };
  const paths = (more: object) =>
    compileReflector({ ...view, ...more }, "rr1")
      .files.map(({ value }) => value.path)
      .filter((path) => path !== "bird/bfd.conf");
  const one = new Map([["a", { port_id: "a", hosts: ["h1"], addresses: ips("10.65.0.9") }]]);
  assert.deepEqual(paths({}), ["bird/bird.conf"]);
  for (const assignments of [new Map(), one]) assert.deepEqual(paths({ assignments }), ["bird/bird.conf", "bird/assigned.conf"]);
  // The first assignment must change sets alone: sessions whose options change begin anew.
  const main = (more: object) => compileReflector({ ...view, ...more }, "rr1").files[0]?.value.content;
  assert.equal(main({ assignments: new Map() }), main({ assignments: one }));
  assert.match(assignedIn(dc, new Map()), /define 'assigned4:h1' = \[ 172\.18\.208\.0\/24\{32,32\}, 10\.65\.0\.0\/16\{32,32\} \];/);
});

for (const topology of ["mesh", "mesh with racks"] as const)
  test(`${topology}: all hear first hand, and believe each neighbour what is assigned to it, reached by itself; the default route, of gateways alone`, () => {
    const dc = racked(topology);
    const assignments = new Map([
      ["a", { port_id: "a", hosts: [dc.hosts[0]?.name ?? ""], addresses: ips("172.18.208.7") }],
      ["b", { port_id: "b", hosts: [dc.hosts.at(-1)?.name ?? ""], addresses: ips("172.18.208.8") }],
    ]);
    const view = { ...NOTHING_ELSE, datacenter: dc, assignments };
    const members: readonly (readonly [Role, string])[] = [
      ...coreHosts(dc).map(({ name }) => ["compute", name] as const),
      ...torsOf(dc).map(({ name }) => ["tor", name] as const),
      ...dc.gateways.map(({ name }) => ["gateway", name] as const),
    ];
    for (const [role, host] of members) {
      const { files } = compile(view, { role, host });
      const [bird = "", assigned = ""] = ["bird.conf", "assigned.conf"].map(
        (name) => files.find(({ value }) => value.path === `bird/${name}`)?.value.content,
      );
      for (const [, other] of members.filter(([, name]) => name !== host)) {
        const text = new RegExp(`^protocol bgp '[a-z]+:${other}' from fabric \\{[^]*?^\\}`, "m").exec(bird)?.[0] ?? assert.fail(other);
        const taken = [...text.matchAll(/import where .*;/g)].join("\n");
        const isGateway = dc.gateways.some(({ name }) => name === other);
        assert.equal(taken.includes("net = 0.0.0.0/0"), isGateway, `${host} of ${other}`);
        assert.equal(taken.includes(`net ~ 'assigned4:${other}'`), !isGateway, `${host} of ${other}`);
        assert.equal(taken.match(/bgp_next_hop = /g)?.length, 2, `${host} of ${other}`);
        if (!isGateway) assert.match(assigned, new RegExp(`define 'assigned4:${other}' = `), host);
      }
    }
  });

test("a host in a rack, and one that speaks with gateways or reflectors, is told by them, and asks for nobody's assignments", () => {
  const assignments = new Map([["a", { port_id: "a", hosts: ["h1"], addresses: ips("172.18.208.7") }]]);
  for (const dc of [dataCenterOf("guide"), dataCenterOf("direct peering"), racked("mesh with racks")]) {
    const { files } = compile({ ...NOTHING_ELSE, datacenter: dc, assignments }, { role: "compute", host: "h1" });
    assert.ok(!files.some(({ value }) => value.path === "bird/assigned.conf"));
  }
});
