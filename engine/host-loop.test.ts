import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { fakeHost } from "#contracts/driver.fake.ts";
import type { Driver, HostDrivers } from "#contracts/driver.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import type { View } from "#core/feed/item.ts";
import { NOTHING } from "#core/intent/intent.ts";
import type { Intent } from "#core/intent/intent.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { DRIFT_MS, hostLoop } from "./host-loop.ts";
import type { Finished, Plan } from "./host-loop.ts";
import { reportOf } from "./report.ts";
import { hostTracks } from "./tracks.ts";

const ROUTE = "route/10.65.0.1/32 metric 1024";

/** One port with a tap and a route. */
function withRoute(to = "tap1"): Intent {
  const because = ["port/p1"];
  const route = { prefix: "10.65.0.1/32" as Cidr, to: { dev: to }, metric: 1024, after: [] };
  return { ...NOTHING, links: [{ value: { name: to }, because }], routes: [{ value: route, because }] };
}

function setting(driversOf: (drivers: HostDrivers) => HostDrivers = (drivers) => drivers) {
  const host = fakeHost();
  const [clock, log] = [fakeClock(), fakeLog()];
  const finished: Finished[] = [];
  let plan: Plan | undefined;
  const loop = hostLoop({
    tracks: hostTracks(driversOf(host.drivers)),
    plan: () => plan,
    clock,
    log,
    finished: (one) => finished.push(one),
  });
  const settle = async () => {
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  };
  return {
    host,
    clock,
    log,
    loop,
    finished,
    settle,
    want: async (intent: Intent, revision = 1, source: Plan["source"] = "told") => {
      plan = { parts: [intent], view: UNHEARD, revision, source };
      loop.wake();
      await settle();
    },
    pass: async (ms: number) => {
      clock.pass(ms);
      await settle();
    },
    told: () => log.lines.map(({ level, event, fields }) => `${level} ${event}: ${String(fields["did"])}`),
    states: () => finished.slice(-1).flatMap(({ plan: { revision }, result }) => Object.values(reportOf(result, revision).endpoints)),
  };
}

/** What intents here follow from is of no interest. */
const UNHEARD: View = {
  datacenter: undefined,
  endpoints: new Map(),
  subnets: new Map(),
  groups: new Map(),
  members: new Map(),
  prefixes: new Map(),
  assignments: new Map(),
};

test("nothing is touched before there is a complete view", async () => {
  const { host, loop, settle, finished } = setting();
  host.plug("tap1");
  loop.wake();
  await settle();
  assert.deepEqual([host.done, finished], [[], []]);
});

test("invariant 10: each change is told in one line, with its cause; a second round has nothing to tell", async () => {
  const { host, want, told, loop, settle, finished } = setting();
  host.plug("tap1");
  await want(withRoute());
  assert.deepEqual(told(), [`info change: create ${ROUTE} done because port/p1`]);
  loop.wake();
  await settle();
  assert.equal(told().length, 1);
  assert.deepEqual(
    finished.map(({ changed }) => changed),
    [true, false],
  );
});

test("a port waits for its tap, which is told once; when it comes, the port is up", async () => {
  const { host, want, told, pass, states, loop, settle } = setting();
  await want(withRoute());
  assert.deepEqual(states(), [{ state: "waiting", for: "link/tap1" }]);
  await pass(3 * DRIFT_MS);
  assert.deepEqual(told(), [
    "info change: create link/tap1 held, waits for link/tap1 because port/p1",
    `info change: create ${ROUTE} held, waits for link/tap1 because port/p1`,
  ]);
  host.plug("tap1");
  loop.wake();
  await settle();
  assert.deepEqual(states(), [{ state: "up" }]);
  assert.equal(told().at(-1), `info change: create ${ROUTE} done because port/p1`);
});

/** Nobody tells of what others change. */
const silent = (drivers: HostDrivers): HostDrivers => ({ ...drivers, routes: without(drivers.routes) });
const without = <V>({ list, read, apply }: Driver<V>): Driver<V> => ({ list, apply, ...(read === undefined ? {} : { read }) });

test("invariant 3: by what is only remembered things are made and changed, and nothing is removed until it is told anew", async () => {
  const { host, want } = setting();
  host.plug("tap1");
  host.plug("tap2");
  await want({ ...withRoute(), files: [{ value: { path: "a", content: "" }, because: [] }] });
  await want(withRoute("tap2"), 2, "remembered");
  assert.deepEqual(host.holds(), ["file a (0 characters)", "route 10.65.0.1/32 dev tap2 metric 1024"]);
  await want(withRoute("tap2"), 2);
  assert.deepEqual(host.holds(), ["route 10.65.0.1/32 dev tap2 metric 1024"]);
});

