/** A sample of rules, asked in two ways: of the model, and of packets that come in through a real filter. Both say the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { groundOf, standingOf } from "../../reach/flow.ts";
import type { Tracked } from "../../reach/flow.ts";
import type { GroupRule } from "../../feed/item.ts";
import { membersIn } from "../../feed/members.ts";
import { addressed, eventually, host, outside, troubles } from "./bench.test.ts";
import { cidr, group, ip, port, rule, uuid, viewOf } from "./sample-view.ts";

const [A4, A6, WAN4, WAN6] = ["10.65.0.11", "2001:db8:a41:3::11", "203.0.113.10", "2001:db8:feed::10"];
const A = port(1, [A4, A6], { groups: [uuid("a")] });

interface Probe {
  readonly family: 4 | 6;
  readonly protocol: number;
  readonly at?: number;
  readonly icmp?: readonly [type: number, code: number];
}

const both = (probe: Omit<Probe, "family">): Probe[] => ([4, 6] as const).map((family) => ({ family, ...probe }));
const PROBES: readonly Probe[] = [
  ...[22, 80, 443].flatMap((at) => both({ protocol: 6, at })),
  ...[53, 54].flatMap((at) => both({ protocol: 17, at })),
  ...[47, 50, 112].flatMap((protocol) => both({ protocol })),
  ...(
    [
      [8, 0],
      [13, 0],
    ] as const
  ).map((icmp) => ({ family: 4 as const, protocol: 1, icmp })),
  { family: 6, protocol: 58, icmp: [128, 0] },
];

const nameOf = ({ family, protocol, at, icmp }: Probe) =>
  [`p${family}`, protocol, at, icmp?.join("x")].filter((part) => part !== undefined).join("-");

function sent({ family, protocol, at, icmp }: Probe): string {
  const [to, from] = family === 4 ? [A4, WAN4] : [`[${A6}]`, `[${WAN6}]`];
  if (protocol === 6) return `timeout 0.3 socat -u /dev/null 'TCP${family}:${to}:${at},bind=${from},connect-timeout=0.2'`;
  if (protocol === 17) return `echo x | socat -u - 'UDP${family}-SENDTO:${to}:${at},bind=${from}'`;
  const bytes = "\\0000\\0000\\0000\\0001\\0001\\0001\\0001\\0001";
  if (icmp !== undefined && icmp[0] !== 13)
    return `ping -${family} -c 1 -W 0.2 -I ${from.replaceAll(/[[\]]/g, "")} ${to.replaceAll(/[[\]]/g, "")} >/dev/null`;
  // A time stamp request with its checksum, 20 bytes.
  const body =
    icmp === undefined
      ? bytes
      : "\\0015\\0000\\0362\\0376\\0000\\0001\\0000\\0000\\0000\\0000\\0000\\0000\\0000\\0000\\0000\\0000\\0000\\0000\\0000\\0000";
  return `printf '%b' '${body}' | socat -u - 'IP${family}-SENDTO:${to}:${protocol},bind=${from}'`;
}

function counted(probe: Probe): string {
  const { family, protocol, at, icmp } = probe;
  const what = icmp === undefined ? (at === undefined ? "" : `th dport ${at}`) : `${family === 4 ? "icmp" : "icmpv6"} type ${icmp[0]}`;
  return `add rule inet seen in meta nfproto ipv${family} meta l4proto ${protocol} ${what} counter comment "${nameOf(probe)}"`;
}

function tracked({ family, protocol, at, icmp }: Probe): Tracked {
  const [src, dst] = family === 4 ? [ip(WAN4), ip(A4)] : [ip(WAN6), ip(A6)];
  const kind = icmp === undefined ? {} : { icmp: { type: icmp[0], code: icmp[1] } };
  const ports =
    at === undefined
      ? [{}, {}]
      : [
          { sport: 40_000, dport: at },
          { sport: at, dport: 40_000 },
        ];
  return { protocol, orig: { src, dst, ...ports[0], ...kind }, reply: { src: dst, dst: src, ...ports[1], ...kind } };
}

const inward = (family: 4 | 6, more: Partial<GroupRule> = {}) => rule("ingress", family, more);
const RULES: Readonly<Record<string, readonly GroupRule[]>> = {
  none: [],
  "everything of IPv4": [inward(4)],
  "everything of IPv6, called ip": [inward(6, { protocol: 0 })],
  "a port": [inward(4, { protocol: 6, port_range_min: 22, port_range_max: 22 })],
  "a range of ports, and one beside it": [
    inward(6, { protocol: 6, port_range_min: 22, port_range_max: 80 }),
    inward(6, { protocol: 17, port_range_min: 53, port_range_max: 53 }),
  ],
  "all of UDP": [inward(4, { protocol: 17 }), inward(6, { protocol: 17 })],
  "protocols without ports": [
    inward(4, { protocol: 47 }),
    inward(6, { protocol: 50 }),
    inward(4, { protocol: 112 }),
    inward(6, { protocol: 59 }),
  ],
  "extension headers, which are nobody's": [43, 44, 60].map((protocol) => inward(6, { protocol })),
  "ICMP by type": [inward(4, { protocol: 1, port_range_min: 8 })],
  "ICMP by type and code": [
    inward(4, { protocol: 1, port_range_min: 13, port_range_max: 0 }),
    inward(4, { protocol: 1, port_range_min: 8, port_range_max: 1 }),
  ],
  "ICMPv6, called icmp": [inward(6, { protocol: 1 })],
  "a prefix that is it, and one that is not": [
    inward(4, { protocol: 6, remote: { prefix: cidr("203.0.113.0/24") } }),
    inward(6, { remote: { prefix: cidr("2001:db8:1::/48") } }),
  ],
  "a group that it is in": [inward(4, { remote: { group: uuid("f") } }), inward(6, { remote: { group: uuid("f") } })],
  "an address group": [inward(6, { protocol: 17, remote: { address_group: uuid("o") } })],
};

test("what the model lets in, the filter lets in, and nothing else", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const a = await h.guest(A);
  await addressed(a, A);
  await a.run(
    ["nft", "-f", "-"],
    `add table inet seen\nadd chain inet seen in { type filter hook prerouting priority raw; }\n${PROBES.map(counted).join("\n")}\n`,
  );
  await wan.sh(`ip -6 route change 2001:db8:a41:2::/63 via 2001:db8:a41:f::11 src ${WAN6}`);
  const counts = async () =>
    [...(await a.sh("nft list table inet seen")).matchAll(/counter packets (\d+) bytes \d+ comment "([^"]+)"/g)].map(
      ([, count = "", probe = ""]) => [probe, count] as const,
    );
  for (const [name, rules] of Object.entries(RULES)) {
    const view = viewOf([A], {
      with: [group("a", rules)],
      members: new Map([[uuid("f"), membersIn([ip(WAN4)])]]),
      prefixes: new Map([[uuid("o"), [cidr("2001:db8:feed::/48")]]]),
    });
    assert.deepEqual(troubles(await h.hold(view)), []);
    await h.sh("conntrack -F 2>/dev/null");
    const ground = groundOf(view, "h1");
    const expected = PROBES.filter((probe) => standingOf(ground, tracked(probe)) === "open").map(nameOf);
    const before = new Map(await counts());
    const passed = async () => (await counts()).filter(([probe, count]) => count !== before.get(probe)).map(([probe]) => probe);
    await wan.sh(`${PROBES.map((probe) => `(${sent(probe)}) 2>/dev/null || true`).join("\n")}`);
    await eventually(`${name}: all that may pass`, async () => {
      const now = new Set(await passed());
      return expected.every((each) => now.has(each));
    });
    assert.deepEqual((await passed()).toSorted(), expected.toSorted(), name);
  }
});
