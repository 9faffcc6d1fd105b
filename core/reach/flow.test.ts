/** Which tracked flows could begin now: a table of flows and rules. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Floating, Group, GroupRule, View } from "../feed/item.ts";
import { membersIn } from "../feed/members.ts";
import { compileCompute } from "../intent/compute.ts";
import { cidr, group, ip, mac, port, rule, uuid, viewOf } from "../intent/tests/sample-view.ts";
import type { Endpoint } from "../feed/item.ts";
import { nft } from "../kinds/nft.ts";
import { concernOf, slowedIn } from "./concern.ts";
import { groundOf, standingOf } from "./flow.ts";
import type { Ends, Standing, Tracked } from "./flow.ts";

const [A4, A6, B4, OUT4, OUT6, FIP] = [
  "10.65.0.11",
  "2001:db8:a41:3::11",
  "10.65.0.12",
  "203.0.113.10",
  "2001:db8:feed::10",
  "172.18.208.50",
];
const A = port(1, [A4, A6], { groups: [uuid("a")] });
const B = port(2, [B4], { groups: [uuid("b")] });

/** `from` and `to` as they are before translation, `behind` the address that it leads to. */
function flow(
  protocol: number,
  from: string,
  to: string,
  more: {
    readonly dport?: number;
    readonly behind?: string;
    readonly as?: string;
    readonly at?: number;
    readonly icmp?: Ends["icmp"];
  } = {},
): Tracked {
  const { dport, behind = to, as = from, at = dport, icmp } = more;
  const orig = { src: ip(from), dst: ip(to), ...(dport === undefined ? {} : { sport: 40_000, dport }), ...(icmp && { icmp }) };
  const reply = { src: ip(behind), dst: ip(as), ...(at === undefined ? {} : { sport: at, dport: 40_000 }), ...(icmp && { icmp }) };
  return { protocol, orig, reply };
}

const tcp = (from: string, to: string, dport: number, more: Parameters<typeof flow>[3] = {}) => flow(6, from, to, { dport, ...more });
const standing = (view: View, tracked: Tracked): Standing => standingOf(groundOf(view, "h1"), tracked);

/** A may send and hear as its rules say; B anything. */
const withRules = (
  rules: readonly GroupRule[],
  also: Partial<View> & { readonly a?: Partial<Endpoint>; readonly more?: readonly Group[] } = {},
) => {
  const { a = {}, more: others = [], ...rest } = also;
  const open = group("b", [rule("egress", 4), rule("ingress", 4)]);
  return viewOf([{ ...A, ...a }, B], { with: [group("a", rules), open, ...others], ...rest });
};
const out4 = rule("egress", 4);
const web = rule("ingress", 4, { protocol: 6, port_range_min: 80, port_range_max: 90 });

