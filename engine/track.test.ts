/** What is believed of a host between two looks at it, and how it comes to be known otherwise. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeHost } from "#contracts/driver.fake.ts";
import type { Driver } from "#contracts/driver.ts";
import type { Part } from "#core/intent/intent.ts";
import { daemon } from "#core/kinds/daemon.ts";
import type { Daemon } from "#core/kinds/daemon.ts";
import { link } from "#core/kinds/link.ts";
import type { Link } from "#core/kinds/link.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft } from "#core/kinds/nft.ts";
import { route } from "#core/kinds/route.ts";
import type { Route } from "#core/kinds/route.ts";
import type { Ip } from "#core/net/address.ts";
import { chosenMac } from "#core/net/mac.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { changesOf } from "./change-lines.ts";
import { round } from "./round.ts";
import { track } from "./track.ts";

const to = (n: number, dev = "tap1"): Route => ({ prefix: `10.65.0.${n}/32` as Cidr, to: { dev }, metric: 1024, after: [] });
const part = (n: number, dev?: string): Part => ({ routes: [{ value: to(n, dev), because: [`port/p${n}`] }] });
const TAP: Part = { links: [{ value: { name: "tap1" }, because: ["port/p"] }] };
const ref = (n: number) => `route/10.65.0.${n}/32 metric 1024` as const;

/** A host with a tap, whose routes are listed, read and changed through a driver that counts. */
function setting(change: (driver: Driver<Route>) => Partial<Driver<Route>> = () => ({})) {
  const host = fakeHost();
  host.plug("tap1");
  const asked = { list: 0, read: [] as string[] };
  const { watch: _, ...routes } = host.drivers.routes;
  const counted: Driver<Route> = {
    ...routes,
    list: (want) => (asked.list++, routes.list(want)),
    read: (values) => (asked.read.push(...values.map(route.key)), routes.read?.(values) ?? Promise.resolve([])),
  };
  const { watch: __, ...links } = host.drivers.links;
  const tracks = [track(link, links, ({ links: all }) => all), track(route, { ...counted, ...change(counted) }, ({ routes: all }) => all)];
  const pass = (...parts: readonly Part[]) => round(tracks, [TAP, ...parts], { prune: true, look: "where there is cause" });
  const ofRoutes = () => host.holds().filter((line) => line.startsWith("route"));
  return { host, asked, pass, tracks, ofRoutes };
}

const told = ({ news }: Awaited<ReturnType<typeof round>>) =>
  news.map(({ op, ref: name, outcome }) => `${op} ${name} ${outcome.state}${outcome.state === "failed" ? `: ${outcome.reason}` : ""}`);

test("a host is listed once; afterwards only what changes is changed, and read back", async () => {
  const { asked, pass, ofRoutes } = setting();
  const all = Array.from({ length: 50 }, (_, n) => part(n));
  await pass(...all);
  asked.read.splice(0);
  assert.deepEqual(told(await pass(...all, part(50))), [`create ${ref(50)} done`]);
  assert.deepEqual(told(await pass(...all.slice(1), part(50))), [`delete ${ref(0)} done`]);
  assert.deepEqual(told(await pass(...all.slice(1), part(50))), []);
  assert.deepEqual([asked.list, asked.read, ofRoutes().length], [1, ["10.65.0.50/32 metric 1024", "10.65.0.0/32 metric 1024"], 50]);
});

test("what is said to be done and is not found has failed, with what is there; the host is listed before it is tried again", async () => {
  let lies = true;
  const { asked, pass, ofRoutes } = setting((driver) => ({
    apply: (changes) => (lies ? Promise.resolve(changes.map(() => ({ state: "done" }))) : driver.apply(changes)),
  }));
  assert.deepEqual(told(await pass(part(1))), [`create ${ref(1)} failed: it was done, and is not so: nothing is there`]);
  lies = false;
  assert.deepEqual(told(await pass(part(1))), [`create ${ref(1)} done`]);
  assert.equal(asked.list, 2);
  lies = true;
  assert.deepEqual(told(await pass()), [`delete ${ref(1)} failed: it was taken away, and is there: 10.65.0.1/32 dev tap1 metric 1024`]);
  lies = false;
  await pass();
  assert.deepEqual(ofRoutes(), []);
});

