/** Data centres of other shapes than the guide's: each stands, serves what it has, and keeps to itself what it should. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dataCenterOf } from "#core/intent/bgp-variants.ts";
import type { Variant } from "#core/intent/bgp-variants.ts";
import { addressesOf, poolOf, sharedPool } from "#core/intent/pnat-pool.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { exportsOf } from "#core/datacenter/exports.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { addressAt, contains } from "#core/net/prefix.ts";
import { bgpConnections, fabricStands } from "./fabric.ts";
import { kernelRoutes } from "./kernel-routes.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { ping, tcp, udp } from "./probe.ts";
import { must } from "./program.ts";
import { askBird, configure, lowerEdge, raiseEdge, startBird, startBirds, stopBird } from "./provider-edge.ts";
import type { Edge } from "./provider-edge.ts";
import { countLeaks, leaked } from "./provider-leaks.ts";
import { askProvider } from "./provider-router.ts";
import { outsideHost } from "./topology.ts";
import { until } from "./wait.ts";

const lab = await ownLab("shape");

/** One VM on `external` on the first host, one on `internal` on the second, in whatever ranges there are. */
function edgeOf(variant: Variant): Edge {
  const dc = dataCenterOf(variant);
  const { public: open, private: closed, ipv6 } = dc.ranges;
  const tenth = (...prefixes: (typeof open)[]) => prefixes.flatMap((prefix) => (prefix === undefined ? [] : [addressAt(prefix, 10n)]));
  const [first, second] = dc.hosts.map(({ name }) => name);
  return {
    lab,
    dc,
    vms: [
      { name: "ext", host: first ?? "", addresses: tenth(open, ipv6?.external) },
      { name: "int", host: second ?? "", addresses: tenth(closed, ipv6?.internal) },
    ],
  };
}

const at = (machine: string) => machineNetns(lab, machine);
const vm = (name: string) => vmNetns(lab, name);

function poolAddresses(dc: DataCenter): readonly string[] {
  return dc.gateways.flatMap((gateway) => poolOf(dc, gateway) ?? []).flatMap(addressesOf);
}

async function stand(edge: Edge): Promise<void> {
  await raiseEdge(edge);
  await countLeaks(edge);
  startBirds(edge);
  await fabricStands(lab, edge.dc);
  for (const { name } of edge.dc.gateways) await delivers(edge, name);
}

/** A gateway leads to every VM, and each gateway to the pools of the others. */
async function delivers({ dc, vms }: Edge, gateway: string): Promise<void> {
  const pools = dc.gateways.filter(({ name }) => name !== gateway).flatMap((other) => sharedPool(dc, other));
  const destinations = [...vms.flatMap((each) => each.addresses), ...pools.map((pool) => pool.replace(/\/32$/, ""))];
  await until({ what: `routes to all VMs at ${gateway}`, timeout: 10_000 }, async () => {
    const tables = await Promise.all(([4, 6] as const).map((family) => kernelRoutes(at(gateway), family)));
    const leading = new Set(tables.flat().flatMap(({ type, dst }) => (type === undefined || type === "unicast" ? [dst] : [])));
    return destinations.find((destination) => !leading.has(destination));
  });
}

/** Whom the hosts take for a way out: per host and family, the last parts of the gateways' addresses. */
async function waysOut({ dc }: Edge): Promise<string> {
  const ways = dc.hosts.flatMap(({ name }) =>
    ([4, 6] as const).map(async (family) => {
      const defaults = (await kernelRoutes(at(name), family)).filter(({ dst }) => dst === "default");
      const hops = defaults.flatMap((route) => [route, ...(route.nexthops ?? [])]).flatMap(({ gateway }) => gateway ?? []);
      return `${name}/${family}: ${hops
        .map((hop) => hop.split(/[.:]/).at(-1))
        .toSorted()
        .join("+")}`;
    }),
  );
  return (await Promise.all(ways)).join(", ");
}