describe("a flow could begin now", () => {
  test("where a rule of the sender lets it out, and one of the receiver lets it in", () => {
    assert.equal(standing(withRules([out4]), tcp(A4, OUT4, 443)), "open");
    assert.equal(standing(withRules([]), tcp(A4, OUT4, 443)), "closed");
    assert.equal(standing(withRules([web]), tcp(OUT4, A4, 80)), "open");
    assert.equal(standing(withRules([web]), tcp(OUT4, A4, 91)), "closed");
    assert.equal(standing(withRules([web]), tcp(B4, A4, 85)), "open");
    assert.equal(standing(withRules([web]), tcp(A4, B4, 80)), "closed", "its answers would be let in, but it began it");
    assert.equal(standing(withRules([rule("egress", 6)]), flow(17, A6, OUT6, { dport: 53 })), "open");
    assert.equal(standing(withRules([out4]), flow(17, A6, OUT6, { dport: 53 })), "closed", "the other family");
  });

  test("by any rule of several that says so", () => {
    const wide = rule("ingress", 4, { protocol: 6, port_range_min: 1, port_range_max: 65_535 });
    for (const rules of [[web, wide], [web], [wide]]) assert.equal(standing(withRules(rules), tcp(OUT4, A4, 80)), "open");
    const second = withRules([], { a: { groups: [uuid("a"), uuid("c")] }, more: [group("c", [web])] });
    assert.equal(standing(second, tcp(OUT4, A4, 80)), "open");
  });

  test("for a member of the remote group, or from a prefix of the remote address group", () => {
    const friends = rule("ingress", 4, { remote: { group: uuid("f") } });
    const offices = rule("ingress", 4, { remote: { address_group: uuid("o") } });
    const members = new Map([[uuid("f"), membersIn([ip(OUT4)])]]);
    assert.equal(standing(withRules([friends], { members }), tcp(OUT4, A4, 80)), "open");
    assert.equal(standing(withRules([friends]), tcp(OUT4, A4, 80)), "closed");
    const prefixes = new Map([[uuid("o"), [cidr("203.0.113.0/24")]]]);
    assert.equal(standing(withRules([offices], { prefixes }), tcp(OUT4, A4, 80)), "open");
    assert.equal(standing(withRules([offices]), tcp(OUT4, A4, 80)), "closed");
  });

  test("of ICMP by type and code, as ICMPv6 in IPv6, and of protocols without ports by their number", () => {
    const ping = { icmp: { type: 8, code: 0 } };
    assert.equal(standing(withRules([rule("ingress", 4, { protocol: 1, port_range_min: 8 })]), flow(1, OUT4, A4, ping)), "open");
    assert.equal(
      standing(withRules([rule("ingress", 4, { protocol: 1, port_range_min: 8, port_range_max: 1 })]), flow(1, OUT4, A4, ping)),
      "closed",
    );
    assert.equal(standing(withRules([rule("ingress", 4, { protocol: 1, port_range_min: 0 })]), flow(1, OUT4, A4, ping)), "closed");
    const ping6 = { icmp: { type: 128, code: 0 } };
    for (const protocol of [1, 58, 0, null])
      assert.equal(standing(withRules([rule("ingress", 6, { protocol })]), flow(58, OUT6, A6, ping6)), "open", String(protocol));
    assert.equal(standing(withRules([rule("ingress", 4, { protocol: 50 })]), flow(50, OUT4, A4)), "open");
    assert.equal(standing(withRules([rule("ingress", 4, { protocol: 51 })]), flow(50, OUT4, A4)), "closed");
  });

  test("whatever the rules, where port security is off; never where the port is down; and of the stateless each packet is asked about anyway", () => {
    assert.equal(standing(withRules([], { a: { port_security: false } }), tcp(OUT4, A4, 80)), "open");
    assert.equal(standing(withRules([web], { a: { admin_state_up: false } }), tcp(OUT4, A4, 80)), "closed");
    assert.equal(
      standing(withRules([], { a: { groups: [uuid("s")] }, more: [{ ...group("s", []), stateful: false }] }), tcp(OUT4, A4, 80)),
      "open",
    );
    const machine = tcp(A4, "192.168.100.1", 179);
    assert.equal(standing(withRules([out4], { a: { port_security: false } }), machine), "closed", "the fabric is closed to all");
  });

  test("as an answer too, where it was taken up midway, and where its VM is not elsewhere", () => {
    const answer = tcp(A4, OUT4, 40_000, {});
    const taken = { ...answer, orig: { ...answer.orig, sport: 80 }, mark: 0x40000005 };
    assert.equal(standing(withRules([web]), taken), "open");
    assert.equal(standing(withRules([web]), { ...taken, mark: 5 }), "closed");
    assert.equal(standing(withRules([]), taken), "closed");
    assert.equal(standing(withRules([], { a: { host: "h2" } }), taken), "open", "that other host decides");
  });

  test("where it is nobody's here, or the host's own", () => {
    assert.equal(standing(withRules([]), tcp(OUT4, "10.65.0.99", 80)), "open");
    assert.equal(standing(withRules([]), flow(17, A4, "10.65.0.1", { dport: 53 })), "open");
  });

  test("from a single address of an allowed pair, by any who has it; from a prefix of one nobody can tell", () => {
    const pair = (prefix: string) => ({ pairs: [{ prefix: cidr(prefix), mac: mac("00:00:5e:00:01:01") }] });
    assert.equal(standing(withRules([], { a: pair("10.65.0.50/32") }), tcp(OUT4, "10.65.0.50", 80)), "closed");
    assert.equal(standing(withRules([web], { a: pair("10.65.0.50/32") }), tcp(OUT4, "10.65.0.50", 80)), "open");
    assert.equal(standing(withRules([], { a: pair("0.0.0.0/0") }), tcp(OUT4, B4, 80)), "open");
  });
});

