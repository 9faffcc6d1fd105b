import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fakeHost } from "#contracts/driver.fake.ts";
import type { FakeHost } from "#contracts/driver.fake.ts";
import { merge, NOTHING } from "#core/intent/intent.ts";
import type { Intent } from "#core/intent/intent.ts";
import type { Ref } from "#core/kinds/kind.ts";
import { elementRef, nftRef } from "#core/kinds/nft.ts";
import type { Ip } from "#core/net/address.ts";
import { METADATA6 } from "#core/kinds/address.ts";
import { chosenMac } from "#core/net/mac.ts";
import { hostPrefix } from "#core/net/prefix.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { endpointStates, reportOf } from "./report.ts";
import { round } from "./round.ts";
import type { RoundResult } from "./round.ts";
import { setbacks } from "./setbacks.ts";
import { hostTracks } from "./tracks.ts";

/** Port N: its tap, a policy of its own, a file that dnsmasq reads, its neighbour and its route. */
function port(n: number): Intent {
  const because = [`port/p${n}`];
  const [dev, ip, chain] = [`tap${n}`, `10.65.0.${n}` as Ip, `in-${n}`];
  const element = {
    object: "element",
    family: "inet",
    of: "to",
    element: `"${dev}"`,
    value: `goto ${chain}`,
    uses: [nftRef("inet", "chain", chain)],
  } as const;
  return {
    links: [{ value: { name: dev }, because }],
    sysctls: [{ value: { path: `net/ipv4/conf/${dev}/proxy_arp`, value: "1" }, because }],
    nft: [
      { value: { object: "map", family: "inet", name: "to", type: "type ifname : verdict;" }, because },
      { value: { object: "chain", family: "inet", name: chain, rules: ["accept"], uses: [] }, because },
      { value: element, because },
    ],
    neighbours: [{ value: { dev, ip, lladdr: chosenMac(n) }, because }],
    addresses: [{ value: { dev, ip: METADATA6 }, because }],
    files: [{ value: { path: `dnsmasq/${n}`, content: ip }, because }],
    daemons: [
      {
        value: {
          name: `dhcp-${n}`,
          argv: ["dnsmasq"],
          startedWith: "",
          loaded: ip,
          reload: { signal: "SIGHUP" },
          after: [`file/dnsmasq/${n}`, `link/${dev}`],
        },
        because,
      },
    ],
    routes: [{ value: { prefix: hostPrefix(ip), to: { dev }, metric: 1024, after: [elementRef(element)] }, because }],
    offloads: [],
    contests: [],
  };
}

const ports = (...numbers: readonly number[]) => merge(numbers.map(port));
const ROUTE1 = "route/10.65.0.1/32 metric 1024";

function host(...taps: readonly number[]): FakeHost & { readonly pass: (intent: Intent, prune?: boolean) => Promise<RoundResult> } {
  const fake = fakeHost();
  for (const tap of taps) fake.plug(`tap${tap}`);
  // Every pass by a process that knows nothing of the ones before.
  return { ...fake, pass: (intent, prune = true) => round(hostTracks(fake.drivers), [intent], { prune }) };
}

const undone = ({ entries }: RoundResult) =>
  entries
    .filter(({ outcome }) => outcome.state !== "done")
    .map(({ op, ref, outcome, waitsFor }) => `${op} ${ref} ${outcome.state}${waitsFor === undefined ? "" : ` for ${waitsFor}`}`);
const changed = ({ entries }: RoundResult) => entries.filter(({ op }) => op !== "keep").map(({ op, ref }) => `${op} ${ref}`);

test("one pass makes everything stand, a second finds nothing to do", async () => {
  const one = host(1, 2);
  assert.deepEqual(undone(await one.pass(ports(1, 2))), []);
  assert.deepEqual(changed(await one.pass(ports(1, 2))), []);
  assert.equal(one.holds().length, 8 * 2 + 1);
  assert.deepEqual(one.violations, []);
});

test("invariant 3: nothing is removed from a host before its view is complete", async () => {
  const one = host(1, 2);
  await one.pass(ports(1, 2));
  const before = one.holds();
  await one.pass(ports(1), false);
  assert.deepEqual(one.holds(), before);
  await one.pass(ports(1));
  assert.deepEqual(withoutSettings(one.holds()), withoutSettings(await alone(1)));
});

test("what two ports want alike stands once; of what they want otherwise, the first stands and the second has failed", async () => {
  const one = host(1, 2);
  const clash = merge([
    port(1),
    {
      ...port(2),
      routes: [{ value: { prefix: "10.65.0.1/32" as Cidr, to: { dev: "tap2" }, metric: 1024, after: [] }, because: ["port/p2"] }],
    },
  ]);
  const states = endpointStates((await one.pass(clash)).entries);
  assert.equal(states["p1"]?.state, "up");
  assert.deepEqual(states["p2"], {
    state: "failed",
    reason: `${ROUTE1} (wanted again): something else is wanted in its place: not 10.65.0.1/32 dev tap2 metric 1024`,
  });
  assert.deepEqual(
    one.holds().filter((line) => line.startsWith("route")),
    ["route 10.65.0.1/32 dev tap1 metric 1024"],
  );
});

