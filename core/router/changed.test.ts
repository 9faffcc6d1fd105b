/** Configurations as people write them and change them: other words for the same, defaults that nobody wrote, and what is not understood. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cidr } from "../net/prefix.ts";
import { eos } from "./eos/eos.ts";
import { bookOf, decide, placeOf } from "./evaluate.ts";
import { iosxe } from "./iosxe/iosxe.ts";
import { junos } from "./junos/junos.ts";
import type { ReadRouter } from "./platform.ts";
import { srlinux } from "./srlinux/srlinux.ts";
import { vyos } from "./vyos/vyos.ts";

/** Is a route of BGP told to the first neighbour? */
function told(read: ReadRouter, prefix: string, source: "bgp" | "connected" | "static" = "bgp"): string {
  const place = placeOf(prefix as Cidr);
  const family = read.neighbors[0]?.families.find((each) => each.family === place.family) ?? assert.fail("no such family");
  const route = { place, source, communities: [], nextHop: "any", from: "any", assigned: "maybe" } as const;
  return decide(bookOf(read), family.export, family.unfiltered, route).accepted;
}

const reasons = ({ unread }: ReadRouter) => unread.map(({ line, reason }) => `${line}: ${reason}`);

const JUNOS = `set routing-options autonomous-system 64512
set protocols bgp group UP type external
set protocols bgp group UP peer-as 64496
set protocols bgp group UP neighbor 198.51.100.1 family inet unicast
`;

test("Junos tells every route of BGP where no policy decides, and no other", () => {
  const read = junos.read(`${JUNOS}set policy-options policy-statement P term a from protocol static
set policy-options policy-statement P term a then reject
set protocols bgp group UP export P
`);
  assert.deepEqual(read.unread, []);
  assert.deepEqual([told(read, "10.0.0.0/8"), told(read, "10.0.0.0/8", "connected")], ["yes", "no"]);
  assert.equal(told(junos.read(JUNOS), "10.0.0.0/8"), "yes");
});

