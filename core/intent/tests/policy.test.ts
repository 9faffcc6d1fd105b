import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { GroupRule } from "../../feed/item.ts";
import { familyOf } from "../../net/address.ts";
import type { Ip } from "../../net/address.ts";
import { contains } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { contentNames } from "../nft-parts.ts";
import { matchesOf, memberSet } from "../policy-rules.ts";
import { cidr, ip, rule, uuid } from "./sample-view.ts";

const tcp = (min: number, max: number, more: Partial<GroupRule> = {}) =>
  rule("ingress", 4, { protocol: 6, port_range_min: min, port_range_max: max, ...more });

test("rules that say the same in other words are the same text", () => {
  const wanted = ["meta nfproto ipv4 meta l4proto 6 th dport { 22, 80-90 }"];
  assert.deepEqual(matchesOf([tcp(22, 22), tcp(80, 85), tcp(83, 90)]), wanted);
  assert.deepEqual(matchesOf([tcp(86, 90), tcp(22, 22), tcp(80, 85), tcp(22, 22)]), wanted);
  assert.deepEqual(matchesOf([tcp(22, 22), tcp(80, 90), tcp(81, 82, { remote: { prefix: cidr("0.0.0.0/0") } })]), wanted);
});

test("prefixes are put together where all else is alike, and those inside others are left out", () => {
  const from = (prefix: string) => tcp(80, 80, { remote: { prefix: cidr(prefix) } });
  assert.deepEqual(matchesOf([from("10.0.0.0/8"), from("192.0.2.0/24"), from("10.65.0.0/16")]), [
    "meta nfproto ipv4 meta l4proto 6 th dport 80 ip saddr { 10.0.0.0/8, 192.0.2.0/24 }",
  ]);
  assert.deepEqual(matchesOf([from("10.0.0.0/8"), tcp(80, 80)]), ["meta nfproto ipv4 meta l4proto 6 th dport 80"]);
  assert.deepEqual(matchesOf([rule("egress", 6, { remote: { group: uuid("g") } })]), [
    `meta nfproto ipv6 ip6 daddr @members6-${uuid("g")}`,
  ]);
});

test("ICMP by type and code; in IPv6 it is ICMPv6 however it is called", () => {
  assert.deepEqual(matchesOf([rule("ingress", 4, { protocol: 1, port_range_min: 8, port_range_max: 0 })]), [
    "meta nfproto ipv4 meta l4proto 1 icmp type 8 icmp code 0",
  ]);
  for (const protocol of [1, 58])
    assert.deepEqual(matchesOf([rule("ingress", 6, { protocol, port_range_min: 128 })]), [
      "meta nfproto ipv6 meta l4proto 58 icmpv6 type 128",
    ]);
});

test("what nobody can mean allows nothing", () => {
  const senseless = [
    rule("ingress", 4, { protocol: 112, port_range_min: 1, port_range_max: 2 }),
    rule("ingress", 4, { port_range_min: 1, port_range_max: 2 }),
    tcp(90, 80),
    rule("ingress", 4, { protocol: 6, port_range_min: 80 }),
    rule("ingress", 4, { remote: { prefix: cidr("2001:db8::/32") } }),
  ];
  assert.deepEqual(matchesOf(senseless), []);
});

test("chains with different rules have different names, even when somebody finds two texts with one digest", () => {
  const [one, two] = ["ip saddr 10.0.0.1 accept", "ip saddr 10.0.0.2 accept"];
  const names = contentNames("in", [two, one, two]);
  assert.equal(new Set(names.values()).size, 2);
  assert.equal(contentNames("in", [one]).get(one), names.get(one), "a name does not depend on who else is there");
  const clash = contentNames("in", [two, one], () => "same");
  assert.deepEqual(
    [...clash],
    [
      [one, "in-same"],
      [two, "in-same-1"],
    ],
  );
});