/** What every shape must do, from what was declared alone. */
async function serves({ dc, vms }: Edge): Promise<void> {
  const outside = outsideHost(dc.lab);
  const there = (ip: Ip) => (familyOf(ip) === 4 ? outside.ipv4 : outside.ipv6);
  const known = (ip: Ip) => exportsOf(dc).some((prefix) => contains(prefix, ip));
  for (const { name, addresses } of vms)
    for (const ip of addresses) {
      const [came, went] = await Promise.all([tcp(at("outside"), ip, 80), udp(vm(name), there(ip), 53)]);
      if (known(ip)) {
        assert.deepEqual([came.peerSaw, came.error], [there(ip), undefined], `${ip} can be reached`);
        assert.deepEqual([went.peerSaw, went.error], [ip, undefined], `${ip} goes out as itself`);
      } else {
        assert.equal(came.reached, false, `${ip} cannot be reached`);
        assert.equal(went.reached, familyOf(ip) === 4, `${ip} goes out if it can be translated`);
        if (went.reached) assert.ok(poolAddresses(dc).includes(went.peerSaw ?? ""), `${ip} goes out as one of the pool: ${went.peerSaw}`);
      }
    }
}

async function tellsNothingElse({ dc }: Edge): Promise<void> {
  const heard = await askProvider(lab, "show route where source = RTS_BGP");
  const prefixes = [...heard.matchAll(/^(\S+\/\d+) /gm)].map((match) => match[1]);
  assert.deepEqual(prefixes.toSorted(), exportsOf(dc).toSorted());
}

const PLAIN: readonly Variant[] = [
  "only public",
  "only private",
  "only ipv6",
  "no private",
  "direct peering",
  "pool is the uplink's own address",
  "internal half unadvertised",
  "guarded sessions",
  "IPv6 fabric alone",
  "IPv4 alone",
];

for (const variant of PLAIN)
  test(`${variant}: stands, serves what it has, and leaks nothing`, async () => {
    const edge = edgeOf(variant);
    try {
      await stand(edge);
      await serves(edge);
      await tellsNothingElse(edge);
      assert.deepEqual(await leaked(edge), []);
    } finally {
      await lowerEdge(edge);
    }
  });

/** It stands while its tests run, the first of which is this. */
function isWhole(edge: Edge): void {
  before(() => stand(edge));
  after(() => lowerEdge(edge));

  test("it serves what it has and leaks nothing", async () => {
    await serves(edge);
    await tellsNothingElse(edge);
    assert.deepEqual(await leaked(edge), []);
  });
}

for (const variant of ["pool inside the public range", "pool inside the public range, direct peering"] as const)
  describe(`two gateways, ${variant}`, () => {
    const edge = edgeOf(variant);
    const { dc } = edge;
    const outside = outsideHost(dc.lab);
    isWhole(edge);

    test("a host uses both gateways", async () => {
      for (const family of ["-4", "-6"]) {
        const route = await must(["ip", family, "-n", at("h1"), "route", "show", "default"]);
        assert.equal(route.match(/nexthop via|^default via/gm)?.length, 2, route);
      }
    });

    for (const back of ["198.51.100.2", "198.51.100.3"])
      test(`replies to translated flows find their gateway when all come back by ${back}`, async () => {
        await must(["ip", "-n", at("provider"), "route", "replace", dc.ranges.public ?? "", "via", back]);
        const other = addressAt(dc.lab.outside4, 1n);
        assert.equal((await ping(vm("int"), other)).error, undefined);
        for (const port of [80, 22, 80]) assert.ok(poolAddresses(dc).includes((await tcp(vm("int"), outside.ipv4, port)).peerSaw ?? ""));
        assert.equal((await tcp(at("outside"), addressAt(dc.ranges.public ?? dc.lab.outside4, 10n), 80)).error, undefined);
        await must(["ip", "-n", at("provider"), "route", "del", dc.ranges.public ?? "", "via", back]);
      });

    test("a gateway that is taken out of service is left by all, and taken up again", async () => {
      const lead = (ways: string) => edge.dc.hosts.flatMap(({ name }) => [`${name}/4: ${ways}`, `${name}/6: ${ways}`]).join(", ");
      const led = (ways: string) => async () => ((await waysOut(edge)) === lead(ways) ? undefined : await waysOut(edge));
      await stopBird(edge, "gw1", "SIGTERM");
      await until({ what: "all hosts to leave gw1", timeout: 5000 }, led("2"));
      await serves(edge);
      startBird(edge, "gw1");
      await until({ what: "all hosts to use gw1 again", timeout: 15_000 }, led("1+2"));
      for (const { name } of dc.gateways) await delivers(edge, name);
      await serves(edge);
      assert.deepEqual(await leaked(edge), []);
    });
  });

