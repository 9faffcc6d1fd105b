/** Links, neighbours and routes of a real kernel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { driverContract } from "#contracts/driver.contract.ts";
import { DONE } from "#contracts/driver.ts";
import type { Ip } from "#core/net/address.ts";
import { chosenMac } from "#core/net/mac.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { address as tapAddress, METADATA6 } from "#core/kinds/address.ts";
import type { TapAddress } from "#core/kinds/address.ts";
import { link } from "#core/kinds/link.ts";
import type { Link } from "#core/kinds/link.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import type { Neighbour } from "#core/kinds/neighbour.ts";
import { route, UNANNOUNCED_METRIC } from "#core/kinds/route.ts";
import type { Route } from "#core/kinds/route.ts";
import { netlinkFlows } from "../netlink/flows.ts";
import { linuxAddresses } from "./addresses.ts";
import type { CutFlows } from "./flows.ts";
import { cutFlows } from "./flows.ts";
import { linuxLinks } from "./links.ts";
import { testNamespace } from "./namespace.real.ts";
import { linuxNeighbours } from "./neighbours.ts";
import { linuxRoutes } from "./routes.ts";

const address = (ip: string, length: number) => ({ ip: ip as Ip, length });
const routeTo = (prefix: string, to: Route["to"], metric = 1024): Route => ({ prefix: prefix as Cidr, to, metric, after: [] });

driverContract<Link>("linuxLinks()", async (t) => {
  const { kernel, sh } = await testNamespace(t);
  await sh("ip link add eth0 type ifb; ip link set eth0 up; ip addr add 192.0.2.1/24 dev eth0");
  const one = { name: "margay0", own: { addresses: [address("10.65.0.1", 16), address("2001:db8::1", 64)] } };
  const changed = { name: "margay0", own: { addresses: [address("10.66.0.1", 16), address("2001:db8::1", 64)] } };
  const impossible = {
    value: { name: "margay-and-much-too-long", own: { addresses: [] } },
    reason: /policy validation|not a valid ifname/,
  };
  return {
    kind: link,
    fresh: () => linuxLinks(kernel),
    one,
    other: { name: "margay1", own: { addresses: [] } },
    changed,
    disturb: () => sh("ip link del margay0"),
    impossible,
  };
});

driverContract<Neighbour>("linuxNeighbours()", async (t) => {
  const { kernel, sh } = await testNamespace(t, 1);
  await sh("ip neigh add 10.65.0.9 dev tap1 lladdr fa:16:3e:00:00:09 nud permanent");
  const one = { dev: "tap1", ip: "10.65.0.5" as Ip, lladdr: chosenMac(1) };
  const other = { dev: "tap1", ip: "2001:db8::5" as Ip, lladdr: chosenMac(1) };
  const impossible = { value: { ...one, dev: "tap9" }, reason: /Cannot find device "tap9"/ };
  return {
    kind: neighbour,
    fresh: () => linuxNeighbours(kernel),
    one,
    other,
    changed: { ...one, lladdr: chosenMac(2) },
    disturb: () => sh("ip neigh del 10.65.0.5 dev tap1"),
    impossible,
  };
});

driverContract<TapAddress>("linuxAddresses()", async (t) => {
  const { kernel, sh } = await testNamespace(t, 2);
  await sh("ip link add eth0 type ifb; ip addr add fe80::a9fe:a9fe/128 dev eth0; ip addr add fe80::1/64 dev tap1 nodad");
  const one = { dev: "tap1", ip: METADATA6 };
  const impossible = { value: { dev: "tap9", ip: METADATA6 }, reason: /Cannot find device "tap9"/ };
  return {
    kind: tapAddress,
    fresh: () => linuxAddresses(kernel),
    one,
    other: { ...one, dev: "tap2" },
    impossible,
    disturb: () => sh("ip addr del fe80::a9fe:a9fe/128 dev tap1"),
  };
});

const samples: Readonly<Record<string, readonly [Route, Route, Route]>> = {
  "IPv4, moved to another tap": [
    routeTo("10.65.0.5/32", { dev: "tap1" }),
    routeTo("10.65.0.0/16", "unreachable"),
    routeTo("10.65.0.5/32", { dev: "tap2" }),
  ],
  "IPv6, made unreachable": [
    routeTo("2001:db8::5/128", { dev: "tap1" }),
    routeTo("2001:db8::/63", "unreachable"),
    routeTo("2001:db8::5/128", "unreachable"),
  ],
  "IPv6, from unreachable to a tap": [
    routeTo("2001:db8::5/128", "unreachable"),
    routeTo("2001:db8::5/128", { dev: "tap1" }, 2048),
    routeTo("2001:db8::5/128", { dev: "tap1" }),
  ],
};
for (const [name, [one, other, changed]] of Object.entries(samples)) {
  driverContract<Route>(`linuxRoutes(), ${name},`, async (t) => {
    const { kernel, sh } = await testNamespace(t, 2);
    await sh("ip route add 10.65.0.9/32 dev tap1; ip -6 route add 2001:db8::9/128 dev tap1");
    const impossible = { value: { ...one, prefix: "10.65.0.7/32" as Cidr, to: { dev: "tap9" } }, reason: /Cannot find device "tap9"/ };
    return {
      kind: route,
      fresh: () => linuxRoutes({ ...kernel, cut: cutFlows(netlinkFlows(kernel)) }),
      one,
      other,
      changed,
      impossible,
      disturb: () => sh(`ip route flush proto 88 || true; ip -6 route flush proto 88`),
    };
  });
}

test("a neighbour that is gone already keeps the others in its batch from nothing", async (t) => {
  const { kernel } = await testNamespace(t, 1);
  const driver = linuxNeighbours(kernel);
  const [gone, one, two] = (["10.65.0.7", "10.65.0.5", "10.65.0.6"] as const).map((ip, at) => ({
    dev: "tap1",
    ip: ip as Ip,
    lladdr: chosenMac(at),
  })) as [Neighbour, Neighbour, Neighbour];
  const ref = "neighbour/x" as const;
  const changes = [
    { op: "create", ref, want: one },
    { op: "delete", ref, have: gone },
    { op: "create", ref, want: two },
  ] as const;
  assert.deepEqual(await driver.apply(changes), [DONE, DONE, DONE]);
  assert.deepEqual(
    (await driver.list([])).toSorted((a, b) => (a.ip < b.ip ? -1 : 1)),
    [one, two],
  );
});

test("a link that goes down, or away, is missing; up again, it is there", async (t) => {
  const { kernel, sh } = await testNamespace(t, 2);
  const want = [{ name: "tap1" }, { name: "tap2" }];
  const present = async () => (await linuxLinks(kernel).list(want)).map(({ name }) => name);
  assert.deepEqual(await present(), ["tap1", "tap2"]);
  await sh("ip link set tap1 down; ip link del tap2");
  assert.deepEqual(await present(), []);
  await sh("ip link set tap1 up");
  assert.deepEqual(await present(), ["tap1"]);
  assert.deepEqual(await linuxLinks(kernel).apply([{ op: "create", ref: "link/tap2", want: { name: "tap2" } }]), [{ state: "held" }]);
});

test("a link that went and came again under its name is another one", async (t) => {
  const { kernel, sh } = await testNamespace(t, 1);
  const number = async () => (await linuxLinks(kernel).read?.([{ name: "tap1" }]))?.[0]?.index;
  const before = await number();
  await sh("ip link del tap1; ip tuntap add tap1 mode tap; ip link set tap1 up");
  assert.equal(typeof before, "number");
  assert.notEqual(await number(), before);
});

test("an own link that somebody took down is brought up with its addresses", async (t) => {
  const { kernel, sh } = await testNamespace(t);
  const want = { name: "margay0", own: { addresses: [address("10.65.0.1", 16), address("2001:db8::1", 64)] } };
  const create = { op: "create", ref: "link/margay0", want } as const;
  assert.deepEqual(await linuxLinks(kernel).apply([create]), [DONE]);
  await sh("ip link set margay0 down");
  assert.deepEqual(await linuxLinks(kernel).list([want]), []);
  assert.deepEqual(await linuxLinks(kernel).apply([create]), [DONE]);
  assert.deepEqual(
    (await linuxLinks(kernel).list([want])).map(({ name, own }) => ({ name, own })),
    [want],
  );
  assert.equal(await sh("ip route show dev margay0"), "");
});

/** Remembers which addresses it was asked for, in what order with the routes that stood. */
function recordingCut(refuse: ReadonlySet<string> = new Set()): { readonly cut: CutFlows; readonly asked: string[] } {
  const asked: string[] = [];
  const cut: CutFlows = async (addresses) => {
    const all = [...addresses];
    asked.push(...all);
    return new Map(all.filter((ip) => refuse.has(ip)).map((ip) => [ip, "table busy"]));
  };
  return { cut, asked };
}

