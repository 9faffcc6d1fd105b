/** Stateless endpoints on a real kernel: no packet of theirs passes for what was before it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupRule } from "../../feed/item.ts";
import { addressed, host, listens, outside, ping, tcp, troubles } from "./bench.test.ts";
import { cidr, group, port, rule, uuid, viewOf } from "./sample-view.ts";

const A = port(1, ["10.65.0.11", "2001:db8:a41:3::11"], { groups: [uuid("bare")] });
const B = port(2, ["10.65.0.12", "2001:db8:a41:3::12"]);
const OPEN = group("open", [rule("egress", 4), rule("egress", 6), rule("ingress", 4), rule("ingress", 6)]);
const CLOSED = group("open", [rule("egress", 4), rule("egress", 6)]);

/** A is stateless with these rules, B is not. */
const withBare = (rules: readonly GroupRule[], other = OPEN) =>
  viewOf([A, B], { with: [other, { ...group("bare", rules), stateful: false }] });

const tcpRule = (direction: GroupRule["direction"], low: number, high: number, more: Partial<GroupRule> = {}) =>
  rule(direction, 4, { protocol: 6, port_range_min: low, port_range_max: high, ...more });

test("replies need rules on the stateless side, and on no other", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const [a, b] = [await h.guest(A), await h.guest(B)];
  const show = async (rules: readonly GroupRule[], other = OPEN) => assert.deepEqual(troubles(await h.hold(withBare(rules, other))), []);
  await show([]);
  await addressed(a, A);
  await addressed(b, B);
  await listens(a, 22);
  await listens(b, 22);
  await listens(wan, 22);

  await t.test("a client: what comes back is asked about", async () => {
    await show([rule("egress", 4)]);
    for (const target of ["10.65.0.12", "203.0.113.10"]) assert.equal(await a.can(tcp(target, 22)), false, target);
    await show([rule("egress", 4), tcpRule("ingress", 32_768, 60_999)]);
    for (const target of ["10.65.0.12", "203.0.113.10"]) assert.ok(await a.can(tcp(target, 22)), target);
    await show([rule("egress", 4), rule("ingress", 4, { protocol: 6, remote: { prefix: cidr("10.65.0.12/32") } })]);
    assert.ok(await a.can(tcp("10.65.0.12", 22)));
    assert.equal(await a.can(tcp("203.0.113.10", 22)), false);
  });

  await t.test("a server: what it answers is asked about", async () => {
    await show([tcpRule("ingress", 22, 22)]);
    for (const asker of [b, wan]) assert.equal(await asker.can(tcp("10.65.0.11", 22)), false, asker.name);
    await show([tcpRule("ingress", 22, 22), rule("egress", 4)]);
    for (const asker of [b, wan]) assert.ok(await asker.can(tcp("10.65.0.11", 22)), asker.name);
  });

  await t.test("its stateful neighbour goes on by what it has begun", async () => {
    await show([tcpRule("ingress", 22, 22), rule("egress", 4)], CLOSED);
    assert.ok(await b.can(tcp("10.65.0.11", 22)), "nothing may come in to B but replies, and they do");
    assert.equal(await a.can(tcp("10.65.0.12", 22)), false, "A begins, and B lets nobody in");
  });

  await t.test("the host's own services do not depend on rules", async () => {
    await show([]);
    assert.ok(await a.can(ping("10.65.0.1")));
    assert.ok(await h.can(ping("10.65.0.11")));
  });
});

test("a flow ends with the rule, and a packet that belongs to no known flow passes where rules let it", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const a = await h.guest(A);
  const BOTH = [rule("egress", 4), rule("ingress", 4)];
  await h.hold(withBare(BOTH));
  await addressed(a, A);
  await listens(a, 22);
  assert.ok(await wan.can(tcp("10.65.0.11", 22)));
  await h.hold(withBare([rule("egress", 4)]));
  assert.equal(await wan.can(tcp("10.65.0.11", 22)), false);

  // A SYN-ACK to nobody's SYN: conntrack calls it invalid, and the kernel of whoever gets it answers with a reset.
  await h.hold(withBare(BOTH));
  const arrived = () => a.can("nft list ruleset | grep -Eq 'counter packets [1-9]'");
  await a.sh(
    "nft 'add table ip seen; add chain ip seen in { type filter hook input priority 0; }; add rule ip seen in tcp flags & (syn | ack) == (syn | ack) counter'",
  );
  await wan.can(`${SYN_ACK}`);
  assert.ok(await arrived(), "it is not dropped for belonging to no flow");
});

/** One SYN-ACK from port 80 to port 40000 of A, by a raw socket. */
const SYN_ACK = `python3 - <<'END'
import socket, struct
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
source, target = socket.inet_aton("203.0.113.10"), socket.inet_aton("10.65.0.11")
def checksum(data):
    words = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    words = (words >> 16) + (words & 0xffff)
    return ~(words + (words >> 16)) & 0xffff
head = lambda check: struct.pack("!HHLLBBHHH", 80, 40000, 1000, 2000, 0x50, 0x12, 512, check, 0)
raw.bind(("203.0.113.10", 0))
raw.sendto(head(checksum(source + target + struct.pack("!BBH", 0, 6, 20) + head(0))), ("10.65.0.11", 0))
END`;
