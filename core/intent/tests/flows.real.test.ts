/** Established flows, real, when what let them through is taken away: those end that only it allowed, and go on when it is there again. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Endpoint, Floating, GroupRule, View } from "../../feed/item.ts";
import { membersIn } from "../../feed/members.ts";
import { addressed, ended, eventually, host, outside, troubles } from "./bench.test.ts";
import type { Host, Place } from "./bench.test.ts";
import { cidr, group, ip, port, rule, uuid, viewOf } from "./sample-view.ts";

const [A4, A6, B4, WAN4, FIP] = ["10.65.0.11", "2001:db8:a41:3::11", "10.65.0.12", "203.0.113.10", "172.18.208.50"];
const A = port(1, [A4, A6], { groups: [uuid("a")] });
const B = port(2, [B4], { groups: [uuid("b")] });
const CUT = "0x80000000/0x80000000";

interface Setting {
  readonly h: Host;
  readonly wan: Place;
  readonly a: Place;
  readonly b: Place;
  /** What A lets in; B and all ways out are open. */
  readonly show: (rules: readonly GroupRule[], more?: Partial<View> & { readonly a?: Partial<Endpoint> }) => Promise<void>;
}

async function setting(t: TestContext): Promise<Setting> {
  const h = await host(t);
  const wan = await outside(t, h);
  await wan.sh(
    `ip route change 10.65.0.0/16 via 192.168.100.11 src ${WAN4}; ip route change 172.18.208.0/24 via 192.168.100.11 src ${WAN4}`,
  );
  const [a, b] = [await h.guest(A), await h.guest(B)];
  const out = [rule("egress", 4), rule("egress", 6)];
  const show: Setting["show"] = async (rules, { a: changes = {}, ...more } = {}) => {
    const groups = [group("a", [...out, ...rules]), group("b", [...out, rule("ingress", 4)]), group("none", out)];
    assert.deepEqual(troubles(await h.hold(viewOf([{ ...A, ...changes }, B], { with: groups, ...more }))), []);
  };
  await show([]);
  await addressed(a, A);
  await addressed(b, B);
  return { h, wan, a, b, show };
}

/** Something that goes on all the time, and whatever of it arrives. */
interface Stream {
  readonly name: string;
  /** How the host's table shows it. */
  readonly shown: string;
  readonly arrived: () => number;
}

const bracketed = (target: string) => (target.includes(":") ? `[${target}]` : target);
const family = (target: string) => (target.includes(":") ? "ipv6" : "ipv4");

interface Course {
  readonly from: Place;
  readonly to: Place;
  readonly target: string;
  readonly at: number;
}

/** Listens first, so that the first packet finds somebody. */
const open = (protocol: "t" | "u", at: number, own = "4") => `ss -Hln${protocol}${own} 'sport = ${at}' | grep -q .`;

async function stream(
  h: Host,
  kind: "tcp" | "udp",
  way: "client sends" | "server sends",
  { from, to, target, at }: Course,
): Promise<Stream> {
  const file = join(h.state, `stream-${kind}-${at}-${family(target)}-${from.name}`);
  const [tick, upper] = ["while echo x; do sleep 0.05; done", kind.toUpperCase()];
  const own = target.includes(":") ? "6" : "4";
  const listen = `${upper}${own}-${kind === "tcp" ? "LISTEN" : "RECVFROM"}:${at},${own === "6" ? "ipv6only=1," : ""}reuseaddr,fork`;
  const call = `${upper}:${bracketed(target)}:${at}`;
  if (way === "client sends") {
    to.start(["sh", "-c", `exec socat -u ${listen} OPEN:${file},creat,append`]);
    await eventually("somebody listens", () => to.can(open(kind === "tcp" ? "t" : "u", at, own)));
    from.start(["sh", "-c", `(${tick}) | socat -u - ${call}`]);
  } else {
    to.start(["sh", "-c", `exec socat ${listen} SYSTEM:'${tick}'`]);
    await eventually("somebody listens", () => to.can(open(kind === "tcp" ? "t" : "u", at, own)));
    from.start(["sh", "-c", `(echo hello; sleep 1000) | socat - ${call} > ${file}`]);
  }
  const shown = `-f ${family(target)} -p ${kind} --orig-port-dst ${at} -d ${target}`;
  const made = { name: `${kind} ${target} ${at}, ${way}`, shown, arrived: () => sizeOf(file) };
  await flows(made);
  return made;
}

