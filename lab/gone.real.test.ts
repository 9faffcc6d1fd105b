/**
 * Machines that fall silent, and processes that crash, in every topology without a reflector between: who is gone is out of every table
 * within a second, and who only starts anew loses no packet.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
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
import { watchNeighbours } from "#engine/neighbour-watch.ts";
import { fabricStands } from "./fabric.ts";
import { kernelRoutes } from "./kernel-routes.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { ping } from "./probe.ts";
import { must } from "./program.ts";
import { askBfd, askBird, killBfd, lowerEdge, raiseEdge, startBird, startBirds, stateOf, stopBird, watchParts } from "./provider-edge.ts";
import type { Edge } from "./provider-edge.ts";
import { leftAtOnce } from "./silence.real.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { goOn, pings, troublesOf } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { until } from "./wait.ts";

const lab = await ownLab("gone");
const at = (machine: string) => machineNetns(lab, machine);

/** Of the VM: one that may move, and one that nobody else may have; and another of the host to which it may move. */
const OFFSETS = { own: 10n, fixed: 11n, other: 77n };

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
    let watches: readonly (() => void)[] = [];
    before(async () => {
      await raiseEdge(edge);
      startBirds(edge);
      watches = watchParts(edge, log).map(watchNeighbours);
      await fabricStands(lab, edge.dc);
      await stands(edge);
    });
    after(async () => {
      watches.forEach((end) => end());
      await lowerEdge(edge);
    });

    test("the BIRDs of a host and of a router crash under traffic, those that speak BFD as well: nothing is lost", async (t) => {
      const streams = streamsOf(edge);
      t.after(() => streams.forEach((stream) => stream.end()));
      await goOn(streams, 10);
      for (const machine of [scene.host, scene.router]) await crash(edge, machine);
      const lost = await troublesOf(streams);
      assert.deepEqual(lost, []);
      assert.deepEqual(
        log.lines.filter(({ event }) => event.includes("is gone")),
        [],
      );
    });

    if (scene.elsewhere !== undefined)
      test("a host that is not what it was draws neither another's address to itself nor the way out", async () => {
        await lies(edge, scene.elsewhere ?? "");
      });

    test("a router that falls silent is out of its neighbours' tables within a second, and packets go by another", async (t) => {
      const [usual, rest] = scene.ways;
      const seen = seenAs(edge, scene.router);
      const ways = async () => (await hops(scene.host, "default")).length;
      assert.equal(await ways(), usual);
      const sending = async () => {
        const found = await Promise.all(seen.map(async ([other, all]) => [other, all, await allHops(other)] as const));
        return found.filter(([, all, used]) => all.some((hop) => used.has(hop))).map(([other]) => other);
      };
      assert.notDeepEqual(await sending(), []);
      await leftAtOnce(t, {
        netns: at(scene.router),
        missing: async () => {
          const still = await sending();
          if (still.length > 0) return `${still.join(", ")} send by ${scene.router}`;
          return (await ways()) === rest ? undefined : `${scene.host} has ${await ways()} ways out`;
        },
        afterwards: () => answers(edge),
        back: () => stands(edge),
      });
    });

    test("a host that falls silent is out of every table within a second, and its address answers elsewhere", async (t) => {
      const ip = addressOf(edge.dc);
      const others = [...edge.dc.hosts, ...edge.dc.gateways].map(({ name }) => name).filter((name) => name !== scene.host);
      await leftAtOnce(t, {
        netns: at(scene.host),
        missing: async () => {
          for (const machine of others) if ((await hops(machine, ip)).length > 0) return `${machine} leads to ${ip}`;
          return undefined;
        },
        afterwards: async () => {
          if (scene.elsewhere !== undefined) await movedTo(edge, scene.elsewhere);
        },
        back: () => stands(edge),
      });
    });
  });

function edgeOf({ dc: declared, host, elsewhere }: Scene): Edge {
  const bfd = declared.fabric.bfd ?? assert.fail();
  const dc = { ...declared, gateways: declared.gateways.map((gateway) => ({ ...gateway, upstream: { ...gateway.upstream, bfd } })) };
  const [own, fixed, other] = [addressOf(dc), addressOf(dc, "fixed"), addressOf(dc, "other")];
  const assigned = elsewhere === undefined ? [] : [{ host: elsewhere, addresses: [own, other] }];
  return { lab, dc, vms: [{ name: "one", host, addresses: [own, fixed] }], assigned };
}

function addressOf({ ranges, lab: { outside4 } }: DataCenter, which: keyof typeof OFFSETS = "own"): Ip {
  return addressAt(ranges.public ?? outside4, OFFSETS[which]);
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

/** As which next hops others see a machine: by its address on the core segment, and by that on a link of their own. */
function seenAs({ dc }: Edge, machine: string): readonly (readonly [other: string, hops: readonly string[]])[] {
  const others = [...dc.hosts, ...torsOf(dc), ...dc.gateways].filter(({ name }) => name !== machine);
  const core = [...torsOf(dc), ...dc.gateways].flatMap(({ name, ipv4 }) =>
    name === machine ? [`${ipv4} dev ${dc.fabric.interface}`] : [],
  );
  return others.map(({ name }) => {
    const near = watchedBy(dc, name).filter((each) => each.name === machine);
    return [name, [...core, ...near.map(({ peer, interface: link }) => `${peer} dev ${link}`)]];
  });
}

/** Its BIRD is told to say that it has the VM's address, and is the way out, as strongly as can be said; and one thing that is true. */
async function lies(edge: Edge, liar: string): Promise<void> {
  const { dc } = edge;
  const [fixed, truth] = [addressOf(dc, "fixed"), addressOf(dc, "other")];
  const others = [...dc.hosts, ...dc.gateways].map(({ name }) => name).filter((name) => name !== liar);
  const known = () => Promise.all(others.map(async (machine) => [machine, await hops(machine, fixed), await hops(machine, "default")]));
  const before = await known();
  const [honest, lying] = [join(stateOf(lab, liar), "bird/bird.conf"), join(stateOf(lab, liar), "bird/lies.conf")];
  const said = `export filter { bgp_local_pref = 4000000000; accept; };`;
  const statics = [hostPrefix(fixed), hostPrefix(truth), "0.0.0.0/0"].map((prefix) => `  route ${prefix} via "lo";\n`);
  const text = readFileSync(honest, "utf8").replaceAll(/export where .*;$/gm, (line) => (line.includes("source = RTS_BGP;") ? line : said));
  writeFileSync(lying, `${text}protocol static lies {\n  ipv4 { import filter { preference = 1000; accept; }; };\n${statics.join("")}}\n`);
  assert.match(await askBird(edge, liar, `configure "${lying}"`), /Reconfigured/);
  await until({ what: "the truth to be known", timeout: 5000 }, async () => {
    for (const machine of others) if ((await hops(machine, truth)).length === 0) return `${machine} does not know ${truth}`;
    return undefined;
  });
  assert.deepEqual(await known(), before);
  await askBird(edge, liar, `configure "${honest}"`);
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