test("a route that leads to another tap goes at once, though its own has to wait for its tap", async () => {
  const one = host(1);
  await one.pass(ports(1));
  const moved = merge([
    { ...port(1), routes: [], neighbours: [] },
    {
      links: port(2).links,
      routes: [{ value: { prefix: "10.65.0.1/32" as Cidr, to: { dev: "tap2" }, metric: 1024, after: [] }, because: ["port/p2"] }],
    },
  ]);
  const { entries } = await one.pass(moved);
  assert.deepEqual(endpointStates(entries), { p1: { state: "up" }, p2: { state: "waiting", for: "link/tap2" } });
  assert.deepEqual(
    one.holds().filter((line) => line.startsWith("route")),
    [],
  );
  one.plug("tap2");
  await one.pass(moved);
  assert.deepEqual(
    one.holds().filter((line) => line.startsWith("route")),
    ["route 10.65.0.1/32 dev tap2 metric 1024"],
  );
});

test("what somebody else has is told as such, and asked for no more", async () => {
  const one = host(1);
  const reason = "port/p0 has it on this host";
  const contests = [{ value: { ref: "address/10.65.0.9 of port p1", reason }, because: ["port/p1"] }] as const;
  const { entries } = await one.pass({ ...ports(1), contests });
  assert.deepEqual(endpointStates(entries), { p1: { state: "failed", reason: `address/10.65.0.9 of port p1: ${reason}` } });
  const failing = setbacks();
  failing.learn(entries, 0);
  assert.equal(failing.due(), undefined);
});

test("invariant 5: what failed holds back exactly what depends on it", async () => {
  const one = host(1, 2);
  one.failApply("nft/inet chain in-1", "syntax error");
  const result = await one.pass(ports(1, 2));
  assert.deepEqual(undone(result), [
    "create nft/inet chain in-1 failed",
    'create nft/inet element to "tap1" held for nft/inet chain in-1',
    `create ${ROUTE1} held for nft/inet element to "tap1"`,
  ]);
  assert.deepEqual(endpointStates(result.entries), {
    p1: { state: "failed", reason: "nft/inet chain in-1: syntax error" },
    p2: { state: "up" },
  });
  assert.deepEqual(one.violations, []);
});

test("invariant 6: a route waits for its endpoint's policy, and others go through", async () => {
  const one = host(1, 2);
  one.failApply('nft/inet element to "tap1"', "no such chain");
  const result = await one.pass(ports(1, 2));
  assert.deepEqual(undone(result), ['create nft/inet element to "tap1" failed', `create ${ROUTE1} held for nft/inet element to "tap1"`]);
  assert.deepEqual(endpointStates(result.entries), {
    p1: { state: "failed", reason: 'nft/inet element to "tap1": no such chain' },
    p2: { state: "up" },
  });
  assert.deepEqual(one.violations, []);
  await one.pass(ports(1, 2));
  assert.deepEqual(one.holds(), await alone(1, 2));
});

test("whatever needs a tap that is not there waits for it, and for nothing else", async () => {
  const one = host(2);
  const result = await one.pass(ports(1, 2));
  assert.deepEqual(endpointStates(result.entries), { p1: { state: "waiting", for: "link/tap1" }, p2: { state: "up" } });
  assert.ok(reportOf(result, 7).troubles.includes(`${ROUTE1}: waits for link/tap1`));
  assert.ok(one.holds().includes("nft inet chain in-1 { accept }"));
  one.plug("tap1");
  assert.deepEqual(undone(await one.pass(ports(1, 2))), []);
  assert.deepEqual(one.violations, []);
});

test("what is needed leaves last, and stays while what needs it cannot go", async () => {
  const one = host(1);
  const tracks = hostTracks(one.drivers);
  await round(tracks, [ports(1)], { prune: true });
  one.failApply(ROUTE1, "device busy");
  const result = await round(tracks, [NOTHING], { prune: true });
  assert.deepEqual(undone(result), [
    `delete ${ROUTE1} failed`,
    'delete nft/inet chain in-1 held for nft/inet element to "tap1"',
    `delete nft/inet element to "tap1" held for ${ROUTE1}`,
  ]);
  assert.deepEqual(result.entries.find(({ ref }) => ref === ROUTE1)?.because, ["port/p1"]);
  await round(tracks, [NOTHING], { prune: true });
  assert.deepEqual(
    one.holds().filter((line) => !line.startsWith("sysctl")),
    [],
  );
});

