import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { plan } from "./plan.ts";
import { readDataCenter } from "./read.ts";
import { SECOND, changed } from "./sample.ts";
import type { Path } from "./source.ts";

function messages(document: unknown): readonly string[] {
  const reading = readDataCenter(document);
  return reading.ok ? [] : reading.findings.map(({ message }) => message);
}

const GW = ["gateways", 0];

/** One change of the sample, and all that is said about it. */
const REFUSED: readonly (readonly [Path, unknown, ...string[]])[] = [
  // form
  [[], null, "the document: not a mapping (key: value)"],
  [["name"], undefined, "name: missing"],
  [["name"], 7, "name 7: not a text (a host name: letters, digits, hyphens and dots, at most 63 characters); put it in quotes"],
  [["name"], "a\u001b[31m", 'name "a\\u001b[31m": not a host name: letters, digits, hyphens and dots, at most 63 characters'],
  [["netwroks"], {}, "netwroks: unknown key; did you mean networks?"],
  [["hosts", 1, "ipv5"], "10.0.0.1", "hosts[1].ipv5 10.0.0.1: unknown key; did you mean ipv4?"],
  [
    ["fabric", "vlan"],
    7,
    "fabric.vlan 7: unknown key; known here: asn, interface, ipv4, ipv6, bfd, ttl_security, password_file, loopbacks4, loopbacks6, peering, second",
  ],
  [["dns"], "203.0.113.53", "dns 203.0.113.53: not a list"],
  [["dns"], null, "dns: has no value; write one or leave the key out"],
  [["dns", 0], "203.0.113", "dns[0] 203.0.113: not an IP address"],
  [["mtu"], "1500", "mtu 1500: not an MTU (1280 to 65535); write it without quotes"],
  [["mtu"], 1279, "mtu 1279: not an MTU (1280 to 65535)"],
  [["hosts", 0], "h1", "hosts[0] h1: not a mapping (key: value)"],
  // numbers and names
  [["fabric", "asn"], 4294967296, "fabric.asn 4294967296: not an AS number (1 to 4294967295)"],
  [["fabric", "asn"], 0, "fabric.asn 0: not an AS number (1 to 4294967295)"],
  [["fabric", "asn"], 1.5, "fabric.asn 1.5: not an AS number (1 to 4294967295)"],
  [["fabric", "asn"], 23456, "fabric.asn 23456: a reserved AS number: AS_TRANS (RFC 6793)"],
  [["fabric", "asn"], 65535, "fabric.asn 65535: a reserved AS number: the last 16-bit number (RFC 7300)"],
  [["fabric", "asn"], 4294967295, "fabric.asn 4294967295: a reserved AS number: the last 32-bit number (RFC 7300)"],
  [["fabric", "interface"], "sixteen-letters0", "fabric.interface sixteen-letters0: 16 characters; an interface name has at most 15"],
  [["fabric", "interface"], "tap0", "fabric.interface tap0: names that begin with tap belong to VMs"],
  [["fabric", "interface"], 'x"; drop', 'fabric.interface x"; drop: not an interface name: letters, digits, dots, hyphens and underscores'],
  // ranges
  [
    ["ranges"],
    {},
    "ranges: no address range at all; give at least one of public, private, ipv6",
    "gateways[0].pnat 198.51.100.8-198.51.100.11: there is no ranges.private to translate",
  ],
  [["ranges", "public"], "172.18.208.1/24", "ranges.public 172.18.208.1/24: has bits set beyond its length; the prefix is 172.18.208.0/24"],
  [["ranges", "public"], "2001:db8::/32", "ranges.public 2001:db8::/32: not an IPv4 prefix (address/length)"],
  [
    ["ranges", "public"],
    "172.18.208.0/31",
    "ranges.public 172.18.208.0/31: too small for a gateway IP and a VM; it has to be a /30 or larger",
  ],
  [["ranges", "public"], "224.1.0.0/16", "ranges.public 224.1.0.0/16: overlaps 224.0.0.0/4, multicast (RFC 5771)"],
  [
    ["ranges", "private"],
    "169.254.0.0/17",
    "ranges.private 169.254.0.0/17: overlaps 169.254.0.0/16, link-local, where the metadata address lives (RFC 3927)",
  ],
  [
    ["ranges", "ipv6"],
    "2001:db8:a41:2::/64",
    "ranges.ipv6 2001:db8:a41:2::/64: cannot be halved into /64 or larger; it has to be a /63 or larger",
  ],
  [["ranges", "ipv6"], "fe80::/63", "ranges.ipv6 fe80::/63: overlaps fe80::/10, link-local (RFC 4291)"],
  // overlaps
  [["ranges", "private"], "172.18.0.0/16", "ranges.private 172.18.0.0/16: overlaps ranges.public 172.18.208.0/24"],
  [["ranges", "ipv6"], "2001:db8:a41::/48", "fabric.ipv6 2001:db8:a41:f::/64: overlaps ranges.ipv6 2001:db8:a41::/48"],
  [["ranges", "public"], "198.51.100.0/24", "gateways[0].upstream.ipv4.address 198.51.100.2/28: overlaps ranges.public 198.51.100.0/24"],
  [["lab"], { outside4: "10.65.3.0/24" }, "lab.outside4 10.65.3.0/24: overlaps ranges.private 10.65.0.0/16"],
  [["lab"], { outside4: "203.0.113.0/31" }, "lab.outside4 203.0.113.0/31: too small for a router and a host; it has to be a /30 or larger"],
  // ranges that retire
  [["ranges", "retiring"], {}, "ranges.retiring: no range in it; leave the key out when nothing retires"],
  [["ranges", "retiring"], { private: "10.65.0.0/16" }, "ranges.retiring.private 10.65.0.0/16: overlaps ranges.private 10.65.0.0/16"],
  [
    ["ranges", "retiring"],
    { public: "10.64.0.1/16" },
    "ranges.retiring.public 10.64.0.1/16: has bits set beyond its length; the prefix is 10.64.0.0/16",
  ],
  [
    ["ranges", "retiring"],
    { ipv6: "2001:db8:a41:8::/64" },
    "ranges.retiring.ipv6 2001:db8:a41:8::/64: cannot be halved into /64 or larger; it has to be a /63 or larger",
  ],
  [
    ["ranges", "retiring"],
    { private: "10.64.0.0/31" },
    "ranges.retiring.private 10.64.0.0/31: too small for a gateway IP and a VM; it has to be a /30 or larger",
  ],
  [["ranges", "retiring"], { privat: "10.64.0.0/16" }, "ranges.retiring.privat 10.64.0.0/16: unknown key; did you mean private?"],
  // machines
  [["hosts", 1, "name"], "H1", "hosts[1].name H1: already hosts[0].name"],
  [["hosts", 1, "ipv4"], "192.168.100.1", "gateways[0].ipv4 192.168.100.1: already hosts[1].ipv4"],
  [["hosts", 1, "ipv4"], "192.168.101.1", "hosts[1].ipv4 192.168.101.1: outside fabric.ipv4 192.168.100.0/24"],
  [
    ["hosts", 1, "ipv4"],
    "192.168.100.255",
    "hosts[1].ipv4 192.168.100.255: the network or broadcast address of fabric.ipv4 192.168.100.0/24",
  ],
  [
    ["hosts", 1, "ipv6"],
    "2001:db8:a41:f::",
    "hosts[1].ipv6 2001:db8:a41:f::: the subnet routers' anycast address of fabric.ipv6 2001:db8:a41:f::/64",
  ],
  [["hosts", 1, "ipv6"], undefined, "hosts[1].ipv6: missing; fabric.ipv6 is 2001:db8:a41:f::/64"],
  [["fabric", "ipv6"], undefined, "fabric.ipv6: missing; the addresses of ranges.ipv6 travel over it"],
  // a second segment
  [["fabric", "second"], { ipv4: "192.168.99.0/24", ipv6: "2001:db8:a41:99::/64" }, "fabric.second.interface: missing"],
  [["fabric", "second"], { interface: "fab1", ipv4: "192.168.99.0/24" }, "fabric.second.ipv6: missing; fabric.ipv6 is 2001:db8:a41:f::/64"],
  [
    ["fabric", "second"],
    { interface: "fab1", ipv4: "192.168.99.0/25", ipv6: "2001:db8:a41:99::/64" },
    "fabric.second.ipv4 192.168.99.0/25: not as large as fabric.ipv4 192.168.100.0/24; machines have the same place in both",
  ],
  [
    ["fabric", "second"],
    { interface: "wan0", ipv4: "192.168.100.0/24", ipv6: "2001:db8:a41:99::/64" },
    "fabric.second.ipv4 192.168.100.0/24: overlaps fabric.ipv4 192.168.100.0/24",
    "fabric.second.interface wan0: the same as another interface of these machines",
  ],
  [["fabric", "peering"], "star", "fabric.peering star: not one of: reflectors, direct, mesh"],
  [["fabric", "peering"], "mesh", "fabric.peering mesh: reflectors are declared, and nobody would peer with them"],
  [["fabric", "peering"], "direct", "fabric.peering direct: reflectors are declared, and nobody would peer with them"],
  // gateways
  [
    [...GW, "upstream", "asn"],
    64512,
    "gateways[0].upstream.asn 64512: the same as fabric.asn; the session to the provider would be iBGP and carry every internal route",
  ],
  [
    [...GW, "upstream", "interface"],
    "fab0",
    "gateways[0].upstream.interface fab0: the same as fabric.interface; then nothing tells inside from outside",
  ],
  [
    [...GW, "upstream", "ipv4", "peer"],
    "198.51.100.17",
    "gateways[0].upstream.ipv4.peer 198.51.100.17: outside the link to it, 198.51.100.0/28",
  ],
  [
    [...GW, "upstream", "ipv4", "peer"],
    "198.51.100.15",
    "gateways[0].upstream.ipv4.peer 198.51.100.15: the network or broadcast address of 198.51.100.0/28",
  ],
  [[...GW, "pnat"], undefined, "gateways[0].pnat: missing; ranges.private has to be translated on its way out here"],
  [
    [...GW, "pnat"],
    "198.51.100.20-198.51.100.21",
    "gateways[0].pnat 198.51.100.20-198.51.100.21: not on the link 198.51.100.0/28 nor inside ranges.public 172.18.208.0/24; replies would not come back",
  ],
  [
    [...GW, "pnat"],
    "198.51.100.1-198.51.100.4",
    "gateways[0].pnat 198.51.100.1-198.51.100.4: overlaps gateways[0].upstream.ipv4.peer 198.51.100.1",
  ],
  [
    [...GW, "pnat"],
    "198.51.100.8-198.51.100.15",
    "gateways[0].pnat 198.51.100.8-198.51.100.15: holds the network or broadcast address of 198.51.100.0/28",
  ],
  [[...GW, "pnat"], "198.51.100.9-198.51.100.8", "gateways[0].pnat 198.51.100.9-198.51.100.8: not a span of IPv4 addresses (first-last)"],
  [
    [...GW, "pnat"],
    "172.18.208.2-172.18.208.254",
    "ranges.public 172.18.208.0/24: no address is left for VMs after the gateway IP and pnat",
  ],
  [["ranges", "private"], undefined, "gateways[0].pnat 198.51.100.8-198.51.100.11: there is no ranges.private to translate"],
  [
    ["gateways", 1],
    { ...SECOND, pnat: "198.51.100.11-198.51.100.12" },
    "gateways[1].pnat 198.51.100.11-198.51.100.12: overlaps gateways[0].pnat 198.51.100.8-198.51.100.11",
  ],
  [[...GW, "pnat"], "172.18.208.1-172.18.208.4", "gateways[0].pnat 172.18.208.1-172.18.208.4: holds the gateway IP 172.18.208.1"],
  // networks
  [
    ["networks"],
    { external: { name: "internal" } },
    "networks.external.name internal: the name of the other network; `--network` could mean either",
  ],
  [["networks"], { external: { gateway4: "10.65.0.1" } }, "networks.external.gateway4 10.65.0.1: outside its range 172.18.208.0/24"],
  [
    ["networks"],
    { external: { pools4: ["172.18.208.2-172.18.208.255"] } },
    "networks.external.pools4[0] 172.18.208.2-172.18.208.255: goes beyond the usable addresses 172.18.208.1-172.18.208.254",
  ],
  [["networks"], { external: { pools4: ["172.18.209.2"] } }, "networks.external.pools4[0] 172.18.209.2: outside its range 172.18.208.0/24"],
  [
    ["networks"],
    { external: { pools4: ["172.18.208.1-172.18.208.9"] } },
    "networks.external.pools4[0] 172.18.208.1-172.18.208.9: holds the gateway IP 172.18.208.1",
  ],
  [
    ["networks"],
    { external: { pools4: ["172.18.208.2-172.18.208.9", "172.18.208.9"] } },
    "networks.external.pools4[1] 172.18.208.9: overlaps the pool 172.18.208.2-172.18.208.9",
  ],
];