async function pinging(h: Host, from: Place, target: string): Promise<Stream> {
  const file = join(h.state, `ping-${target}-${from.name}`);
  from.start(["sh", "-c", `exec stdbuf -oL ping -n -i 0.05 ${target} > ${file}`]);
  const icmp = target.includes(":") ? "icmpv6" : "icmp";
  const made = { name: `ping ${target}`, shown: `-f ${family(target)} -p ${icmp} -d ${target}`, arrived: () => sizeOf(file) };
  await flows(made);
  return made;
}

function sizeOf(file: string): number {
  try {
    return readFileSync(file).length;
  } catch {
    return 0;
  }
}

/** More of it arrives. */
async function flows({ name, arrived }: Stream): Promise<void> {
  const before = arrived();
  await eventually(`${name} flows`, async () => arrived() > before + 8);
}

/** It is marked, and its packets are dropped and nothing of it arrives any more; how long the mark took, in ms. */
async function cut(h: Host, { name, shown, arrived }: Stream): Promise<number> {
  const begin = performance.now();
  await eventually(`${name} is cut`, () => h.can(`conntrack -L ${shown} -m ${CUT} 2>/dev/null | grep -q mark=`));
  const took = performance.now() - begin;
  const drops = async () => Number(/counter packets (\d+)/.exec(await h.sh("nft list chain inet margay refused-cut"))?.[1]);
  const first = await drops();
  await eventually(`${name} is dropped`, async () => (await drops()) > first);
  const [size, then] = [arrived(), await drops()];
  await eventually(`${name} is dropped again`, async () => (await drops()) > then + 3);
  assert.equal(arrived(), size, `${name} is over`);
  return took;
}

async function untouched(h: Host, { shown, ...made }: Stream): Promise<void> {
  await flows({ shown, ...made });
  assert.equal(await h.can(`conntrack -L ${shown} -m ${CUT} 2>/dev/null | grep -q mark=`), false, made.name);
}

const tcpIn = (at: number, version: 4 | 6, more: Partial<GroupRule> = {}) =>
  rule("ingress", version, { protocol: 6, port_range_min: at, port_range_max: at, ...more });
const udpIn = (at: number, version: 4 | 6) => tcpIn(at, version, { protocol: 17 });
const echoIn = (version: 4 | 6) => rule("ingress", version, { protocol: version === 4 ? 1 : 58 });

test("a rule that goes takes along the flows that only it allowed, whoever sends, and gives them back when it returns", async (t) => {
  const { h, wan, a, show } = await setting(t);
  const staying = [tcpIn(80, 4), tcpIn(80, 6)];
  const going = ([4, 6] as const).flatMap((version) => [
    tcpIn(22, version),
    tcpIn(23, version),
    udpIn(53, version),
    udpIn(54, version),
    echoIn(version),
  ]);
  await show([...staying, ...going]);
  const all: { readonly [K in "going" | "staying"]: Stream[] } = { going: [], staying: [] };
  for (const target of [A4, A6]) {
    const to = (at: number): Course => ({ from: wan, to: a, target, at });
    all.staying.push(await stream(h, "tcp", "client sends", to(80)));
    all.going.push(await stream(h, "tcp", "client sends", to(22)), await stream(h, "tcp", "server sends", to(23)));
    all.going.push(await stream(h, "udp", "client sends", to(53)), await stream(h, "udp", "server sends", to(54)));
    all.going.push(await pinging(h, wan, target));
  }
  const begin = performance.now();
  await show(staying);
  t.diagnostic(`the round took ${Math.round(performance.now() - begin)} ms`);
  const times = [];
  for (const each of all.going) times.push(await cut(h, each));
  t.diagnostic(`seen as cut ${Math.round(times[0] ?? 0)} ms after it`);
  for (const each of all.staying) await untouched(h, each);
  await show([...staying, ...going]);
  for (const each of [...all.going, ...all.staying]) await flows(each);
});