test("what somebody else changed is found by a look, told as such, and healed; what is another's own is left alone", async () => {
  const { host, pass, tracks } = setting();
  await pass(part(1), part(2));
  host.lose(ref(1));
  await host.drivers.routes.apply([
    { op: "replace", ref: ref(2), want: { ...to(2), to: "unreachable" }, have: to(2) },
    { op: "create", ref: ref(3), want: to(3) },
  ]);
  assert.deepEqual((await pass(part(1), part(2))).news, [], "nobody has looked");
  await Promise.all(tracks.map((one) => one.look()));
  const { news } = await pass(part(1), part(2));
  assert.deepEqual(
    news.map(({ op, ref: name, found }) => [op, name, found]),
    [
      ["create", ref(1), "nothing"],
      ["replace", ref(2), "10.65.0.2/32 unreachable metric 1024"],
      ["delete", ref(3), "10.65.0.3/32 dev tap1 metric 1024"],
    ],
  );
  assert.deepEqual((await pass(part(1), part(2))).news, []);
});

test("what is told to concern some objects alone makes only those be read again, and nobody is woken for what is not here", async () => {
  let tell: Parameters<NonNullable<Driver<Route>["watch"]>>[0] = () => {};
  let woken = 0;
  const { host, asked, pass, tracks } = setting(() => ({ watch: (changed) => ((tell = changed), () => undefined) }));
  tracks[1]?.watch(() => woken++);
  const all = [part(1), part(2), part(3, "tap2"), { links: [{ value: { name: "tap2" }, because: ["port/p3"] }] }];
  host.plug("tap2");
  await pass(...all);
  asked.read.splice(0);
  host.lose(ref(3));
  tell(({ to: target }) => target !== "unreachable" && target.dev === "tap9");
  assert.deepEqual([woken, (await pass(...all)).news, asked.read], [0, [], []]);
  tell(({ to: target }) => target !== "unreachable" && target.dev === "tap2");
  const { news } = await pass(...all);
  assert.deepEqual(
    news.map(({ op, ref: name, found }) => [op, name, found]),
    [["create", ref(3), "nothing"]],
  );
  const again = "10.65.0.3/32 metric 1024";
  assert.deepEqual([woken, asked.list, asked.read], [1, 1, [again, again]], "looked at, and read back");
  tell();
  await pass(...all);
  assert.deepEqual([woken, asked.list], [2, 2]);
});

test("what will be asked for is foreseen, but for what waits for others", async () => {
  const foreseen: string[] = [];
  const { host, pass } = setting(() => ({ foresee: (changes) => foreseen.push(...changes.map(({ op, ref: name }) => `${op} ${name}`)) }));
  const absent: Part = { links: [{ value: { name: "tap2" }, because: ["port/p2"] }] };
  await pass(absent, part(1), part(2, "tap2"));
  assert.deepEqual(foreseen.splice(0), [`create ${ref(1)}`]);
  host.plug("tap2");
  await pass(absent, part(1), part(2, "tap2"));
  assert.deepEqual(foreseen.splice(0), []);
  await pass(part(2));
  assert.deepEqual(foreseen, [`create ${ref(2)}`]);
});

test("what came to its own end is replaced, and nobody else's doing", async () => {
  const { host } = setting();
  const { watch: _, ...daemons } = host.drivers.daemons;
  const only = track(daemon, daemons, ({ daemons: all }) => all);
  const value: Daemon = {
    name: "one",
    argv: ["one"],
    startedWith: "a",
    loaded: "1",
    forgetsWith: ["tap1"],
    reload: { signal: "SIGHUP" },
    after: [],
  };
  const pass = () => round([only], [{ daemons: [{ value, because: ["datacenter/this"] }] }], { prune: true, look: "where there is cause" });
  await pass();
  host.unplug("tap1");
  await only.look();
  const { news } = await pass();
  assert.deepEqual(
    news.map(({ op, ref: name, found }) => [op, name, found]),
    [["replace", "daemon/one", undefined]],
  );
});