const flows = fc.record({
  family: fc.constantFrom(4, 6),
  protocol: fc.constantFrom(1, 6, 17, 47, 58),
  port: fc.integer({ min: 1, max: 12 }),
  code: fc.integer({ min: 0, max: 2 }),
  remote: fc.constantFrom("10.0.0.1", "10.0.0.2", "10.1.0.1", "2001:db8::1", "2001:db8:1::1"),
});
const small = fc.integer({ min: 1, max: 12 });
const remotes = fc.constantFrom(
  null,
  ...["10.0.0.0/31", "10.0.0.0/8", "10.1.0.1/32", "2001:db8::/32", "2001:db8::1/128", "0.0.0.0/0", "::/0"].map((prefix) => ({
    prefix: cidr(prefix),
  })),
  { group: "g" },
);
const rules = fc.record({
  direction: fc.constant("ingress" as const),
  family: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom(null, 1, 6, 17, 47, 58),
  port_range_min: fc.option(small, { freq: 2 }),
  port_range_max: fc.option(small, { freq: 2 }),
  remote: remotes,
});
type Flow = typeof flows extends fc.Arbitrary<infer F> ? F : never;
const MEMBERS: readonly Ip[] = [ip("10.0.0.2"), ip("2001:db8:1::1")];

test("all rules together let through what one of them does, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(rules, { maxLength: 8 }), flows, (list, flow) => {
      if (familyOf(flow.remote) !== flow.family) return;
      const whole = matchesOf(list);
      const alone = list.flatMap((each) => matchesOf([each]));
      assert.equal(
        whole.some((text) => matches(text, flow)),
        alone.some((text) => matches(text, flow)),
      );
      assert.equal(
        alone.some((text) => matches(text, flow)),
        list.some((each) => allows(each, flow)),
      );
    }),
    { numRuns: 3000 },
  );
});

/** Neutron's words, read by themselves. */
function allows({ family, protocol, port_range_min: min, port_range_max: max, remote }: GroupRule, flow: Flow): boolean {
  if (family !== flow.family) return false;
  if (remote !== null && !("group" in remote ? MEMBERS.includes(ip(flow.remote)) : contains(remote.prefix, ip(flow.remote)))) return false;
  if (protocol === null) return min === null && max === null;
  if (protocol === 1 || protocol === 58) {
    const icmp = flow.protocol === (family === 4 ? 1 : 58);
    return icmp && (min === null || (flow.port === min && (max === null || flow.code === max)));
  }
  if (protocol !== flow.protocol) return false;
  if (min === null && max === null) return true;
  return protocol !== 47 && min !== null && max !== null && flow.port >= min && flow.port <= max;
}

/** nft's words, as far as we use them. */
function matches(text: string, flow: Flow): boolean {
  const set = (words: string) =>
    words
      .replaceAll(/[{}]/g, "")
      .split(",")
      .map((word) => word.trim());
  const parts: readonly [RegExp, (value: string) => boolean][] = [
    [/meta nfproto ipv(\d)/, (value) => Number(value) === flow.family],
    [/meta l4proto (\d+)/, (value) => Number(value) === flow.protocol],
    [/th dport (\{[^}]+\}|\S+)/, (value) => set(value).some((span) => within(span, flow.port))],
    [/icmp(?:v6)? type (\d+)/, (value) => Number(value) === flow.port],
    [/icmp(?:v6)? code (\d+)/, (value) => Number(value) === flow.code],
    [/ip6? saddr (\{[^}]+\}|\S+)/, (value) => set(value).some((each) => holds(each, ip(flow.remote)))],
  ];
  let rest = text;
  const verdicts = parts.map(([shape, holdsFor]) => {
    const found = shape.exec(rest);
    if (found === null) return true;
    rest = rest.replace(found[0], "");
    return holdsFor(found[1] ?? "");
  });
  assert.equal(rest.trim(), "", `unread: ${rest}`);
  return verdicts.every((verdict) => verdict);
}

function within(span: string, at: number): boolean {
  const [low = "", high = low] = span.split("-");
  return at >= Number(low) && at <= Number(high);
}

function holds(remote: string, address: Ip): boolean {
  return remote.startsWith("@")
    ? remote === `@${memberSet("g", familyOf(address))}` && MEMBERS.includes(address)
    : contains(remote as Cidr, address);
}