test("flows of an address are cut before it is given a route, and after it has lost its last", async (t) => {
  const { kernel } = await testNamespace(t, 1);
  const { cut, asked } = recordingCut();
  const driver = linuxRoutes({ ...kernel, cut });
  const [active, migrating] = [routeTo("10.65.0.5/32", { dev: "tap1" }), routeTo("10.65.0.5/32", { dev: "tap1" }, 2048)];
  const ref = "route/x" as const;
  await driver.list([]);
  await driver.apply([
    { op: "create", ref, want: active },
    { op: "create", ref, want: routeTo("10.65.0.0/16", "unreachable") },
  ]);
  assert.deepEqual(asked.splice(0), ["10.65.0.5"]);
  await driver.apply([{ op: "create", ref, want: migrating }]);
  await driver.apply([{ op: "delete", ref, have: active }]);
  assert.deepEqual(asked.splice(0), []);
  await driver.apply([{ op: "delete", ref, have: migrating }]);
  assert.deepEqual(asked.splice(0), ["10.65.0.5"]);
  const elsewhere = routeTo("10.65.0.6/32", { dev: "tap1" }, UNANNOUNCED_METRIC);
  await driver.apply([{ op: "create", ref, want: elsewhere }]);
  await driver.apply([{ op: "delete", ref, have: elsewhere }]);
  assert.deepEqual(asked.splice(0), [], "the address is another host's, and so are its flows");
});