test("what a change left undone is nobody else's doing", async () => {
  const { host, pass } = setting();
  await pass(part(1));
  host.failApply(ref(1), "busy");
  assert.deepEqual(told(await pass()), [`delete ${ref(1)} failed: busy`]);
  const { news } = await pass();
  assert.deepEqual(
    news.map(({ op, found }) => [op, found]),
    [["delete", undefined]],
  );
});

test("what needs a link that went and came again between two looks is looked at again", async () => {
  const host = fakeHost();
  host.plug("tap1");
  let index = 1;
  const { watch: _, ...links } = host.drivers.links;
  const numbered: Driver<Link> = { ...links, list: async (want) => (await links.list(want)).map((one) => ({ ...one, index })) };
  const { watch: __, ...neighbours } = host.drivers.neighbours;
  const tracks = [track(link, numbered, ({ links: all }) => all), track(neighbour, neighbours, ({ neighbours: all }) => all)];
  const parts: readonly Part[] = [
    TAP,
    { neighbours: [{ value: { dev: "tap1", ip: "10.65.0.1" as Ip, lladdr: chosenMac(1) }, because: ["port/p"] }] },
  ];
  const pass = () => round(tracks, parts, { prune: true, look: "where there is cause" });
  await pass();
  host.unplug("tap1");
  host.plug("tap1");
  index = 2;
  tracks[0]?.mistrust();
  const { news } = await pass();
  assert.deepEqual(
    news.map(({ op, ref: name, found }) => [op, name, found]),
    [["create", "neighbour/tap1 10.65.0.1", undefined]],
  );
  assert.deepEqual(host.holds(), [`neighbour 10.65.0.1 dev tap1 lladdr ${chosenMac(1)}`]);
});

test("a change that is asked for while the host is being listed waits for that, and is not undone by it", async () => {
  const gate = Promise.withResolvers<void>();
  let slow = false;
  const { pass, tracks, ofRoutes } = setting((driver) => ({
    list: async (want) => {
      const held = await driver.list(want);
      if (slow) await gate.promise;
      return held;
    },
  }));
  await pass(part(1));
  slow = true;
  const looking = tracks[1]?.look();
  const changing = pass(part(1), part(2));
  gate.resolve();
  await looking;
  assert.deepEqual(told(await changing), [`create ${ref(2)} done`]);
  assert.deepEqual(told(await pass(part(1), part(2))), []);
  assert.equal(ofRoutes().length, 2);
});

test("of an object that stands for many things those that come and go are told", async () => {
  const host = fakeHost();
  const tracks = [track(nft, host.drivers.nft, ({ nft: all }) => all)];
  const pass = (...elements: readonly string[]) =>
    round(tracks, [{ nft: elements.length === 0 ? [] : [{ value: share(elements), because: ["security_group/g"] }] }], { prune: true });
  const share = (elements: readonly string[]): Nft => ({ object: "share", family: "inet", of: "members4", share: 7, elements });
  const moved = async (...elements: readonly string[]) =>
    (await pass(...elements)).news.map((entry) => `${entry.op} ${entry.moved?.join()}`);
  assert.deepEqual(await moved("10.0.0.1", "10.0.0.2"), ["create 10.0.0.1,10.0.0.2"]);
  assert.deepEqual(await moved("10.0.0.2", "10.0.0.3"), ["replace 10.0.0.1,10.0.0.3"]);
  const { news } = await pass("10.0.0.2");
  assert.deepEqual(
    changesOf(news, new Map()).map(({ fields }) => fields["did"]),
    ["replace nft/inet share members4 7 (10.0.0.3) done because security_group/g"],
  );
  assert.deepEqual(await moved(), ["delete 10.0.0.2"]);
});