test("a kind that cannot be listed is reported, holds what needs it, and pins what it may hold", async () => {
  const one = host(1, 2);
  const tracks = hostTracks(one.drivers);
  await round(tracks, [ports(1)], { prune: true });
  one.failList("nft", "nft: Operation not permitted");
  const result = await round(tracks, [ports(1, 2)], { prune: true });
  assert.deepEqual(result.unknown, [{ kind: "nft", reason: "nft: Operation not permitted" }]);
  const route2 = result.entries.find(({ ref }) => ref === "route/10.65.0.2/32 metric 1024");
  assert.deepEqual([route2?.outcome, route2?.waitsFor], [{ state: "held" }, 'nft/inet element to "tap2"']);
  assert.deepEqual(reportOf(result, 1).troubles, [
    "nft cannot be listed: nft: Operation not permitted",
    'route/10.65.0.2/32 metric 1024: waits for nft/inet element to "tap2"',
  ]);
  one.failList("nft");

  one.failList("route", "ip: broken");
  const teardown = await round(tracks, [NOTHING], { prune: true });
  assert.ok(undone(teardown).includes(`delete nft/inet element to "tap1" held for ${ROUTE1}`));
  assert.ok(one.holds().some((line) => line.startsWith("route 10.65.0.1/32")));
});

test("an object that needs something that nobody wants is held, not put", async () => {
  const one = host(1);
  const result = await one.pass({ ...NOTHING, routes: port(1).routes });
  assert.deepEqual(undone(result), [`create ${ROUTE1} held for link/tap1`]);
});

test("a slow daemon delays nobody who does not ask for it", async () => {
  const one = host(1);
  const ready = Promise.withResolvers<void>();
  const daemons: typeof one.drivers.daemons = {
    ...one.drivers.daemons,
    apply: async (changes) => (await ready.promise, one.drivers.daemons.apply(changes)),
  };
  const done = round(hostTracks({ ...one.drivers, daemons }), [ports(1)], { prune: true });
  while (!one.done.includes(`create ${ROUTE1}`)) await Promise.resolve();
  ready.resolve();
  assert.deepEqual(undone(await done), []);
});

test("the order of tracks is the order of the world", async () => {
  const order = hostTracks(fakeHost().drivers).map(({ kind }) => kind);
  const { contests: _notHeld, ...held } = NOTHING;
  assert.deepEqual(Object.keys(held), ["links", "sysctls", "nft", "neighbours", "addresses", "files", "daemons", "routes", "offloads"]);
  assert.deepEqual(order, ["link", "sysctl", "nft", "neighbour", "address", "file", "daemon", "route", "offload"]);
  const tracks = hostTracks(fakeHost().drivers);
  await Promise.all(tracks.map((track) => track.prepare([ports(1, 2)])));
  for (const { kind, wanted } of tracks) {
    for (const { ref, needs } of wanted())
      for (const need of needs) assert.ok(order.indexOf(kindOf(need)) <= order.indexOf(kind), `${ref} needs ${need}`);
  }
});

test("whatever fails on the way, and whoever starts anew, the end is the same and the order was kept", async () => {
  const refs: readonly Ref[] = [
    "link/tap1",
    "link/margay0",
    "nft/inet map to",
    'nft/inet element to "tap2"',
    "neighbour/tap1 10.65.0.1",
    "file/dnsmasq/2",
    "daemon/dhcp-1",
    ROUTE1,
  ];
  const step = fc.record({
    want: fc.subarray([1, 2, 3]),
    fails: fc.subarray([...refs]),
    unplug: fc.option(fc.constantFrom("tap1", "tap2"), { nil: undefined }),
    lose: fc.subarray([...refs]),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 5 }), fc.subarray([1, 2, 3]), async (steps, last) => {
      const one = host(1, 2, 3);
      for (const { want, fails, unplug, lose } of steps) {
        for (const ref of fails) one.failApply(ref, "told to");
        if (unplug !== undefined) one.unplug(unplug);
        for (const ref of lose) if (!ref.startsWith("link/")) one.lose(ref);
        await one.pass(ports(...want));
      }
      for (const tap of [1, 2, 3]) one.plug(`tap${tap}`);
      for (const ref of refs) one.failApply(ref, "", 0);
      for (let tries = 0; tries < 3; tries++) await one.pass(ports(...last));
      assert.deepEqual(withoutSettings(one.holds()), withoutSettings(await alone(...last)));
      // A process without memory does not know what a route that will not go waited for; but nothing is ever put on nothing.
      assert.deepEqual(
        one.violations.filter((line) => line.includes("was put without")),
        [],
      );
    }),
    { numRuns: 60 },
  );
});

function kindOf(ref: Ref): string {
  return ref.slice(0, ref.indexOf("/"));
}

/** What a host holds that never held anything else. */
async function alone(...numbers: readonly number[]): Promise<readonly string[]> {
  const one = host(1, 2, 3);
  await one.pass(ports(...numbers));
  return one.holds();
}

/** Settings are never taken back. */
function withoutSettings(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.startsWith("sysctl"));
}