describe("two of everything", () => {
  const ip = (...texts: readonly string[]) => texts as readonly Ip[];
  const last = (...bytes: readonly number[]) => ip(...bytes.map((byte) => `172.18.208.${byte}`));
  const edge = {
    ...edgeOf("two of everything"),
    assigned: [
      { host: "h1", addresses: last(77, 88, 89, 90, 91) },
      { host: "h2", addresses: last(88) },
    ],
  };
  isWhole(edge);

  test("of two hosts that hold one address, all take the one with the smaller metric", async () => {
    await must(["ip", "-n", at("h2"), "route", "add", "10.65.0.10", "dev", "tapint", "proto", "88", "metric", "1000"]).catch(() => "");
    await must(["ip", "-n", at("h1"), "route", "add", "172.18.208.88", "dev", "tapext", "proto", "88", "metric", "1024"]);
    await must(["ip", "-n", at("h2"), "route", "add", "172.18.208.88", "dev", "tapint", "proto", "88", "metric", "1000"]);
    await until({ what: "gateways to send to h2", timeout: 5000 }, async () => {
      const route = await must(["ip", "-n", at("gw1"), "route", "show", "172.18.208.88"]);
      return /via 192\.168\.100\.12/.test(route) && !route.includes("192.168.100.11") ? undefined : route;
    });
  });

  /** Routes that a reflector has of a host. */
  const heard = async (reflector: string, host: string) =>
    [...(await askBird(edge, reflector, `show route where from = ${host}`)).matchAll(/^(\S+\/\d+) /gm)].map((match) => match[1] ?? "");

  test("a host that lies attracts nobody's traffic, nor is its lie told to anybody", async () => {
    const lies = ["172.18.208.10", "172.18.208.66", "10.65.0.66", "default"];
    for (const lie of lies) await must(["ip", "-n", at("h2"), "route", "add", lie, "dev", "tapint", "proto", "88", "metric", "1"]);
    await must(["ip", "-n", at("h2"), "route", "add", "2001:db8:a41:2::a", "dev", "tapint", "proto", "88", "metric", "1"]);
    await must(["ip", "-n", at("h2"), "route", "add", "172.18.208.88", "dev", "tapint", "proto", "88", "metric", "1024"]);
    for (const reflector of ["rr1", "rr2"]) {
      await until({ what: `the truth of h2 to be known at ${reflector}`, timeout: 5000 }, async () =>
        (await heard(reflector, "192.168.100.12")).includes("172.18.208.88/32") ? undefined : "172.18.208.88",
      );
      assert.deepEqual(
        (await heard(reflector, "192.168.100.12")).filter((prefix) => /208\.(10|66)\/|0\.66|2::a\/|\/0/.test(prefix)),
        [],
      );
    }
    for (const [family, address] of [
      ["-4", "172.18.208.10"],
      ["-6", "2001:db8:a41:2::a"],
    ] as const)
      assert.match(await must(["ip", family, "-n", at("gw1"), "route", "show", address]), /via (192\.168\.100\.11|2001:db8:a41:f::11) /);
    for (const lie of [...lies, "172.18.208.88", "2001:db8:a41:2::a"])
      await must(["ip", lie.includes(":") ? "-6" : "-4", "-n", at("h2"), "route", "del", lie, "dev", "tapint", "proto", "88"]);
  });

  test("a route that came before its assignment is taken as soon as that is told, and goes with it; no session ends", async () => {
    const reached = async () => (await must(["ip", "-n", at("gw1"), "route", "show", "172.18.208.55"])).includes("192.168.100.11");
    const before = await bgpConnections(lab, "rr1");
    assert.equal(before.length, 5);
    await must(["ip", "-n", at("h1"), "route", "add", "172.18.208.55", "dev", "tapext", "proto", "88", "metric", "1024"]);
    await must(["ip", "-n", at("h1"), "route", "add", "172.18.208.77", "dev", "tapext", "proto", "88", "metric", "1024"]);
    await until({ what: "what is assigned to be known", timeout: 5000 }, async () =>
      (await heard("rr1", "192.168.100.11")).includes("172.18.208.77/32") ? undefined : "172.18.208.77",
    );
    assert.equal(await reached(), false);
    const more = { ...edge, assigned: [...edge.assigned, { host: "h1", addresses: last(55) }] };
    for (const reflector of ["rr1", "rr2"]) await configure(more, reflector);
    await until({ what: "the route to be taken", timeout: 2000, every: 10 }, async () => ((await reached()) ? undefined : "it is not"));
    for (const reflector of ["rr1", "rr2"]) await configure(edge, reflector);
    await until({ what: "the route to go", timeout: 2000, every: 10 }, async () => ((await reached()) ? "it is there" : undefined));
    assert.deepEqual(await bgpConnections(lab, "rr1"), before);
    for (const route of ["172.18.208.55", "172.18.208.77"]) await must(["ip", "-n", at("h1"), "route", "del", route]);
  });

  test("a host's word counts only for single addresses inside the ranges, on its taps, marked as Margay's", async () => {
    const odd = [
      "172.18.209.1 dev tapext proto 88 metric 1024",
      "172.18.208.128/25 dev tapext proto 88 metric 1024",
      "172.18.208.89 dev tapext proto static metric 1024",
      "172.18.208.90 via 192.168.100.12 dev fab0 proto 88 metric 1024",
      "default dev tapext proto 88 metric 9999",
    ];
    for (const route of odd) await must(["ip", "-n", at("h1"), "route", "add", ...route.split(" ")]);
    await must(["ip", "-n", at("h1"), "route", "add", "172.18.208.91", "dev", "tapext", "proto", "88", "metric", "1024"]);
    await until({ what: "the last of them to be known at rr2", timeout: 5000 }, async () =>
      (await askBird(edge, "rr2", "show route")).includes("172.18.208.91/32") ? undefined : "172.18.208.91",
    );
    const told = await askBird(edge, "rr2", "show route where from = 192.168.100.11");
    assert.deepEqual(
      [...told.matchAll(/^(\S+\/\d+) /gm)]
        .map((match) => match[1])
        .filter((prefix) => /172\.18\.(209|208\.(128|89|90))|^0/.test(prefix ?? "")),
      [],
    );
  });

  test("without one of the reflectors nothing is missing", async () => {
    await stopBird(edge, "rr1", "SIGTERM");
    await serves(edge);
    await must(["ip", "-n", at("h1"), "route", "add", "172.18.208.77", "dev", "tapext", "proto", "88", "metric", "1024"]);
    await until({ what: "a new endpoint to be known everywhere", timeout: 5000 }, async () => {
      const routes = await Promise.all(["h2", "gw1", "gw2"].map((name) => must(["ip", "-n", at(name), "route", "show", "172.18.208.77"])));
      return routes.some((route) => !route.includes("192.168.100.11")) ? routes.join("; ") : undefined;
    });
  });
});
