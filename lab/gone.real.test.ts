/**
 * Machines that fall silent, and processes that crash, in every topology without a reflector between: who is gone is out of every table
 * within a second, and who only starts anew loses no packet.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fakeLog } from "#contracts/log.fake.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { torsOf } from "#core/datacenter/racks.ts";
import { watchedBy } from "#core/intent/bfd.ts";
import { racked } from "#core/intent/bgp-topologies.ts";
import { dataCenterOf } from "#core/intent/bgp-variants.ts";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import type { Ip } from "#core/net/address.ts";
import { addressAt, hostPrefix } from "#core/net/prefix.ts";
import { fabricStands } from "./fabric.ts";
import { kernelRoutes } from "./kernel-routes.ts";
import { labNamed, machineNetns, vmNetns } from "./place.ts";
import { ping } from "./probe.ts";
import { inside, must } from "./program.ts";
import { askBfd, askBird, killBfd, lowerEdge, raiseEdge, startBird, startBirds, stopBird, watchAll } from "./provider-edge.ts";
import type { Edge } from "./provider-edge.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { pings } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { until } from "./wait.ts";

const lab = labNamed("f-gone");
const at = (machine: string) => machineNetns(lab, machine);

interface Scene {
  readonly name: string;
  readonly dc: DataCenter;
  /** Where the VM `one` is, whose host dies, and where its address is then. */
  readonly host: string;
  readonly elsewhere?: string;
  /** On the way of the VM to the outside, where there is another way: it dies too. */
  readonly router: string;
  /** By how many ways the host leaves it before, and after. */
  readonly ways: readonly [before: number, after: number];
}

const SCENES: readonly Scene[] = [
  {
    name: "hosts speak with the gateways",
    dc: dataCenterOf("direct peering, two gateways"),
    host: "h1",
    elsewhere: "h2",
    router: "gw1",
    ways: [2, 1],
  },
  { name: "a mesh", dc: racked("mesh"), host: "h1", elsewhere: "h2", router: "gw1", ways: [2, 1] },
  { name: "unnumbered racks", dc: racked("unnumbered racks"), host: "h1", elsewhere: "h3", router: "gw1", ways: [1, 1] },
  { name: "two uplinks, unnumbered", dc: racked("two uplinks, unnumbered"), host: "h1", router: "tor1", ways: [2, 1] },
];

for (const scene of SCENES)
  describe(scene.name, () => {
    const edge = edgeOf(scene);
    const log = fakeLog();
    let unwatch = () => {};
    before(async () => {
      await raiseEdge(edge);
      startBirds(edge);
      unwatch = watchAll(edge, log);
      await fabricStands(lab, edge.dc);
      await stands(edge);
    });
    after(async () => {
      unwatch();
      await lowerEdge(edge);
    });

    test("the BIRDs of a host and of a router crash under traffic, those that speak BFD as well: nothing is lost", async (t) => {
      const streams = streamsOf(edge);
      t.after(() => streams.forEach((stream) => stream.end()));
      await until({ what: "traffic to flow", timeout: 10_000 }, () => streams.find((stream) => stream.count() < 10)?.what);
      for (const machine of [scene.host, scene.router]) await crash(edge, machine);
      const lost = (await Promise.all(streams.map((stream) => stream.troubles()))).flat();
      assert.deepEqual(lost, []);
      assert.deepEqual(
        log.lines.filter(({ event }) => event.includes("is gone")),
        [],
      );
    });

    test("a router that falls silent is out of its neighbours' tables within a second, and packets go by another", async (t) => {
      const [usual, rest] = scene.ways;
      const ways = async () => (await hops(scene.host, "default")).length;
      assert.equal(await ways(), usual);
      const noted = neighboursOf(edge, scene.router);
      await silence(scene.router, async () => {
        await within(t, `${scene.router} to be left`, async () => {
          for (const [machine, hop] of noted) if ((await allHops(machine)).has(hop)) return `${machine} sends by ${hop}`;
          return (await ways()) === rest ? undefined : `${scene.host} has ${await ways()} ways out`;
        });
        await answers(edge);
      });
      await stands(edge);
    });

    test("a host that falls silent is out of every table within a second, and its address answers elsewhere", async (t) => {
      const ip = addressOf(edge.dc);
      const others = [...edge.dc.hosts, ...edge.dc.gateways].map(({ name }) => name).filter((name) => name !== scene.host);
      await silence(scene.host, async () => {
        await within(t, `${scene.host} to be left`, async () => {
          for (const machine of others) if ((await hops(machine, ip)).length > 0) return `${machine} leads to ${ip}`;
          return undefined;
        });
        if (scene.elsewhere !== undefined) await movedTo(edge, scene.elsewhere);
      });
    });
  });

function edgeOf({ dc: declared, host, elsewhere }: Scene): Edge {
  const bfd = declared.fabric.bfd ?? assert.fail();
  const dc = { ...declared, gateways: declared.gateways.map((gateway) => ({ ...gateway, upstream: { ...gateway.upstream, bfd } })) };
  const addresses = [addressOf(dc)];
  const assigned = elsewhere === undefined ? [] : [{ host: elsewhere, addresses }];
  return { lab, dc, vms: [{ name: "one", host, addresses }], assigned };
}

