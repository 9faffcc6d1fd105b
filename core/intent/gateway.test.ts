import assert from "node:assert/strict";
import { test } from "node:test";
import { privateRanges } from "../datacenter/ranges.ts";
import type { View } from "../feed/item.ts";
import type { Cidr } from "../net/prefix.ts";
import { dataCenterOf, VARIANTS } from "./bgp-variants.ts";
import type { Variant } from "./bgp-variants.ts";
import { compileGateway, PNAT_LINK } from "./gateway.ts";
import { gatewayNft } from "./gateway-nft.ts";
import { relayChains, relaySysctls } from "./relay.ts";
import { NOTHING } from "./intent.ts";

const EMPTY: View = {
  datacenter: undefined,
  endpoints: new Map(),
  subnets: new Map(),
  groups: new Map(),
  members: new Map(),
  prefixes: new Map(),
  assignments: new Map(),
};

function gw1(variant: Variant) {
  const intent = compileGateway({ ...EMPTY, datacenter: dataCenterOf(variant) }, "gw1");
  const chains = Object.fromEntries(intent.nft.flatMap(({ value }) => (value.object === "chain" ? [[value.name, value.rules]] : [])));
  return { intent, chains, rules: Object.values(chains).flat() };
}

function poolLink(variant: Variant) {
  return gw1(variant)
    .intent.links.find(({ value }) => value.name === PNAT_LINK)
    ?.value.own?.addresses.map(({ ip, length }) => `${ip}/${length}`);
}

test("what a gateway lets pass in the guide's data centre, whole", () => {
  const dc = dataCenterOf("guide");
  const text = dc.gateways
    .flatMap((gateway) => gatewayNft(dc, gateway))
    .map(({ name, hook, rules }) => [`${name}: ${hook}`, ...rules.map((rule) => `  ${rule}`)].join("\n"));
  const errors4 = "icmp type { destination-unreachable, time-exceeded, parameter-problem }";
  const errors6 = "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }";
  assert.equal(
    text.join("\n"),
    `raw-prerouting: type filter hook prerouting priority raw; policy accept;
  iifname "wan0" ip saddr { 172.18.208.0/24, 10.65.0.0/16, 192.168.100.0/24 } counter drop
  iifname "wan0" ip6 saddr { 2001:db8:a41:2::/63, 2001:db8:a41:f::/64 } counter drop
  ip daddr 198.51.100.8-198.51.100.11 accept
  iifname "fab0" ip saddr 10.65.0.0/16 ip daddr != { 172.18.208.0/24, 10.65.0.0/16, 192.168.100.0/24 } accept
  iifname "fab0" ip saddr 192.168.100.0/24 ${errors4} accept
  notrack
raw-output: type filter hook output priority raw; policy accept;
  notrack
input: type filter hook input priority filter; policy accept;
  meta l4proto { 1, 58 } accept
  iifname "fab0" ip saddr { 172.18.208.0/24, 10.65.0.0/16 } counter drop
  iifname "fab0" ip6 saddr 2001:db8:a41:2::/63 counter drop
  iifname "wan0" ip saddr 198.51.100.1 ip daddr 198.51.100.2 tcp dport 179 accept
  iifname "wan0" ip saddr 198.51.100.1 ip daddr 198.51.100.2 tcp sport 179 accept
  iifname "wan0" ip6 saddr 2001:db8:ffff::1 ip6 daddr 2001:db8:ffff::2 tcp dport 179 accept
  iifname "wan0" ip6 saddr 2001:db8:ffff::1 ip6 daddr 2001:db8:ffff::2 tcp sport 179 accept
  iifname "wan0" counter drop
forward: type filter hook forward priority filter; policy drop;
  iifname "fab0" oifname "wan0" ip saddr 192.168.100.0/24 ${errors4} accept
  iifname "fab0" oifname "wan0" ip6 saddr 2001:db8:a41:f::/64 ${errors6} accept
  ct state established,related accept
  ct state invalid counter drop
  iifname "wan0" ip daddr 10.65.0.0/16 counter drop
  iifname "wan0" oifname "fab0" ip daddr 172.18.208.0/24 accept
  iifname "wan0" oifname "fab0" ip6 daddr 2001:db8:a41:2::/63 accept
  iifname "fab0" oifname "wan0" ip saddr 172.18.208.0/24 accept
  iifname "fab0" oifname "wan0" ip6 saddr 2001:db8:a41:2::/63 accept
  iifname "fab0" oifname "wan0" ip saddr 10.65.0.0/16 ct state new accept
  iifname "fab0" oifname "fab0" ip daddr { 172.18.208.0/24, 10.65.0.0/16 } accept
  iifname "fab0" oifname "fab0" ip6 daddr 2001:db8:a41:2::/63 accept
  counter drop
pnat: type nat hook postrouting priority srcnat; policy accept;
  oifname "wan0" ip saddr 10.65.0.0/16 ip daddr != { 172.18.208.0/24, 10.65.0.0/16, 192.168.100.0/24 } snat ip to 198.51.100.8-198.51.100.11 persistent
leak: type filter hook postrouting priority srcnat + 10; policy accept;
  oifname != "wan0" accept
  ip saddr 10.65.0.0/16 counter drop
  ip saddr 192.168.100.0/24 ${errors4} ip saddr set 198.51.100.2 accept
  ip6 saddr 2001:db8:a41:f::/64 ${errors6} ip6 saddr set 2001:db8:ffff::2 accept
  ip saddr { 172.18.208.0/24, 198.51.100.8-198.51.100.11, 198.51.100.2 } accept
  ip6 saddr { 2001:db8:a41:2::/63, 2001:db8:ffff::2, fe80::/10, :: } accept
  counter drop`,
  );
});

