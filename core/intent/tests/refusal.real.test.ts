/** What VMs may not do, real: tunnels, talk about their neighbours, the host's loopback; and how it is seen. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostSideMac } from "../../net/mac.ts";
import { addressed, ended, eventually, host, listens, outside, ping, tcp, troubles } from "./bench.test.ts";
import type { Host, Place } from "./bench.test.ts";
import { GUIDE, port, viewOf } from "./sample-view.ts";

const [A4, A6, WAN4] = ["10.65.0.11", "2001:db8:a41:3::11", "203.0.113.10"];
const A = port(1, [A4, A6]);

/** How many packets ended for this reason. */
async function refusedFor(h: Host, reason: string): Promise<number> {
  return Number(/counter packets (\d+)/.exec(await h.sh(`nft list chain inet margay refused-${reason}`))?.[1]);
}

/** Sent again and again until one is seen to be refused: the first may wait for a neighbour. */
async function isRefused(h: Host, reason: string, send: () => Promise<unknown>): Promise<void> {
  const before = await refusedFor(h, reason);
  await eventually(`a packet that ${reason} ends`, async () => {
    await send();
    return (await refusedFor(h, reason)) > before;
  });
}

/** How many packets of a protocol, or to a UDP port, came out at the far end. */
async function counting(wan: Place): Promise<() => Promise<number>> {
  await wan.sh(`nft add table inet seen; nft 'add chain inet seen in { type filter hook input priority raw; }'
    nft 'add rule inet seen in meta l4proto { 4, 41, 47, 97, 115, 137 } counter'
    nft 'add rule inet seen in udp dport { 1701, 4754, 4789, 4790, 6081, 6635, 8472 } counter'`);
  return async () =>
    [...(await wan.sh("nft list table inet seen")).matchAll(/counter packets (\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
}

test("tunnels that carry packets in the clear are closed until the data centre opens them, or the port is not checked", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const a = await h.guest(A);
  await h.hold(viewOf([A]));
  await addressed(a, A);
  const seen = await counting(wan);
  const sends = [
    ...[4, 41, 47, 97, 115, 137].map((protocol) => `IP4-SENDTO:${WAN4}:${protocol}`),
    ...[1701, 4754, 4789, 4790, 6081, 6635, 8472].map((at) => `UDP4-SENDTO:${WAN4}:${at}`),
    "UDP6-SENDTO:[2001:db8:feed::10]:4789",
  ];
  const send = (to: string) => a.can(`echo tunnel | socat -u - '${to}'`);
  for (const to of sends) await isRefused(h, "tunnel", () => send(to));
  assert.equal(await seen(), 0);
  for (const other of [`UDP4-SENDTO:${WAN4}:51820`, `IP4-SENDTO:${WAN4}:50`]) assert.ok(await send(other), "a VPN");
  const before = await refusedFor(h, "tunnel");
  const open = { ...A, port_security: false };
  for (const view of [viewOf([A], { datacenter: { ...GUIDE, tunnels: "open" } }), viewOf([open])]) {
    assert.deepEqual(troubles(await h.hold(view)), []);
    const came = await seen();
    for (const [at, to] of sends.entries()) await eventually(to, async () => (await send(to)) && (await seen()) > came + at);
  }
  assert.equal(await refusedFor(h, "tunnel"), before);
});

test("what the host says to a guest comes back to it, and counts as nobody's misdeed", async (t) => {
  const h = await host(t);
  const a = await h.guest(A);
  await h.hold(viewOf([A]));
  await eventually("a router that advertises itself", () => a.can("ip -6 route show default proto ra | grep -q via"));
  for (const reason of ["role", "host"]) assert.equal(await refusedFor(h, reason), 0, reason);
});

test("a guest speaks for its own addresses alone to its neighbours", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const a = await h.guest(A);
  await h.hold(viewOf([A]));
  await addressed(a, A);
  /** A neighbour advertisement (136) or solicitation (135) about an address, as bytes for printf. */
  const about = (type: number, address: string) => {
    const groups = address.split("::");
    const [head = [], tail = []] = groups.map((half) => half.split(":").filter((word) => word !== ""));
    const words = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail];
    const target = words.flatMap((word) => [parseInt(word, 16) >> 8, parseInt(word, 16) & 255]);
    return [type, 0, 0, 0, 0x20, 0, 0, 0, ...target].map((byte) => `\\0${byte.toString(8)}`).join("");
  };
  const say = (type: number, address: string) =>
    a.can(`printf '%b' '${about(type, address)}' | socat -u - 'IP6-SENDTO:[ff02::1%eth0]:58,setsockopt-int=41:18:255'`);
  for (const other of ["2001:db8:a41:3::12", "2001:db8:a41:2::1"]) await isRefused(h, "advert", () => say(136, other));
  const before = await refusedFor(h, "advert");
  for (const own of [A6, "fe80::f816:3eff:fe00:1"]) assert.ok(await say(136, own), own);
  assert.equal(await refusedFor(h, "advert"), before, "its own pass");
  assert.ok(await a.can(ping("2001:db8:feed::10")));
});