for (const [path, value, ...expected] of REFUSED) {
  test(`refused: ${expected.join(", ")}`, () => assert.deepEqual(messages(changed([path, value])), expected));
}

test("a family that the fabric does not have is refused in a machine, and a setting for a range that is not there", () => {
  const four = changed([["ranges", "ipv6"], undefined], [["fabric", "ipv6"], undefined], [["dns"], undefined]);
  assert.ok(messages(four).includes("hosts[0].ipv6 2001:db8:a41:f::11: the fabric has no ipv6"));
  const open = changed([["ranges", "public"], undefined], [["networks"], { external: { gateway4: "172.18.208.1" } }]);
  assert.deepEqual(messages(open), ["networks.external.gateway4 172.18.208.1: the network has no IPv4 range"]);
});

test("reflectors are needed where they are asked for, and IPv4 outside for a private range", () => {
  const nobody = changed([["reflectors"], []], [["fabric", "peering"], "reflectors"]);
  assert.deepEqual(messages(nobody), ["fabric.peering reflectors: there are no reflectors"]);
  const only6 = changed([[...GW, "upstream", "ipv4"], undefined], [[...GW, "pnat"], undefined]);
  assert.deepEqual(messages(only6), ["ranges.private 10.65.0.0/16: no gateway has upstream.ipv4, so nothing can translate it"]);
});

