import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Endpoint, GroupRule } from "../../feed/item.ts";
import { refOf } from "../../kinds/kind.ts";
import { nft } from "../../kinds/nft.ts";
import { familyOf } from "../../net/address.ts";
import type { Ip } from "../../net/address.ts";
import { contains } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { compileCompute } from "../compute.ts";
import { contentNames } from "../nft-parts.ts";
import { matchesOf, setNameOf } from "../policy-rules.ts";
import { cidr, group, ip, OPEN, port, rule, uuid, viewOf } from "./sample-view.ts";

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
  { address_group: "a" },
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
const PREFIXES: readonly Cidr[] = [cidr("10.1.0.0/16"), cidr("2001:db8::/48")];

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
  if (remote !== null && !isIn(remote, ip(flow.remote))) return false;
  if (protocol === null) return min === null && max === null;
  if (protocol === 1 || protocol === 58) {
    const icmp = flow.protocol === (family === 4 ? 1 : 58);
    return icmp && (min === null || (flow.port === min && (max === null || flow.code === max)));
  }
  if (protocol !== flow.protocol) return false;
  if (min === null && max === null) return true;
  return protocol !== 47 && min !== null && max !== null && flow.port >= min && flow.port <= max;
}

function isIn(remote: Exclude<GroupRule["remote"], null>, address: Ip): boolean {
  if ("group" in remote) return MEMBERS.includes(address);
  return ("prefix" in remote ? [remote.prefix] : PREFIXES).some((prefix) => contains(prefix, address));
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
    ? (remote === `@${setNameOf({ group: "g" }, familyOf(address))}` && MEMBERS.includes(address)) ||
        (remote === `@${setNameOf({ address_group: "a" }, familyOf(address))}` && PREFIXES.some((prefix) => contains(prefix, address)))
    : contains(remote as Cidr, address);
}

const WEB = { ...port(1, ["10.65.0.5", "2001:db8:a41:3::5"]), groups: [uuid("web")] };
const setsOf = (prefixes: readonly string[]) => {
  const byOffices = (family: 4 | 6) => rule("ingress", family, { remote: { address_group: uuid("off") } });
  const view = viewOf([WEB], {
    with: [group("web", [byOffices(4), byOffices(6)])],
    prefixes: new Map([[uuid("off"), prefixes.map(cidr)]]),
  });
  return new Map(compileCompute(view, "h1").nft.map((each) => [refOf(nft, each.value), each]));
};

test("an address group is a set per family that changes as a whole: one prefix inside another adds nothing to it", () => {
  const before = setsOf(["10.0.0.0/8", "10.65.0.7/32", "192.0.2.7/32", "2001:db8::/32"]);
  const four = before.get(`nft/inet set addresses4-${uuid("off")}`);
  assert.deepEqual(four, {
    because: [`port/${WEB.port_id}`, `address_group/${uuid("off")}`],
    value: {
      object: "set",
      family: "inet",
      name: `addresses4-${uuid("off")}`,
      type: "type ipv4_addr; flags interval;",
      elements: ["10.0.0.0/8", "192.0.2.7"],
    },
  });
  const after = setsOf(["10.0.0.0/8", "198.51.100.0/24", "2001:db8::/32"]);
  const changed = [...after].filter(([ref, { value }]) => !nft.same(value, before.get(ref)?.value ?? value)).map(([ref]) => ref);
  assert.deepEqual([changed, [...after.keys()]], [[`nft/inet set addresses4-${uuid("off")}`], [...before.keys()]]);
});

test("known flows pass unasked until somebody is stateless; then it is asked who", () => {
  const knownWith = (stateful: boolean, ...endpoints: readonly Endpoint[]) => {
    const all = compileCompute(viewOf(endpoints, { with: [{ ...group("web", []), stateful }, OPEN] }), "h1").nft.map(({ value }) => value);
    const known = all.find((value) => value.object === "chain" && value.name === "known");
    const taps = all.flatMap((value) => (value.object === "element" && value.of === "stateless" ? [value.element] : []));
    return { rules: known?.object === "chain" ? known.rules : [], taps };
  };
  const other = port(2, ["10.65.0.6"]);
  const marked = [
    "ct mark and 0x80000000 != 0 goto refused-cut",
    "ct mark and 0x40000000 != 0 tcp flags & (syn | ack) == syn goto refused-invalid",
  ];
  const asked = ["iifname @stateless goto sent", "oifname @stateless goto receive", "accept"];
  const unasked = { rules: [...marked, "accept"], taps: [] };
  assert.deepEqual(knownWith(true, WEB, other), unasked);
  assert.deepEqual(knownWith(false, WEB, other), { rules: [...marked, ...asked], taps: [`"${WEB.tap}"`] });
  for (const more of [{ port_security: false }, { admin_state_up: false }, { groups: [] }, { groups: [uuid("web"), uuid("open")] }])
    assert.deepEqual(knownWith(false, { ...WEB, ...more }, other), unasked, JSON.stringify(more));
});

test("a VM that comes from another host brings its connections: packets in their midst are judged as answers, too; nothing begins so", () => {
  const rules = [
    rule("ingress", 4, { protocol: 6, port_range_min: 22, port_range_max: 22, remote: { group: uuid("web") } }),
    rule("ingress", 4, { protocol: 17, port_range_min: 53, port_range_max: 53 }),
    rule("egress", 6, { protocol: 6, port_range_min: 443, port_range_max: 444, remote: { prefix: cidr("2001:db8:7::/48") } }),
  ];
  const chainsOf = (more: Partial<Endpoint>, stateful = true) => {
    const view = viewOf([{ ...WEB, ...more }], { with: [{ ...group("web", rules), stateful }] });
    const all = compileCompute(view, "h1").nft.map(({ value }) => value);
    return ["egress-midway", "ingress-midway"].map((map) => {
      const [element, ...others] = all.flatMap((value) => (value.object === "element" && value.of === map ? [value] : []));
      assert.deepEqual(others, []);
      const chain = all.find((value) => value.object === "chain" && `jump ${value.name}` === element?.value);
      return chain?.object === "chain" ? chain.rules : undefined;
    });
  };
  const brought = [
    [
      `meta nfproto ipv4 meta l4proto 6 th sport 22 ip daddr @members4-${uuid("web")} ct mark set ct mark or 0x40000000 goto receive`,
      "return",
    ],
    ["meta nfproto ipv6 meta l4proto 6 th sport 443-444 ip6 saddr 2001:db8:7::/48 ct mark set ct mark or 0x40000000 accept", "return"],
  ];
  assert.deepEqual(chainsOf({ moves: 1 }), brought);
  assert.deepEqual(chainsOf({ host: "h2" }), brought, "all is ready before it comes");
  const none = [undefined, undefined];
  assert.deepEqual(chainsOf({}), none, "it began here");
  assert.deepEqual(chainsOf({ moves: 1 }, false), none, "of a stateless one each packet is asked about");
  for (const more of [{ port_security: false }, { admin_state_up: false }]) assert.deepEqual(chainsOf({ moves: 1, ...more }), none);
});
