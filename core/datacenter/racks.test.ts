import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataCenter } from "./data-center.ts";
import { plan } from "./plan.ts";
import { addressesOf, hasLoopback } from "./racks.ts";
import { readDataCenter } from "./read.ts";
import { changed } from "./sample.ts";
import { sessionsOf } from "./sessions.ts";
import type { Path } from "./source.ts";

type Changes = readonly (readonly [Path, unknown])[];

const tor = (name: string, last: number) => ({ name, ipv4: `192.168.100.${last}`, ipv6: `2001:db8:a41:f::${last}` });
const R1 = { name: "r1", ipv4: "192.168.101.0/24", ipv6: "2001:db8:a41:101::/64", tor: { ...tor("tor1", 101), interface: "rack0" } };
const R2 = { name: "r2", ipv4: "192.168.102.0/24", ipv6: "2001:db8:a41:102::/64", tor: { ...tor("tor2", 102), interface: "rack0" } };
const H1 = { name: "h1", rack: "r1", ipv4: "192.168.101.11", ipv6: "2001:db8:a41:101::11" };
const H2 = { name: "h2", rack: "r2", ipv4: "192.168.102.11", ipv6: "2001:db8:a41:102::11" };

/** Two numbered racks with a host each. */
const RACKED: Changes = [
  [["racks"], [R1, R2]],
  [["hosts"], [H1, H2]],
];

const LOOPBACKS: Changes = [
  [["fabric", "loopbacks4"], "192.168.200.0/24"],
  [["fabric", "loopbacks6"], "2001:db8:a41:200::/64"],
];
const BARE = { name: "r1", peering: "unnumbered", tor: tor("tor1", 101) };
const OWN = { ipv4: "192.168.200.11", ipv6: "2001:db8:a41:200::11" };
/** One unnumbered rack with a host, and a host on the core segment. */
const UNNUMBERED: Changes = [...LOOPBACKS, [["racks"], [BARE]], [["hosts", 0], { name: "h1", rack: "r1", port: "swp1", ...OWN }]];

const UPLINKS = [
  { rack: "r1", interface: "fab0", ipv4: "192.168.101.11", ipv6: "2001:db8:a41:101::11" },
  { rack: "r2", interface: "fab1", ipv4: "192.168.102.11", ipv6: "2001:db8:a41:102::11" },
];
/** A host in both of two racks. */
const DUAL: Changes = [...LOOPBACKS, [["racks"], [R1, R2]], [["hosts"], [{ name: "h1", ...OWN, uplinks: UPLINKS }]]];

function read(...changes: Changes): DataCenter {
  const reading = readDataCenter(changed(...changes));
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.value;
}

function messages(...changes: Changes): readonly string[] {
  const reading = readDataCenter(changed(...changes));
  return reading.ok ? [] : reading.findings.map(({ message }) => message);
}

/** `h1 192.168.101.11 AS 64512 - tor1 192.168.101.1 AS 64512: tor client`, those towards providers left out. */
function told(dc: DataCenter): readonly string[] {
  const end = ({ name, ip, interface: link, asn }: ReturnType<typeof sessionsOf>[number]["near"]) =>
    `${name} ${ip}${link === undefined ? "" : `%${link}`} AS ${asn}`;
  return sessionsOf(dc)
    .filter(({ kind }) => kind !== "customer")
    .map(({ kind, near, far }) => `${end(near)} - ${end(far)}: ${kind}`);
}

test("a file without racks means what it meant", () => {
  assert.equal("racks" in read(), false);
  assert.deepEqual(read().hosts[0], { name: "h1", ipv4: "192.168.100.11", ipv6: "2001:db8:a41:f::11" });
});