test("all that is wrong is said at once", () => {
  const found = messages(
    changed([["fabric", "asn"], -1], [["ranges", "private"], "172.18.0.0/16"], [["hosts", 0, "name"], "rr1"], [["mtu"], 9]),
  );
  assert.equal(found.length, 4);
});

test("an unreadable value is blamed once, not for what would have followed from it", () => {
  assert.deepEqual(messages(changed([["fabric", "ipv4"], "192.168.100.0"])), [
    "fabric.ipv4 192.168.100.0: not an IPv4 prefix (address/length)",
  ]);
  assert.deepEqual(messages(changed([["ranges", "private"], "10.65.0.0"])), [
    "ranges.private 10.65.0.0: not an IPv4 prefix (address/length)",
  ]);
});

test("whatever the document is, it is read or blamed, and what is read can be planned", () => {
  const places = fc.constantFrom<Path>(
    ...REFUSED.map(([path]) => path),
    ["gateways"],
    [...GW, "upstream"],
    [...GW, "upstream", "ipv4", "address"],
    ["networks", "internal"],
  );
  const values = fc.oneof(
    fc.anything(),
    fc.ipV4(),
    fc.ipV6(),
    fc.integer(),
    fc.constant({ __proto__: null }),
    fc.constantFrom(...REFUSED.map(([, value]) => value)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(places, values), { minLength: 1, maxLength: 3 }), (changes) => {
      const reading = readDataCenter(changed(...changes));
      if (reading.ok) assert.ok(plan(reading.value).networks.length === 2);
      else assert.ok(reading.findings.length > 0);
    }),
    { numRuns: 2000 },
  );
});