for (const variant of VARIANTS)
  test(`${variant}: no rule speaks of what is not there`, () => {
    const { rules, chains } = gw1(variant);
    for (const rule of rules) assert.doesNotMatch(rule, /undefined|\{ +\}|\bset +accept|\{[^:}]*\{/);
    const dc = dataCenterOf(variant);
    const translated = privateRanges(dc).length > 0;
    assert.equal("pnat" in chains, translated);
    if (!translated) assert.ok(rules.every((rule) => !rule.includes("snat") && !rule.includes("ct state new")));
    if (dc.ranges.ipv6 === undefined) assert.ok(rules.every((rule) => !rule.includes("2001:db8:a41:2")));
  });

test("the unadvertised half of IPv6 is neither let in nor out", () => {
  const { chains } = gw1("internal half unadvertised");
  const passes = [...(chains["forward"] ?? []), ...(chains["leak"] ?? [])].filter(
    (rule) => rule.includes("wan0") || rule.includes("saddr {"),
  );
  assert.ok(passes.some((rule) => rule.includes("2001:db8:a41:2::/64")));
  assert.ok(passes.every((rule) => !rule.includes("2001:db8:a41:2::/63")));
});

test("the pool's addresses are held by a link of their own, but for one that the uplink has", () => {
  assert.deepEqual(poolLink("guide"), ["198.51.100.10/32", "198.51.100.11/32", "198.51.100.8/32", "198.51.100.9/32"]);
  assert.equal(poolLink("pool is the uplink's own address"), undefined);
  assert.equal(poolLink("no private"), undefined);
});

test("a gateway whose own address is the pool tracks its own connections too: they share its ports", () => {
  assert.deepEqual(gw1("pool is the uplink's own address").chains["raw-output"], ["ip saddr 198.51.100.2 accept", "notrack"]);
  assert.deepEqual(gw1("guide").chains["raw-output"], ["notrack"]);
});

test("BIRD does not start before the rules stand", () => {
  const { intent } = gw1("guide");
  const [bird] = intent.daemons;
  for (const { value } of intent.nft)
    if (value.object === "chain") assert.ok(bird?.value.after.includes(`nft/inet chain ${value.name}`), value.name);
  for (const name of ["fab0", "wan0", PNAT_LINK]) assert.ok(bird?.value.after.includes(`link/${name}`), name);
});

test("a gateway that nobody has told of a data centre holds nothing; one that is not in it any more lets nothing through", () => {
  assert.equal(compileGateway(EMPTY, "gw1"), NOTHING);
  const { nft, ...rest } = compileGateway({ ...EMPTY, datacenter: dataCenterOf("guide") }, "gw9");
  const { nft: _, ...nothing } = NOTHING;
  assert.deepEqual(rest, nothing);
  const chains = nft.flatMap(({ value }) => (value.object === "chain" ? [value] : []));
  assert.deepEqual(
    chains.map(({ name, hook, rules }) => [name, hook, rules]),
    [["forward", "type filter hook forward priority filter; policy drop;", ["counter drop"]]],
  );
});

test("what is no beginning of a flow, and of none that a gateway knows, goes on to the one that is taken out of service", () => {
  const dc = dataCenterOf("two of everything");
  const relayed = { ...dc, gateways: dc.gateways.map((each, at) => (at === 0 ? { ...each, relayed: true as const } : each)) };
  const at = (center: typeof dc, name: string) => center.gateways.find((each) => each.name === name) ?? assert.fail();
  const unknown = `iifname "fab0" ip saddr { 10.65.0.0/16 } ip daddr != { 172.18.208.0/24, 10.65.0.0/16, 192.168.100.0/24 } meta l4proto 6 ct state invalid`;
  const rules = (center: typeof dc, name: string) => relayChains(center, at(center, name)).flatMap((chain) => chain.rules);
  assert.deepEqual(rules(relayed, "gw2"), [`${unknown} dup to 192.168.100.1 device "fab0"`, `${unknown} counter drop`]);
  assert.deepEqual([rules(relayed, "gw1"), rules(dc, "gw2")], [[], []]);
  const loose = (center: typeof dc) =>
    center.gateways.map((each) =>
      relaySysctls(center, each)
        .map(({ value }) => value)
        .join(),
    );
  assert.deepEqual(
    [loose(dc), loose(relayed)],
    [
      ["1", "1"],
      ["0", "0"],
    ],
  );
});

test("on two segments it goes on by the one that it came by", () => {
  const { fabric, ...dc } = dataCenterOf("two of everything");
  const second = { interface: "fab1", ipv4: "192.168.101.0/24" as Cidr };
  const both = {
    ...dc,
    fabric: { ...fabric, second },
    gateways: dc.gateways.map((each, at) => ({ ...each, ...(at === 0 && { relayed: true as const }) })),
  };
  const rules = both.gateways.slice(1).flatMap((each) => relayChains(both, each).flatMap((chain) => chain.rules));
  assert.deepEqual(
    rules.map((rule) => [/^iifname "(fab.)"/.exec(rule)?.[1], / (dup to \S+ device \S+|counter drop)$/.exec(rule)?.[1]]),
    [
      ["fab0", 'dup to 192.168.100.1 device "fab0"'],
      ["fab0", "counter drop"],
      ["fab1", 'dup to 192.168.101.1 device "fab1"'],
      ["fab1", "counter drop"],
    ],
  );
});

test("nobody relays where one gateway translates alone, or none does", () => {
  for (const variant of ["guide", "no private"] as const) {
    const dc = dataCenterOf(variant);
    for (const gateway of dc.gateways) assert.deepEqual([relayChains(dc, gateway), relaySysctls(dc, gateway)], [[], []]);
  }
});