test("cutting begins when a route is foreseen, and counts for the very next change alone", async (t) => {
  const { kernel } = await testNamespace(t, 1);
  const { cut, asked } = recordingCut(new Set(["10.65.0.6"]));
  const driver = linuxRoutes({ ...kernel, cut });
  const [one, two] = [routeTo("10.65.0.5/32", { dev: "tap1" }), routeTo("10.65.0.6/32", { dev: "tap1" })];
  const creates = [one, two].map((want, at) => ({ op: "create", ref: `route/${at}`, want }) as const);
  driver.foresee?.(creates);
  assert.deepEqual(asked.splice(0), ["10.65.0.5", "10.65.0.6"]);
  assert.deepEqual(await driver.apply(creates), [DONE, { state: "failed", reason: "old flows are not cut: table busy" }]);
  assert.deepEqual(asked.splice(0), []);
  await driver.apply([{ op: "delete", ref: "route/0", have: one }]);
  driver.foresee?.(creates.slice(0, 1));
  asked.splice(0);
  await driver.apply(creates.slice(1));
  await driver.apply(creates.slice(0, 1));
  assert.deepEqual(asked, ["10.65.0.6", "10.65.0.5"], "another was foreseen, and long ago");
});

test("an address whose old flows cannot be cut is given no route", async (t) => {
  const { kernel } = await testNamespace(t, 1);
  const driver = linuxRoutes({ ...kernel, cut: recordingCut(new Set(["10.65.0.5"])).cut });
  const [first, second] = [routeTo("10.65.0.5/32", { dev: "tap1" }), routeTo("10.65.0.6/32", { dev: "tap1" })];
  const outcomes = await driver.apply([
    { op: "create", ref: "route/1", want: first },
    { op: "create", ref: "route/2", want: second },
  ]);
  assert.deepEqual(outcomes, [{ state: "failed", reason: "old flows are not cut: table busy" }, DONE]);
  assert.deepEqual(await driver.list([]), [second]);
});

test("tracked flows from and to an address are cut, and no others", async (t) => {
  const { kernel, sh } = await testNamespace(t);
  const cut = cutFlows(netlinkFlows(kernel));
  const flow = (source: string, target: string) =>
    sh(`conntrack -I -s ${source} -d ${target} -p tcp --sport 1000 --dport 80 --state ESTABLISHED -t 600`);
  const remaining = async () =>
    (await sh("conntrack -L -f ipv4 2>/dev/null; conntrack -L -f ipv6 2>/dev/null")).split("\n").filter((line) => line !== "").length;
  const fill = async () => {
    await flow("10.65.0.5", "10.65.0.6");
    await flow("192.0.2.1", "10.65.0.5");
    await flow("10.65.0.55", "10.65.0.6");
    await flow("2001:db8::1", "2001:db8::5");
  };
  await fill();
  assert.equal(await remaining(), 4);
  assert.deepEqual(await cut(["10.65.0.5" as Ip]), new Map());
  assert.equal(await remaining(), 2);
  await sh("conntrack -F 2>/dev/null");
  await fill();
  const many = ["10.65.0.5", "2001:db8::5", "10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::7"].map((ip) => ip as Ip);
  assert.deepEqual(await cut(many), new Map());
  assert.match(await sh("conntrack -L -f ipv4 2>/dev/null; conntrack -L -f ipv6 2>/dev/null"), /^tcp .*src=10\.65\.0\.55 [^\n]*\n$/);
});