function addressOf({ ranges, lab: { outside4 } }: DataCenter): Ip {
  return addressAt(ranges.public ?? outside4, 10n);
}

/** All speak BFD and BGP with all with whom they should, nobody recovers, and the outside reaches the VM. */
async function stands(edge: Edge): Promise<void> {
  const { dc } = edge;
  const machines = [...dc.hosts, ...dc.reflectors, ...torsOf(dc), ...dc.gateways].map(({ name }) => name);
  await until({ what: "all sessions to stand", timeout: 25_000, every: 200 }, async () => {
    for (const machine of machines) {
      const bfd = await askBfd(edge, machine).catch(String);
      if ((bfd.match(/ Up /g)?.length ?? 0) !== watchedBy(dc, machine).length) return `${machine}: ${bfd}`;
      const bgp = await askBird(edge, machine, "show protocols all").catch(String);
      const sessions = bgp.split("\n").filter((line) => / BGP +---/.test(line));
      if (bgp.includes("GR recovery:") || sessions.length === 0 || sessions.some((line) => !line.includes("Established")))
        return `${machine}: ${bgp}`;
    }
    return undefined;
  });
  await answers(edge);
}

async function answers({ dc }: Edge): Promise<void> {
  await until({ what: "the VM to answer", timeout: 10_000 }, async () => {
    const { reached, error = "no answer" } = await ping(at(OUTSIDE.name), addressOf(dc), { patience: 1 });
    return reached ? undefined : error;
  });
}

function streamsOf({ dc, vms }: Edge): readonly Stream[] {
  const outside = outsideHost(dc.lab).ipv4;
  const vm = vms[0]?.name ?? "";
  return [
    pings({ what: "outside to the VM", netns: at(OUTSIDE.name), to: addressOf(dc) }),
    pings({ what: "the VM to outside", netns: vmNetns(lab, vm), to: outside }),
  ];
}

/** Both BIRDs of a machine, at once; they are away for longer than BFD waits. */
async function crash(edge: Edge, machine: string): Promise<void> {
  await Promise.all([killBfd(edge, machine), stopBird(edge, machine, "SIGKILL")]);
  await pause(1200);
  startBird(edge, machine);
  await stands(edge);
}

/** Whatever comes in or would go out is dropped; its links have carriers all the while, as behind a switch. */
async function silence(machine: string, meanwhile: () => Promise<void>): Promise<void> {
  const chain = (hook: string) => `chain ${hook} { type filter hook ${hook} priority -500; policy drop; }`;
  await must(inside(at(machine), ["nft", "-f", "-"]), { input: `table inet mg-silent {\n${chain("prerouting")}\n${chain("output")}\n}\n` });
  try {
    await meanwhile();
  } finally {
    await must(inside(at(machine), ["nft", "delete", "table", "inet", "mg-silent"]));
  }
}

async function within(t: TestContext, what: string, look: () => Promise<string | undefined>): Promise<void> {
  const from = performance.now();
  await until({ what, timeout: 5000, every: 10 }, look);
  const took = Math.round(performance.now() - from);
  t.diagnostic(`${what}: ${took} ms`);
  assert.ok(took < 1000, `${took} ms`);
}

/** By whom a machine sends to an address, or out, as BGP has told it. */
async function hops(machine: string, dst: Ip | "default"): Promise<readonly string[]> {
  const routes = (await kernelRoutes(at(machine), 4)).filter(
    (route) => route.dst === dst && route.protocol === "bird" && route.type === undefined,
  );
  return routes.flatMap((route) => [route, ...(route.nexthops ?? [])].map(hopOf).filter((hop) => hop !== ""));
}

interface Hop {
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly dev?: string;
}

const hopOf = ({ gateway, via, dev }: Hop) => ((gateway ?? via?.host) === undefined ? "" : `${gateway ?? via?.host} dev ${dev}`);

async function allHops(machine: string): Promise<ReadonlySet<string>> {
  const routes = (await kernelRoutes(at(machine), 4)).filter(({ protocol }) => protocol === "bird");
  return new Set(routes.flatMap((route) => [route, ...(route.nexthops ?? [])].map(hopOf)));
}

/** Who is next to a machine, and as which next hop it sees it. */
function neighboursOf({ dc }: Edge, machine: string): readonly (readonly [string, string])[] {
  return [...dc.hosts, ...torsOf(dc), ...dc.gateways].flatMap(({ name }) =>
    watchedBy(dc, name)
      .filter((each) => each.name === machine)
      .map(({ peer, interface: link }) => [name, `${peer} dev ${link}`] as const),
  );
}

/** The same address behind another host, as somebody starts the VM there. */
async function movedTo(edge: Edge, host: string): Promise<void> {
  const ip = addressOf(edge.dc);
  await must(["ip", "-n", at(host), "-batch", "-"], {
    input: [
      "link add tapmoved type veth peer name moved",
      "link set tapmoved up",
      "link set moved up",
      `addr add ${ip}/32 dev lo`,
      `route add ${hostPrefix(ip)} dev tapmoved proto ${MARGAY_PROTOCOL} metric 1023`,
    ].join("\n"),
  });
  await answers(edge);
}