test("a rack of the fabric's AS: hosts are clients of its router, and that is a client of the reflector", () => {
  const dc = read(...RACKED);
  assert.deepEqual(dc.racks?.[0]?.tor, {
    ...tor("tor1", 101),
    uplink: "fab0",
    interface: "rack0",
    rack4: "192.168.101.1",
    rack6: "2001:db8:a41:101::1",
  });
  assert.deepEqual(told(dc), [
    "tor1 192.168.100.101 AS 64512 - rr1 192.168.100.5 AS 64512: reflector client",
    "tor2 192.168.100.102 AS 64512 - rr1 192.168.100.5 AS 64512: reflector client",
    "gw1 192.168.100.1 AS 64512 - rr1 192.168.100.5 AS 64512: reflector client",
    "h1 192.168.101.11 AS 64512 - tor1 192.168.101.1 AS 64512: tor client",
    "h2 192.168.102.11 AS 64512 - tor2 192.168.102.1 AS 64512: tor client",
  ]);
});

test("a rack with an AS of its own is the reflector's neighbour", () => {
  const dc = read(...RACKED, [["racks", 0, "asn"], 64601]);
  assert.deepEqual(
    told(dc).filter((line) => line.includes("tor1")),
    [
      "tor1 192.168.100.101 AS 64601 - rr1 192.168.100.5 AS 64512: reflector neighbour",
      "h1 192.168.101.11 AS 64601 - tor1 192.168.101.1 AS 64601: tor client",
    ],
  );
});

test("an unnumbered rack speaks by link-local addresses; its hosts have theirs on the loopback", () => {
  const dc = read(...UNNUMBERED);
  assert.ok(told(dc).includes("h1 fe80::2%fab0 AS 64512 - tor1 fe80::1%swp1 AS 64512: tor client"), told(dc).join("\n"));
  assert.deepEqual(dc.hosts.map(hasLoopback), [true, false]);
});

test("a host with two uplinks speaks with both routers, and is known by all its addresses", () => {
  const dc = read(...DUAL);
  assert.equal(told(dc).filter((line) => line.endsWith(": tor client")).length, 2);
  assert.deepEqual(dc.hosts.flatMap(addressesOf), [
    "192.168.200.11",
    "2001:db8:a41:200::11",
    "192.168.101.11",
    "2001:db8:a41:101::11",
    "192.168.102.11",
    "2001:db8:a41:102::11",
  ]);
});

test("in a mesh all speak with all, but for hosts in racks, for which their router speaks", () => {
  const flat = read([["reflectors"], []], [["fabric", "peering"], "mesh"]);
  assert.deepEqual(told(flat), [
    "h1 192.168.100.11 AS 64512 - h2 192.168.100.12 AS 64512: mesh peer",
    "h1 192.168.100.11 AS 64512 - gw1 192.168.100.1 AS 64512: mesh peer",
    "h2 192.168.100.12 AS 64512 - gw1 192.168.100.1 AS 64512: mesh peer",
  ]);
  const racked = read(...RACKED, [["reflectors"], []], [["fabric", "peering"], "mesh"]);
  assert.equal(told(racked).filter((line) => line.endsWith("mesh peer")).length, 3);
});

const SHAPES: readonly Changes[] = [RACKED, UNNUMBERED, DUAL, [...RACKED, [["racks", 1, "asn"], 64602]], [[["reflectors"], []], ...RACKED]];

test("only who is of the same AS is a client: a reflector refuses any other (RFC 4456)", () => {
  for (const { kind, protocol, near, far } of SHAPES.flatMap((shape) => sessionsOf(read(...shape)))) {
    assert.equal(protocol === "iBGP", near.asn === far.asn);
    if (/ client$| peer$/.test(kind)) assert.equal(protocol, "iBGP");
    if (kind.endsWith(" neighbour")) assert.equal(protocol, "eBGP");
  }
});

test("each session says what passes on it", () => {
  for (const shape of SHAPES)
    for (const { near_tells, far_tells } of plan(read(...shape)).sessions) assert.ok(near_tells.length > 0 && far_tells.length > 0);
  const [first] = plan(read(...RACKED)).sessions;
  assert.deepEqual(first?.near_tells, [
    "addresses of the VMs in its rack, one by one",
    "exactly 192.168.101.0/24",
    "exactly 2001:db8:a41:101::/64",
  ]);
});