describe("a flow through a floating IP", () => {
  const whole: Floating = { id: uuid("w"), ip: ip(FIP), stands_for: ip(A4), forwards: [] };
  const forwarding = (to: number): Floating => ({
    ...whole,
    stands_for: null,
    forwards: [{ protocol: "tcp", external: { first: 8080, last: 8080 }, to: ip(A4), internal: { first: to, last: to } }],
  });
  const led = tcp(OUT4, FIP, 80, { behind: A4 });
  const forwarded = tcp(OUT4, FIP, 8080, { behind: A4, at: 80 });
  const left = tcp(A4, OUT4, 443, { as: FIP });

  test("is judged by where it leads", () => {
    assert.equal(standing(withRules([web], { a: { floating: [whole] } }), led), "open");
    assert.equal(standing(withRules([], { a: { floating: [whole] } }), led), "closed");
    assert.equal(standing(withRules([web], { a: { floating: [forwarding(80)] } }), forwarded), "open");
    assert.equal(standing(withRules([out4], { a: { floating: [whole] } }), left), "open");
    const hairpin = tcp(A4, FIP, 80, { behind: A4, as: FIP });
    assert.equal(standing(withRules([out4, web], { a: { floating: [whole] } }), hairpin), "open");
  });

  test("is astray when it leads elsewhere by now", () => {
    assert.equal(standing(withRules([web], { a: { floating: [forwarding(81)] } }), forwarded), "astray");
    assert.equal(standing(withRules([web], { a: { floating: [forwarding(80)] } }), led), "astray");
    assert.equal(standing(withRules([web], { a: { floating: [{ ...whole, stands_for: ip(B4) }] } }), led), "astray");
    assert.equal(standing(withRules([out4], { a: { floating: [forwarding(80)] } }), left), "astray");
  });

  test("that others translate, or that goes with its route, is left to them", () => {
    assert.equal(standing(withRules([web, out4]), led), "open");
    assert.equal(standing(withRules([web, out4]), left), "open");
  });
});

test("a change concerns whom it was made for", () => {
  const view = withRules([web], { a: { pairs: [{ prefix: cidr("10.65.0.50/32"), mac: A.mac }] } });
  const because = [`port/${A.port_id}`, `security_group/${uuid("a")}`];
  const of = (ref: string, causes: readonly string[] = because) => {
    const concern = concernOf(view, [{ ref: `nft/${ref}`, because: causes }]);
    return concern === "all" ? concern : [...concern];
  };
  assert.deepEqual(of(`inet element ingress "${A.tap}"`), [A4, A6, "10.65.0.50"]);
  assert.deepEqual(of(`inet set addresses4-${uuid("o")}`), [A4, A6, "10.65.0.50"]);
  assert.deepEqual(of(`inet element members4-${uuid("f")} 203.0.113.10`, [`security_group/${uuid("f")}`]), ["203.0.113.10"]);
  const moved = concernOf(view, [{ ref: `nft/inet share members4-${uuid("f")} 7`, because: [], moved: ["203.0.113.10", "203.0.113.11"] }]);
  assert.deepEqual([...moved], ["203.0.113.10", "203.0.113.11"]);
  assert.deepEqual(of(`inet element floating4 ${FIP}`), [FIP]);
  assert.deepEqual(of("inet chain to-machines"), "all");
  for (const other of [`inet element sources4 "${A.tap}" . ${A.mac} . ${A4}`, "inet chain in-0123", `arp element own "${A.tap}" . ${A4}`])
    assert.deepEqual(of(other), [], other);
});

describe("no flow passes the packet filter by any longer", () => {
  const view = viewOf([A, B]);
  const change = (op: string, ref: string, because: readonly string[] = [`port/${A.port_id}`]) => ({
    op,
    ref: `nft/${ref}` as const,
    because,
  });
  const slowed = (...changes: readonly ReturnType<typeof change>[]) => {
    const found = slowedIn(view, changes);
    return found === "all" ? found : [...found];
  };

  test("of an endpoint that comes to the slow path, and none of one that leaves it", () => {
    assert.deepEqual(slowed(change("create", `inet element slow-path "${A.tap}"`)), [A4, A6]);
    assert.deepEqual(slowed(change("delete", `inet element slow-path "${A.tap}"`)), []);
  });

  test("of an address that nobody may send from any more", () => {
    const sources = [`inet element sources4 "${A.tap}" . ${A.mac} . 10.65.0.99`, `inet element sources6 "${A.tap}" . ${A.mac} . ${A6}`];
    assert.deepEqual(slowed(...sources.map((ref) => change("delete", ref))), ["10.65.0.99", A6]);
    assert.deepEqual(slowed(...sources.map((ref) => change("create", ref))), []);
  });

  test("of anybody, where what all packets meet is another", () => {
    for (const chain of ["prerouting", "no-tunnel", "own-source"])
      assert.equal(slowed(change("replace", `inet chain ${chain}`, ["datacenter/this"])), "all");
    assert.deepEqual(slowed(change("create", "inet chain prerouting"), change("replace", "inet chain in-4f2a")), []);
  });

  test("and the names are those that a host has", () => {
    const held = compileCompute(view, "h1", { offload: true }).nft.map(({ value }) => nft.key(value));
    for (const chain of ["prerouting", "of-tap", "from-tap", "own-source", "any-source", "no-role", "no-tunnel"])
      assert.ok(held.includes(`inet chain ${chain}`), chain);
    for (const ref of [`inet element sources4 "${A.tap}" . ${A.mac} . ${A4}`, `inet element sources6 "${A.tap}" . ${A.mac} . ${A6}`])
      assert.ok(held.includes(ref), ref);
  });
});