test("the host's loopback is closed to guests even where somebody has opened it to the network", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const a = await h.guest(A);
  await h.hold(viewOf([A]));
  await addressed(a, A);
  await listens(h, 22);
  await h.sh(`sysctl -qw net.ipv4.conf.all.route_localnet=1`);
  await a.sh(
    `sysctl -qw net.ipv4.conf.all.route_localnet=1; ip route del local 127.0.0.0/8 table local
      ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via 10.65.0.1 dev eth0`,
  );
  await isRefused(h, "host", () => a.can(`${tcp("127.0.0.1", 22).replace("connect-timeout=1", `bind=${A4},connect-timeout=1`)}; false`));
});

test("what is refused is told to the log group, and a flood of it is told a little of", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const [a, file] = [await h.guest(A), join(h.state, "refused.pcap")];
  await h.hold(viewOf([{ ...A, groups: [] }]));
  await addressed(a, A);
  const capture = h.start(["tcpdump", "-U", "-i", "nflog:88", "-w", file]);
  const text = () => {
    try {
      return readFileSync(file, "latin1");
    } catch {
      return "";
    }
  };
  await eventually("tcpdump listens", async () => text().length > 0);
  await a.can(`socat -u /dev/null 'UDP4-SENDTO:${WAN4}:9'; echo x | socat -u - 'UDP4-SENDTO:${WAN4}:9'`);
  await eventually("a refused packet is told", async () => {
    await a.can(`echo x | socat -u - 'UDP4-SENDTO:${WAN4}:9'`);
    return text().includes("margay: no egress rule: ");
  });
  const before = await refusedFor(h, "egress");
  await a.can(`head -c 500000 /dev/zero | socat -b50 -u - UDP4-SENDTO:${WAN4}:9 || true`);
  const dropped = (await refusedFor(h, "egress")) - before;
  await ended(capture);
  const told = text().split("margay: no egress rule: ").length - 1;
  assert.ok(dropped > 5000, `${dropped} were dropped`);
  assert.ok(told < 200, `${told} of them were told`);
});

test("never a packet before its policy, under a flood from both sides while a tap is plugged and its port comes", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const closed = { ...A, groups: [] };
  const a = await h.guest(A);
  await addressed(a, A);
  // Nobody answers the ARP of a tap that is not known, and it would have nothing to send.
  await a.sh(`ip neigh replace 10.65.0.1 lladdr ${hostSideMac(A.mac)} dev eth0 nud permanent`);
  await h.sh(`ip route add ${A4}/32 dev ${A.tap}; ip neigh replace ${A4} lladdr ${A.mac} dev ${A.tap}`);
  await h.hold(viewOf([]));
  await h.sh(`ip route del ${A4}/32 dev ${A.tap} || true`);
  const count = `nft add table inet seen; nft 'add chain inet seen in { type filter hook input priority raw; }'
    nft 'add rule inet seen in udp dport { 7, 8 } counter'`;
  await a.sh(count);
  await wan.sh(count);
  const seen = async (there: Place) => Number(/counter packets (\d+)/.exec(await there.sh("nft list table inet seen"))?.[1]);
  a.start(["sh", "-c", `while true; do head -c 20000 /dev/zero | socat -b50 -u - UDP4-SENDTO:${WAN4}:7; sleep 0.01; done`]);
  wan.start(["sh", "-c", `while true; do head -c 20000 /dev/zero | socat -b50 -u - UDP4-SENDTO:${A4}:8; sleep 0.01; done`]);
  await isRefused(h, "stranger", async () => undefined);
  assert.deepEqual(troubles(await h.hold(viewOf([closed]))), []);
  await isRefused(h, "egress", async () => undefined);
  await isRefused(h, "ingress", async () => undefined);
  assert.deepEqual([await seen(a), await seen(wan)], [0, 0], "closed as it came");
  assert.deepEqual(troubles(await h.hold(viewOf([A]))), []);
  await eventually("open once its rules say so", async () => (await seen(a)) > 0 && (await seen(wan)) > 0);
  assert.ok(await a.can(ping(WAN4)), "and the first packet passes");
});