test("a flow that two rules allow outlives either, and a flow of another peer what is no rule of its", async (t) => {
  const { h, wan, a, b, show } = await setting(t);
  const [fromWan, fromB] = [{ prefix: cidr("203.0.113.0/24") }, { prefix: cidr(`${B4}/32`) }];
  await show([tcpIn(22, 4), tcpIn(22, 4, { remote: fromWan }), tcpIn(80, 4, { remote: fromWan }), tcpIn(80, 4, { remote: fromB })]);
  const twice = await stream(h, "tcp", "client sends", { from: wan, to: a, target: A4, at: 22 });
  const outer = await stream(h, "tcp", "client sends", { from: wan, to: a, target: A4, at: 80 });
  await show([tcpIn(22, 4, { remote: fromWan }), tcpIn(80, 4, { remote: fromWan }), tcpIn(80, 4, { remote: fromB })]);
  await untouched(h, twice);
  await ended(b.start(["true"]));
  await show([tcpIn(22, 4), tcpIn(80, 4, { remote: fromB })]);
  await cut(h, outer);
  await untouched(h, twice);
});

test("who leaves a group that a rule lets in, and a port that leaves its group, lose their flows, and nobody else does", async (t) => {
  const { h, wan, a, b, show } = await setting(t);
  const friends = rule("ingress", 4, { remote: { group: uuid("f") } });
  const members = (...texts: string[]) => ({ members: new Map([[uuid("f"), membersIn(texts.map(ip))]]) });
  await show([friends], members(WAN4, B4));
  const outer = await stream(h, "tcp", "server sends", { from: wan, to: a, target: A4, at: 22 });
  const inner = await stream(h, "tcp", "server sends", { from: b, to: a, target: A4, at: 23 });
  const own = await stream(h, "tcp", "client sends", { from: a, to: wan, target: WAN4, at: 80 });
  await show([friends], members(B4));
  await cut(h, outer);
  await untouched(h, inner);
  await show([friends], { ...members(B4), a: { groups: [uuid("none")] } });
  await cut(h, inner);
  await untouched(h, own);
  await show([friends], { ...members(B4), a: { groups: [] } });
  await cut(h, own);
});

test("flows through floating IPs are judged by where they lead, and those that lead elsewhere by now are over", async (t) => {
  const { h, wan, a, show } = await setting(t);
  const whole: Floating = { id: uuid("w"), ip: ip(FIP), stands_for: ip(A4), forwards: [] };
  await show([tcpIn(22, 4)], { a: { floating: [whole] } });
  const inward = await stream(h, "tcp", "server sends", { from: wan, to: a, target: FIP, at: 22 });
  const outward = await stream(h, "tcp", "client sends", { from: a, to: wan, target: WAN4, at: 80 });
  await show([], { a: { floating: [whole] } });
  await cut(h, inward);
  await untouched(h, outward);
  const forwarding = (to: number): Floating => ({
    ...whole,
    stands_for: null,
    forwards: [{ protocol: "udp", external: { first: 1000, last: 1000 }, to: ip(A4), internal: { first: to, last: to } }],
  });
  await show([udpIn(53, 4), udpIn(54, 4)], { a: { floating: [forwarding(53)] } });
  await eventually(
    "what left by the floating IP is over",
    async () => !(await h.can(`conntrack -L -d ${WAN4} 2>/dev/null | grep -q dst=${FIP}`)),
  );
  const at = async (inner: number) => {
    const file = join(h.state, `forwarded-${inner}`);
    a.start(["sh", "-c", `exec socat -u UDP4-RECV:${inner},reuseaddr OPEN:${file},creat,append`]);
    await eventually("somebody listens", () => a.can(open("u", inner)));
    return { name: `to ${inner}`, shown: "", arrived: () => sizeOf(file) };
  };
  const [first, second] = [await at(53), await at(54)];
  wan.start(["sh", "-c", `(while echo x; do sleep 0.05; done) | socat -u - UDP4:${FIP}:1000,sourceport=5000`]);
  await flows(first);
  await show([udpIn(53, 4), udpIn(54, 4)], { a: { floating: [forwarding(54)] } });
  await flows(second);
});