test("what somebody else takes away is put back at once where somebody tells, and told as drift, with what was found", async () => {
  const { host, want, told, log, settle } = setting();
  host.plug("tap1");
  await want(withRoute());
  host.lose(ROUTE);
  await settle();
  assert.deepEqual(host.holds(), ["route 10.65.0.1/32 dev tap1 metric 1024"]);
  assert.equal(told().at(-1), `info drift: create ${ROUTE} done because port/p1`);
  const { wanted, found } = log.lines.at(-1)?.fields ?? {};
  assert.deepEqual([wanted, found], ["10.65.0.1/32 dev tap1 metric 1024", "nothing"]);
});

test("what somebody else takes away is put back within the drift time where nobody tells", async () => {
  const { host, want, told, pass } = setting(silent);
  host.plug("tap1");
  await want(withRoute());
  host.lose(ROUTE);
  // Each kind is looked at in its turn.
  const kinds = hostTracks(host.drivers).map(({ kind }) => kind);
  const turn = (DRIFT_MS * (kinds.indexOf("route") + 1)) / kinds.length;
  await pass(turn - 1);
  assert.deepEqual(host.holds(), []);
  await pass(1);
  assert.deepEqual(host.holds(), ["route 10.65.0.1/32 dev tap1 metric 1024"]);
  assert.equal(told().at(-1), `info drift: create ${ROUTE} done because port/p1`);
});

test("what failed is tried again, sooner at first, and told when it changes", async () => {
  const { host, want, told, pass, states } = setting();
  host.plug("tap1");
  host.failApply(ROUTE, "RTNETLINK answers: Network is down", 3);
  await want(withRoute());
  assert.deepEqual(states(), [{ state: "failed", reason: `${ROUTE}: RTNETLINK answers: Network is down` }]);
  await pass(250);
  await pass(500);
  assert.deepEqual(host.holds(), []);
  await pass(1000);
  assert.deepEqual(states(), [{ state: "up" }]);
  assert.deepEqual(told(), [
    `warn change: create ${ROUTE} failed: RTNETLINK answers: Network is down because port/p1`,
    `info change: create ${ROUTE} done because port/p1`,
  ]);
});

test("what failed rests while other things are done, and is tried at once when it is wanted otherwise", async () => {
  const { host, want, states } = setting();
  host.plug("tap1");
  host.plug("tap2");
  host.failApply(ROUTE, "told to", 1);
  await want(withRoute());
  await want({ ...withRoute(), files: [{ value: { path: "a", content: "" }, because: [] }] }, 2);
  assert.deepEqual(host.holds(), ["file a (0 characters)"]);
  await want(withRoute("tap2"), 3);
  assert.deepEqual(states(), [{ state: "up" }]);
});

test("a kind that cannot be listed is looked at again soon, and is done at once then", async () => {
  const { host, want, pass, states } = setting();
  host.plug("tap1");
  host.failList("route", "ip: broken");
  await want(withRoute());
  assert.deepEqual(states(), [{ state: "failed", reason: `${ROUTE}: route cannot be listed: ip: broken` }]);
  host.failList("route");
  await pass(250);
  assert.deepEqual(states(), [{ state: "up" }]);
});

test("there are never two rounds at once, and news that come meanwhile are seen to in one more", async () => {
  let [listing, most, rounds] = [0, 0, 0];
  const gate = Promise.withResolvers<void>();
  const { want, loop, settle, finished } = setting((drivers) => ({
    ...drivers,
    routes: {
      ...drivers.routes,
      list: async () => {
        rounds++;
        most = Math.max(most, ++listing);
        await gate.promise;
        listing--;
        return [];
      },
    },
  }));
  await want(NOTHING);
  for (let news = 0; news < 5; news++) loop.look();
  await want(NOTHING, 2);
  gate.resolve();
  await settle();
  assert.deepEqual([most, rounds], [1, 2]);
  assert.deepEqual(
    finished.map(({ plan }) => plan.revision),
    [1, 2],
  );
});

test("stopped, it leaves everything on the host and does nothing more", async () => {
  const { host, want, loop, pass } = setting();
  host.plug("tap1");
  await want(withRoute());
  await loop.stop();
  await want(NOTHING, 2);
  await pass(10 * DRIFT_MS);
  assert.deepEqual(host.holds(), ["route 10.65.0.1/32 dev tap1 metric 1024"]);
});

test("a clock that is put back does not make anything wait for as long", async () => {
  const { host, want, clock, loop, settle, states } = setting();
  host.plug("tap1");
  host.failApply(ROUTE, "told to", 1);
  await want(withRoute());
  const now = clock.now();
  clock.now = () => now - 3_600_000;
  loop.wake();
  await settle();
  assert.deepEqual(states(), [{ state: "up" }]);
});
