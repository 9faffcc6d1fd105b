/**
 * Flow offload under a kernel that has it: an agent at work, with three VMs behind it and somebody outside. To be run in a machine that has
 * nobody else in it, as `offload.real.test.ts` does.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { testNamespace } from "#adapters/linux/namespace.real.ts";
import { packetFilter } from "#adapters/nft/nftables.ts";
import { driverContract } from "#contracts/driver.contract.ts";
import type { Endpoint, View } from "#core/feed/item.ts";
import { group, ip as addressOf, port, rule, uuid, viewOf } from "#core/intent/tests/sample-view.ts";
import { offload } from "#core/kinds/offload.ts";
import type { Offload } from "#core/kinds/offload.ts";
import { hostSideMac } from "#core/net/mac.ts";
import { changes, life } from "./lone-agent.real.ts";
import { ip, listen, plug, plugOutside, sh, soon, talk } from "./talk.real.ts";
import type { Talk } from "./talk.real.ts";

const [A4, B4, A6, B6] = ["10.65.0.11", "10.65.0.12", "2001:db8:a41:3::11", "2001:db8:a41:3::12"] as const;
const A = port(1, [A4, A6], { groups: [uuid("out")] });
const B = port(2, [B4, B6], { groups: [uuid("b")] });
const C = port(3, ["10.65.0.13"], { groups: [uuid("out")] });
const PLACES = new Map([
  ["mg-a", A],
  ["mg-b", B],
  ["mg-c", C],
]);
const [OUTSIDE, FLOATING] = ["203.0.113.10", "172.18.208.50"] as const;
const TRANSLATED = { ...B, floating: [{ id: uuid("f1"), ip: addressOf(FLOATING), stands_for: addressOf(B4), forwards: [] }] };
const [GOING, STAYING] = [
  { tcp: 80, udp: 53 },
  { tcp: 81, udp: 54 },
];

const OUT = [rule("egress", 4), rule("egress", 6)];
const opened = ({ tcp, udp }: typeof GOING) =>
  ([4, 6] as const).flatMap((family) => [
    rule("ingress", family, { protocol: 6, port_range_min: tcp, port_range_max: tcp }),
    rule("ingress", family, { protocol: 17, port_range_min: udp, port_range_max: udp }),
  ]);

/** `open`: what B lets in beside what it always does. */
function seen(open: readonly (typeof GOING)[], endpoints: readonly Endpoint[] = [A, B, C]): View {
  const rules = [...OUT, ...[STAYING, ...open].flatMap(opened)];
  return viewOf(endpoints, { with: [group("out", OUT), group("b", rules)] });
}

driverContract<Offload>("packetFilter().offloads", async (t) => {
  const { run, kernel, sh: there } = await testNamespace(t);
  const taps = [1, 2].map((at) => `ip link add tap${at} type veth peer name peer${at}`);
  await there([...taps, "nft 'add table inet margay; add flowtable inet margay fast { hook ingress priority 0; }'"].join("\n"));
  const one = { dev: "tap1", after: [] };
  return {
    kind: offload,
    fresh: () => packetFilter({ ...kernel, run, offloads: true }).offloads,
    one,
    other: { ...one, dev: "tap2" },
    disturb: () => there("nft 'delete flowtable inet margay fast { hook ingress priority 0; devices = { tap1 }; }'"),
    impossible: { value: { ...one, dev: "tap9" }, reason: /No such file or directory/ },
  };
});

/** Packets of known flows that come by the packet filter's hooks: a table of somebody else's. */
const WATCHING = `table inet watching {
  counter seen { }
  chain forward { type filter hook forward priority 10; ct state established meta l4proto { tcp, udp } counter name seen; }
}
`;
const packets = (netns: string | undefined, name: string) =>
  Number(/packets (\d+)/.exec(sh(`${netns === undefined ? "" : `ip netns exec ${netns} `}nft list counter inet watching ${name}`))?.[1]);
/** Packets that were refused for this reason. */
const refused = (reason: string) => Number(/packets (\d+)/.exec(sh(`nft list chain inet margay refused-${reason}`))?.[1]);
const devices = () => /devices = \{ (.*) \}/.exec(sh("nft list flowtables"))?.[1]?.replaceAll('"', "").split(", ").toSorted() ?? [];