/** The changes, and all that is said about them. */
const REFUSED: readonly (readonly [Changes, ...string[]])[] = [
  [[...RACKED, [["hosts", 0, "rack"], "r3"]], "hosts[0].rack r3: no such rack; did you mean r1?"],
  [
    [
      ...RACKED,
      [["racks", 1, "name"], "r1"],
      [["hosts", 1, "rack"], undefined],
      [["hosts", 1, "ipv4"], "192.168.100.12"],
      [["hosts", 1, "ipv6"], "2001:db8:a41:f::12"],
    ],
    "racks[1].name r1: already racks[0].name",
  ],
  [[...RACKED, [["hosts", 0, "ipv4"], "192.168.100.11"]], "hosts[0].ipv4 192.168.100.11: outside racks[0].ipv4 192.168.101.0/24"],
  [[...RACKED, [["hosts", 0, "ipv4"], "192.168.101.1"]], "hosts[0].ipv4 192.168.101.1: already racks[0].tor.rack4"],
  [[...RACKED, [["hosts", 0, "ipv6"], undefined]], "hosts[0].ipv6: missing; racks[0].ipv6 is 2001:db8:a41:101::/64"],
  [
    [...RACKED, [["racks", 0, "tor", "rack4"], "192.168.102.9"]],
    "racks[0].tor.rack4 192.168.102.9: outside racks[0].ipv4 192.168.101.0/24",
  ],
  [[...RACKED, [["racks", 0, "tor", "ipv4"], "192.168.101.9"]], "racks[0].tor.ipv4 192.168.101.9: outside fabric.ipv4 192.168.100.0/24"],
  [[...RACKED, [["racks", 0, "tor", "ipv4"], "192.168.100.5"]], "racks[0].tor.ipv4 192.168.100.5: already reflectors[0].ipv4"],
  [[...RACKED, [["racks", 0, "tor", "name"], "gw1"]], "gateways[0].name gw1: already racks[0].tor.name"],
  [
    [...RACKED, [["racks", 0, "ipv4"], undefined], [["hosts", 0, "ipv4"], undefined]],
    "racks[0].ipv4: missing; fabric.ipv4 is 192.168.100.0/24, and the rack is numbered",
  ],
  [
    [...RACKED, [["racks", 0, "ipv4"], "192.168.101.0/32"], [["hosts", 0, "ipv4"], "192.168.101.0"]],
    "racks[0].ipv4 192.168.101.0/32: too small for its router and a host",
  ],
  [
    [
      ...RACKED,
      [["racks", 1, "ipv6"], "2001:db8:a41:101::/64"],
      [["hosts", 1, "ipv6"], "2001:db8:a41:101::12"],
      [["racks", 1, "tor", "rack6"], "2001:db8:a41:101::2"],
    ],
    "racks[1].ipv6 2001:db8:a41:101::/64: overlaps racks[0].ipv6 2001:db8:a41:101::/64",
  ],
  [
    [...RACKED, [["racks", 1, "ipv4"], "10.65.7.0/24"], [["hosts", 1, "ipv4"], "10.65.7.11"]],
    "racks[1].ipv4 10.65.7.0/24: overlaps ranges.private 10.65.0.0/16",
  ],
  [
    [...RACKED, [["racks", 0, "tor", "interface"], undefined]],
    "racks[0].tor.interface: missing; the router's interface on the segment of its rack",
  ],
  [[...RACKED, [["racks", 0, "tor", "interface"], "fab0"]], "racks[0].tor.interface fab0: the router's interface on the core segment"],
  [[...RACKED, [["hosts", 0, "port"], "swp1"]], "hosts[0].port swp1: rack r1 is numbered; its hosts share the segment of tor.interface"],
  [[[["hosts", 0, "port"], "swp1"]], "hosts[0].port swp1: a port is on the router of a rack, and there is no rack"],
  [
    [...RACKED, [["racks", 0, "asn"], 64512]],
    "racks[0].asn 64512: the same as fabric.asn; leave it out where the rack is part of the fabric's AS",
  ],
  [
    [...RACKED, [["racks", 0, "asn"], 64499]],
    "racks[0].asn 64499: the same as gateways[0].upstream.asn; the rack would take the default route for a loop",
  ],
  [[...RACKED, [["racks", 0, "asn"], 64601], [["racks", 1, "asn"], 64601]], "racks[1].asn 64601: already racks[0].asn"],
  [[...RACKED, [["racks", 0, "asn"], 65535]], "racks[0].asn 65535: a reserved AS number: the last 16-bit number (RFC 7300)"],
  [
    [...UNNUMBERED, [["hosts", 0, "port"], undefined]],
    "hosts[0].port: missing; the router's interface to this host, as rack r1 is unnumbered",
  ],
  [[...UNNUMBERED, [["hosts", 0, "port"], "fab0"]], "hosts[0].port fab0: already racks[0].tor.uplink"],
  [
    [...UNNUMBERED, [["hosts", 1], { name: "h2", rack: "r1", port: "swp1", ipv4: "192.168.200.12", ipv6: "2001:db8:a41:200::12" }]],
    "hosts[1].port swp1: already hosts[0].port",
  ],
  [[...UNNUMBERED, [["fabric", "loopbacks6"], undefined]], "fabric.loopbacks6: missing; h1 has its address on its loopback"],
  [[...UNNUMBERED, [["hosts", 0, "ipv4"], "192.168.100.11"]], "hosts[0].ipv4 192.168.100.11: outside fabric.loopbacks4 192.168.200.0/24"],
  [
    [...UNNUMBERED, [["racks", 0, "ipv4"], "192.168.101.0/24"]],
    "racks[0].ipv4 192.168.101.0/24: the rack is unnumbered; its hosts have their addresses in fabric.loopbacks4",
  ],
  [
    [...UNNUMBERED, [["racks", 0, "tor", "rack4"], "192.168.101.1"]],
    "racks[0].tor.rack4 192.168.101.1: the rack is unnumbered; each of its hosts is on a port of its own",
  ],
  [[...DUAL, [["hosts", 0, "rack"], "r1"]], "hosts[0].rack r1: uplinks are given as well; name the rack there"],
  [
    [...DUAL, [["hosts", 0, "uplinks", 1, "interface"], "fab0"]],
    "hosts[0].uplinks[1].interface fab0: already hosts[0].uplinks[0].interface",
  ],
  [
    [
      ...DUAL,
      [["hosts", 0, "uplinks", 1, "rack"], "r1"],
      [["hosts", 0, "uplinks", 1, "ipv4"], "192.168.101.12"],
      [["hosts", 0, "uplinks", 1, "ipv6"], "2001:db8:a41:101::12"],
    ],
    "hosts[0].uplinks[1].rack r1: already hosts[0].uplinks[0].rack",
  ],
  [[...DUAL, [["hosts", 0, "uplinks", 1, "ipv4"], undefined]], "hosts[0].uplinks[1].ipv4: missing; racks[1].ipv4 is 192.168.102.0/24"],
  [[...DUAL, [["hosts", 0, "uplinks", 1, "ipv4"], "192.168.102.1"]], "hosts[0].uplinks[1].ipv4 192.168.102.1: already racks[1].tor.rack4"],
  [
    [...DUAL, [["hosts", 0, "ipv4"], "192.168.101.11"]],
    "hosts[0].ipv4 192.168.101.11: outside fabric.loopbacks4 192.168.200.0/24",
    "hosts[0].uplinks[0].ipv4 192.168.101.11: already hosts[0].ipv4",
  ],
];

for (const [changes, ...expected] of REFUSED) {
  test(`refused: ${expected.join(", ")}`, () => assert.deepEqual(messages(...changes), expected));
}

test("a mesh beyond a hundred speakers, and a rack without hosts, are worth a word", () => {
  const hosts = Array.from({ length: 100 }, (_, at) => ({
    name: `h${at}`,
    ipv4: `192.168.100.${at + 11}`,
    ipv6: `2001:db8:a41:f::${at + 11}`,
  }));
  const warned = (...changes: Changes) => plan(read(...changes)).warnings.map(({ message }) => message);
  const mesh = warned([["reflectors"], []], [["fabric", "peering"], "mesh"], [["hosts"], hosts]);
  assert.ok(mesh.includes("fabric.peering mesh: 100 hosts peer with each other; beyond 100, use reflectors"), mesh.join("\n"));
  assert.ok(warned([["racks"], [R1]]).includes("racks[0] r1: no host is in it"));
});