test("Junos: route-filters in a term, prefix lists, and a policy that ends without a term", () => {
  const read = junos.read(`${JUNOS}set policy-options prefix-list OWN 172.18.208.0/24
set policy-options policy-statement P term a from route-filter 10.0.0.0/8 upto /16
set policy-options policy-statement P term a then accept
set policy-options policy-statement P term b from prefix-list-filter OWN orlonger
set policy-options policy-statement P term b then accept
set policy-options policy-statement P then reject
set protocols bgp group UP export P
`);
  assert.deepEqual(read.unread, []);
  const answers = ["10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "172.18.208.7/32", "172.18.0.0/16"].map((prefix) => told(read, prefix));
  assert.deepEqual(answers, ["yes", "yes", "no", "yes", "no"]);
});

test("Junos: of filters inside one another the longest alone counts, which is not understood; nor is what groups bring in", () => {
  const nested = junos.read(`${JUNOS}set policy-options policy-statement P term a from route-filter 10.0.0.0/8 orlonger
set policy-options policy-statement P term a from route-filter 10.65.0.0/16 exact
set policy-options policy-statement P term a then accept
set groups G protocols bgp group UP export Q
deactivate protocols bgp group UP export
`);
  assert.ok(reasons(nested).length >= 3, reasons(nested).join("\n"));
  assert.equal(told(nested, "10.0.0.0/8"), "yes");
});

test("Junos: what the model has no word for may hold and may not", () => {
  const read = junos.read(`${JUNOS}set policy-options policy-statement P term a from protocol ospf
set policy-options policy-statement P term a then accept
set policy-options policy-statement P then reject
set protocols bgp group UP export P
`);
  assert.deepEqual([read.unread.length, told(read, "10.0.0.0/8")], [0, "maybe"]);
});

const IOS = `router bgp 64512
 neighbor UP peer-group
 neighbor UP remote-as 64496
 neighbor 198.51.100.1 peer-group UP
`;

test("IOS: a neighbour of a peer group, without an address family, carries IPv4 and is told everything", () => {
  const read = iosxe.read(`${IOS} network 10.0.0.0
 redistribute connected
`);
  assert.deepEqual(read.unread, []);
  assert.deepEqual([read.neighbors[0]?.asn, told(read, "10.65.0.0/16")], [64496, "yes"]);
  assert.deepEqual(
    read.enters.map((entry) => ("prefix" in entry ? entry.prefix : `${entry.redistributes} ${entry.family}`)),
    ["10.0.0.0/8", "connected 4", "connected 6"],
  );
});

test("IOS: a policy of the group counts, and that of the neighbour before it", () => {
  const list = (name: string, prefix: string) =>
    `ip prefix-list ${name} permit ${prefix}\nroute-map G${name} permit 10\n match ip address prefix-list ${name}\n`;
  const lists = `${list("A", "10.0.0.0/8")}${list("B", "172.18.208.0/24")}`;
  const group = iosxe.read(`${lists}${IOS} neighbor UP route-map GA out\n`);
  const both = iosxe.read(`${lists}${IOS} neighbor UP route-map GA out\n neighbor 198.51.100.1 route-map GB out\n`);
  assert.deepEqual([told(group, "10.0.0.0/8"), told(both, "10.0.0.0/8"), told(both, "172.18.208.0/24")], ["yes", "no", "yes"]);
});

test("IOS: entries that deny, and filters beside route-maps, are not understood", () => {
  const read = iosxe.read(`ip prefix-list A deny 10.65.0.0/16 le 32
ip prefix-list A permit 10.0.0.0/8 le 32
${IOS} neighbor 198.51.100.1 prefix-list A out
 neighbor 198.51.100.1 default-originate
`);
  assert.deepEqual(reasons(read), ["1: not understood", "7: not understood", "8: not understood"]);
});

test("EOS: lists in sections, and networks beside the families", () => {
  const read = eos.read(`ip prefix-list A
   seq 10 permit 10.0.0.0/8 ge 16 le 24
route-map M permit 10
   match ip address prefix-list A
router bgp 64512
   neighbor 198.51.100.1 remote-as 64496
   neighbor 198.51.100.1 route-map M out
   network 10.65.0.0/16
   address-family ipv4
      neighbor 198.51.100.1 activate
`);
  assert.deepEqual(read.unread, []);
  assert.deepEqual([told(read, "10.65.0.0/16"), told(read, "10.65.0.0/25"), read.enters.length], ["yes", "no", 1]);
});

test("EOS: translation is not read, and told so", () => {
  assert.match(reasons(eos.read("interface Ethernet2\n   ip nat source dynamic access-list PRIV overload\n")).join(), /not understood/);
});

test("VyOS: what eBGP without a policy is told depends on a parameter; a rule that denies in a list is not understood", () => {
  const session = `set protocols bgp system-as 64512
set protocols bgp neighbor 198.51.100.1 remote-as 64496
set protocols bgp neighbor 198.51.100.1 address-family ipv4-unicast
`;
  assert.equal(told(vyos.read(session), "10.0.0.0/8"), "yes");
  assert.equal(told(vyos.read(`${session}set protocols bgp parameters ebgp-requires-policy\n`), "10.0.0.0/8"), "no");
  const denies = vyos.read(`${session}set policy prefix-list A rule 5 action deny
set policy prefix-list A rule 5 prefix 10.65.0.0/16
set policy route-map M rule 10 action permit
set policy route-map M rule 10 on-match next
`);
  assert.deepEqual(reasons(denies).toSorted(), ["4: not understood", "7: on-match is not understood"]);
});

test("SR Linux: a set of both families, a policy without a default action, and the words of before 25.3", () => {
  const read = srlinux.read(`set / routing-policy prefix-set S prefix 10.0.0.0/8 mask-length-range 8..16
set / routing-policy prefix-set S prefix 2001:db8::/32 mask-length-range exact
set / routing-policy policy P statement 10 match prefix-set S
set / routing-policy policy P statement 10 action policy-result accept
set / network-instance default protocols bgp autonomous-system 64512
set / network-instance default protocols bgp ebgp-default-policy export-reject-all false
set / network-instance default protocols bgp afi-safi ipv4-unicast admin-state enable
set / network-instance default protocols bgp afi-safi ipv6-unicast admin-state enable
set / network-instance default protocols bgp group UP peer-as 64496
set / network-instance default protocols bgp group UP export-policy [ P ]
set / network-instance default protocols bgp neighbor 198.51.100.1 peer-group UP
`);
  assert.deepEqual(read.unread, []);
  // What the policy leaves open is told as well, once eBGP's default has been lifted.
  assert.deepEqual([told(read, "10.65.0.0/16"), told(read, "2001:db8::/32"), told(read, "2001:db8:1::/48")], ["yes", "yes", "yes"]);
  assert.deepEqual([told(read, "10.65.0.0/16", "connected"), told(read, "192.168.0.0/16", "connected")], ["yes", "no"]);
});

test("a text of another kind is not understood as a whole", () => {
  const braces = "protocols {\n    bgp {\n        group UP {\n            type external;\n        }\n    }\n}\n";
  for (const platform of [junos, vyos, srlinux]) assert.ok(platform.read(braces).unread.length > 0, platform.name);
});