test("established flows of a host's VMs are offloaded, and nothing else is another than it was", { timeout: 200_000 }, async (t) => {
  ip([...PLACES.keys(), "mg-out"].map((name) => `netns add ${name}`));
  plugOutside("mg-out", { outside: OUTSIDE, inside: FLOATING });
  for (const [name, endpoint] of PLACES) plug(name, endpoint);
  execFileSync("nft", ["-f", "-"], { input: WATCHING });
  let agent = life();
  after(() => agent.end());
  assert.ok(agent.able);
  await agent.show(seen([GOING]));
  const offloaded = async ({ at, to }: Talk) =>
    (await agent.flows.list("all")).some(({ orig, offloaded: is }) => orig.dport === at && orig.dst === to && is === true);
  const becomesFast = async (each: Talk) => {
    await each.answers();
    await each.answers();
    await soon(`${each.to} ${each.at} to be offloaded`, async () => ((await offloaded(each)) ? undefined : (each.say(), "it is not")));
  };

  for (const family of [4, 6] as const)
    for (const { tcp, udp } of [GOING, STAYING]) {
      listen("mg-b", "TCP", family, tcp);
      listen("mg-b", "UDP", family, udp);
    }
  await soon("somebody listens", () => (sh("ip netns exec mg-b ss -Hltun").trim().split("\n").length < 8 ? "not all do" : undefined));
  const talks = ({ tcp, udp }: typeof GOING) => [B4, B6].flatMap((to) => [talk("mg-a", "TCP", to, tcp), talk("mg-a", "UDP", to, udp)]);
  const [going, staying] = [talks(GOING), talks(STAYING)];
  const [udpGoing, udpStaying] = [going[1] ?? assert.fail(), staying[1] ?? assert.fail()];

  await t.test("TCP and UDP of both families flow by the flowtable, and meet no hook", async () => {
    assert.deepEqual(devices(), ["fab0", A.tap, B.tap, C.tap]);
    for (const each of [...going, ...staying]) await becomesFast(each);
    const before = packets(undefined, "seen");
    for (const each of [...going, ...staying]) for (let turn = 0; turn < 5; turn++) await each.answers();
    assert.equal(packets(undefined, "seen"), before);
  });

  await t.test("what is forged on another tap does not pass as part of such a flow", async () => {
    const chain = "chain input { type filter hook input priority 0; udp length > 90 counter name long; }";
    sh(`ip netns exec mg-b nft 'table inet watching { counter long { }; ${chain}; }'`);
    const [flow] = (await agent.flows.list([B.addresses[0]?.ip ?? assert.fail()])).filter(({ orig }) => orig.dport === udpGoing.at);
    // Whom it asks by ARP would be told that it is somebody else.
    ip([`addr add ${A4}/32 dev lo`, `neigh replace ${B4} lladdr ${hostSideMac(C.mac)} dev eth0 nud permanent`], "mg-c");
    sh(`printf '%100s' forged | ip netns exec mg-c socat - UDP4-DATAGRAM:${B4}:${udpGoing.at},bind=${A4}:${flow?.orig.sport}`);
    await soon("it to be refused", () => (refused("forged") > 0 ? undefined : "it is not"));
    assert.equal(packets("mg-b", "long"), 0);
    await udpGoing.answers("-".repeat(100));
    assert.equal(packets("mg-b", "long"), 1);
  });

  await t.test("whoever may send in others' names does not get their answers by it", async () => {
    await agent.show(seen([GOING], [A, B, { ...C, port_security: false }]));
    const [flow] = (await agent.flows.list([B.addresses[0]?.ip ?? assert.fail()])).filter(({ orig }) => orig.dport === udpGoing.at);
    await agent.flows.slow("all");
    sh(`echo forged | ip netns exec mg-c socat - UDP4-DATAGRAM:${B4}:${udpGoing.at},bind=${A4}:${flow?.orig.sport}`);
    await soon("its packet to be answered, to A", () => (udpGoing.heard.has("forged") ? undefined : "it is not"));
    for (let turn = 0; turn < 3; turn++) await udpGoing.answers();
    await becomesFast(udpGoing);
    await agent.show(seen([GOING]));
  });

  await t.test("a rule that goes takes along exactly the flows that only it allowed, and gives them back", async (test) => {
    const from = performance.now();
    // A datagram that is lost is not sent again.
    const [udp, lines] = [staying.filter(({ kind }) => kind === "UDP"), [] as (readonly [Talk, string])[]];
    const meanwhile = setInterval(() => lines.push(...udp.map((each) => [each, each.say()] as const)), 20);
    await agent.show(seen([]));
    const isCut = async () => (await agent.flows.list("all")).filter(({ mark }) => mark === 0x80000000);
    await soon("four flows to be cut", async () => ((await isCut()).length === 4 ? undefined : JSON.stringify(agent.log.lines.at(-1))));
    test.diagnostic(`cut within ${Math.round(performance.now() - from)} ms`);
    clearInterval(meanwhile);
    for (const [each, line] of lines) await each.answered(line);
    test.diagnostic(`${lines.length} datagrams of others came back meanwhile`);
    const unheard = going.map((each) => [each, each.say()] as const);
    for (let turn = 0; turn < 5; turn++) for (const each of staying) await each.answers();
    for (const [each, line] of unheard) assert.ok(!each.heard.has(line), `${each.to} ${each.at} is cut`);
    for (const each of staying) await becomesFast(each);
    for (const each of going) assert.equal(await offloaded(each), false);
    await agent.show(seen([GOING]));
    await soon("no flow to be cut", async () => ((await isCut()).length === 0 ? undefined : "some are"));
    for (const each of going) await becomesFast(each);
  });

  await t.test("an agent that starts finds nothing to do", async () => {
    await agent.end();
    const before = changes.length;
    agent = life();
    await agent.show(seen([GOING]));
    assert.deepEqual(changes.slice(before), []);
    for (const each of staying) await each.answers();
    assert.ok(await offloaded(udpStaying));
  });

  await t.test("what is translated for a floating IP is offloaded both ways, and ends with it", async () => {
    await agent.show(seen([GOING], [A, TRANSLATED, C]));
    for (const kind of ["TCP", "UDP"] as const) listen("mg-out", kind, 4, 90);
    await soon("somebody listens outside", () =>
      sh("ip netns exec mg-out ss -Hltun").trim().split("\n").length < 2 ? "not all do" : undefined,
    );
    const [inward, outward] = [
      [talk("mg-out", "TCP", FLOATING, STAYING.tcp), talk("mg-out", "UDP", FLOATING, STAYING.udp)],
      [talk("mg-b", "TCP", OUTSIDE, 90), talk("mg-b", "UDP", OUTSIDE, 90)],
    ];
    for (const each of [...inward, ...outward]) await becomesFast(each);
    const before = packets(undefined, "seen");
    for (const each of [...inward, ...outward]) for (let turn = 0; turn < 5; turn++) await each.answers();
    assert.equal(packets(undefined, "seen"), before);
    assert.match(sh("ip netns exec mg-out ss -Htn state established"), new RegExp(`${OUTSIDE}:90 +${FLOATING}:`));
    await agent.show(seen([GOING]));
    const unheard = [...inward, ...outward].map((each) => [each, each.say()] as const);
    for (const each of staying) await each.answers();
    for (const [each, line] of unheard) assert.ok(!each.heard.has(line), `${each.to} ${each.at} has ended`);
  });

  await t.test("a limit holds at once for flows that were offloaded, and they are again when it goes", async () => {
    const slow = { ...B, limits: [{ direction: "ingress", unit: "packets", per_second: 1, burst: 1 } as const] };
    await agent.show(seen([GOING], [A, slow, C]));
    await soon("flows of B to be slow", async () =>
      (await agent.flows.list("all")).some(({ offloaded: is }) => is === true) ? "they are not" : undefined,
    );
    const over = () => Number(/counter packets (\d+)/.exec(sh(`nft list chain inet margay pace-ingress-${B.port_id}`))?.[1]);
    for (const each of [udpGoing, udpStaying]) {
      const before = over();
      await soon("packets to be dropped that are too many", () => (over() > before ? undefined : `${each.say()} is said, and none is`));
    }
    await agent.show(seen([GOING]));
    for (const each of [udpGoing, udpStaying]) await becomesFast(each);
  });

  await t.test("a tap that comes again is on the list again, and so is a device that somebody took off it", async () => {
    ip([`link del ${C.tap}`]);
    plug("mg-c", C);
    await soon("the tap to be on the list", () => (devices().some((dev) => dev.includes(C.tap)) ? undefined : "it is not"));
    sh(`nft delete flowtable inet margay fast '{ hook ingress priority 0; devices = { "${C.tap}" }; }'`);
    await soon("the tap to be on the list", () => (devices().some((dev) => dev.includes(C.tap)) ? undefined : "it is not"));
    for (const each of staying) await each.answers();
  });

  await t.test("where it is not to be, nothing is left of it, and flows go on", async () => {
    await agent.show(seen([GOING]), false);
    assert.equal(sh("nft list flowtables").includes("fast"), false);
    const before = packets(undefined, "seen");
    for (const each of [...going, ...staying]) await each.answers();
    assert.ok(packets(undefined, "seen") >= before + 16);
    await agent.show(seen([GOING]));
    for (const each of [udpGoing, udpStaying]) await becomesFast(each);
  });

  await t.test("an address that goes takes its flows along", async () => {
    const before = packets("mg-b", "long");
    await agent.show(seen([GOING], [B, C]));
    assert.deepEqual(await agent.flows.list(A.addresses.map(({ ip: each }) => each)), []);
    for (let turn = 0; turn < 5; turn++) udpStaying.say("-".repeat(100));
    await soon("its packets to be refused", () => (refused("stranger") > 0 ? undefined : "none is"));
    assert.equal(packets("mg-b", "long"), before);
  });
});
