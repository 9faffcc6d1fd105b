/** A gateway is announced outside while it hears of anybody on the fabric, and only then; whatever becomes of BIRDs on the way. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { dataCenterOf } from "#core/intent/bgp-variants.ts";
import { racked } from "#core/intent/bgp-topologies.ts";
import { exportsOf } from "#core/datacenter/exports.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { familyOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { fabricStands } from "./fabric.ts";
import { kernelRoutes } from "./kernel-routes.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns } from "./place.ts";
import { ping } from "./probe.ts";
import { inside, must } from "./program.ts";
import { askBird, lowerEdge, raiseEdge, startBird, startBirds, stopBird } from "./provider-edge.ts";
import type { Edge } from "./provider-edge.ts";
import { askProvider } from "./provider-router.ts";
import { OUTSIDE } from "./topology.ts";
import { goOn, pings, troublesOf } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { until } from "./wait.ts";

const lab = await ownLab("deliver");
const ip = (text: string) => text as Ip;
const VM = { name: "ext", host: "h1", addresses: [ip("172.18.208.10"), ip("2001:db8:a41:2::10")] };

/** By how many gateways the provider reaches each aggregate. */
async function ways({ lab, dc }: Edge): Promise<readonly number[]> {
  const all = exportsOf(dc).map(async (prefix) => {
    const routes = await kernelRoutes(machineNetns(lab, "provider"), familyOf(prefix));
    const own = routes.filter(({ dst, type }) => dst === prefix && type === undefined);
    return own.reduce((count, { nexthops }) => count + (nexthops?.length ?? 1), 0);
  });
  return Promise.all(all);
}

async function waysAre(edge: Edge, wanted: number, timeout: number): Promise<number> {
  const from = performance.now();
  await until({ what: `${wanted} ways in`, timeout, every: 10 }, async () => {
    const now = await ways(edge);
    return now.every((count) => count === wanted) ? undefined : now.join();
  });
  return Math.round(performance.now() - from);
}

/** Everything that comes by the fabric's interface is lost; its carrier stays. */
async function deafen({ lab }: Edge, machine: string): Promise<void> {
  const rules = `table inet deaf {\n chain nothing {\n type filter hook prerouting priority -500;\n iifname "fab0" drop\n }\n}\n`;
  await must(inside(machineNetns(lab, machine), ["nft", "-f", "-"]), { input: rules });
}

async function hear({ lab }: Edge, machine: string): Promise<void> {
  await must(inside(machineNetns(lab, machine), ["nft", "delete", "table", "inet", "deaf"]));
}

async function raised(edge: Edge): Promise<void> {
  await raiseEdge(edge);
  startBirds(edge);
  await fabricStands(edge.lab, edge.dc);
  await waysAre(edge, edge.dc.gateways.length, 20_000);
}

/** Their BIRDs crash and start again, while the outside goes on to reach the data centre by both gateways. */
async function crashed(edge: Edge, machines: readonly string[]): Promise<void> {
  for (const machine of machines) {
    await stopBird(edge, machine, "SIGKILL");
    startBird(edge, machine);
    assert.deepEqual(await ways(edge), [2, 2], machine);
    await whole(edge);
    assert.deepEqual(await ways(edge), [2, 2], machine);
  }
}

/** Whoever tells a gateway the beacon. */
function neighboursOf({ fabric, reflectors, hosts }: DataCenter): readonly string[] {
  return (fabric.peering === "reflectors" ? reflectors : hosts).map(({ name }) => name);
}

/** Every gateway knows the way to the VM and has all its sessions, and nobody waits any more for what a peer had said before it started again. */
async function whole(edge: Edge): Promise<void> {
  await until({ what: "all sessions and routes of the gateways", timeout: 40_000 }, async () => {
    const missing = await Promise.all([
      ...edge.dc.gateways.map(({ name }) => missingAt(edge, name)),
      ...[...edge.dc.gateways.map(({ name }) => name), ...neighboursOf(edge.dc)].map((name) => recovering(edge, name)),
    ]);
    return missing.flat().join("; ") || undefined;
  });
}

async function recovering(edge: Edge, machine: string): Promise<readonly string[]> {
  const status = await askBird(edge, machine, "show status").catch(String);
  return /recovery in progress|Error/.test(status) ? [`${machine}: ${status}`] : [];
}

async function missingAt(edge: Edge, gateway: string): Promise<readonly string[]> {
  const protocols = await askBird(edge, gateway, "show protocols").catch(String);
  const sessions = protocols.split("\n").filter((line) => / BGP /.test(line));
  const down = sessions.length === 0 ? [protocols] : sessions.filter((line) => !line.includes("Established"));
  const routes = await Promise.all(([4, 6] as const).map((family) => kernelRoutes(machineNetns(edge.lab, gateway), family)));
  const known = new Set(routes.flat().map(({ dst }) => dst));
  return [...down, ...VM.addresses.filter((address) => !known.has(address)).map((address) => `no ${address} at ${gateway}`)];
}

const SHAPES: readonly (readonly [name: string, dc: DataCenter, within: number])[] = [
  // No agent is here to judge by BFD: the hold time tells.
  ["through reflectors", dataCenterOf("two of everything"), 12_000],
  ["without reflectors", dataCenterOf("direct peering, two gateways"), 12_000],
  ["in a mesh", racked("mesh"), 12_000],
];

for (const [name, dc, within] of SHAPES)
  describe(`two gateways, ${name}`, () => {
    const edge: Edge = { lab, dc, vms: [VM] };
    const streams: Stream[] = [];
    const troubles = () => troublesOf(streams);
    before(() => raised(edge));
    after(async () => {
      for (const stream of streams) stream.end();
      await lowerEdge(edge);
    });

    test("one that hears nobody is not announced, and is again once it hears", async (t) => {
      await deafen(edge, "gw1");
      t.diagnostic(`left after ${await waysAre(edge, 1, within)} ms`);
      assert.doesNotMatch(await askProvider(edge.lab, "show route where source = RTS_BGP"), /customer[46]:gw1/);
      await until({ what: "outside to reach the VM by gw2", timeout: within }, async () => {
        const probes = await Promise.all(VM.addresses.map((to) => ping(machineNetns(edge.lab, OUTSIDE.name), to)));
        return probes.flatMap(({ error }) => error ?? []).join("; ") || undefined;
      });
      await hear(edge, "gw1");
      await waysAre(edge, 2, 40_000);
    });

    test("its BIRD reads its configuration again, and crashes: not a packet is lost from outside", async () => {
      await whole(edge);
      const from = machineNetns(edge.lab, OUTSIDE.name);
      for (const to of VM.addresses) streams.push(pings({ what: `outside to ${to}`, netns: from, to }));
      await goOn(streams, 3);
      for (const machine of ["gw1", "gw2"]) await askBird(edge, machine, "configure");
      await crashed(edge, ["gw1"]);
      // All whom it hears, one after the other: they are waited for.
      await crashed(edge, neighboursOf(edge.dc));
      assert.equal((await troubles()).slice(0, 5).join("\n"), "");
    });
  });

describe("a data centre without VMs", () => {
  const edge: Edge = { lab, dc: dataCenterOf("direct peering"), vms: [] };
  before(() => raised(edge));
  after(() => lowerEdge(edge));

  test("is announced while any of its hosts speaks with the gateway", async () => {
    await stopBird(edge, "h1", "SIGTERM");
    await until({ what: "h1 to have taken leave", timeout: 5000 }, async () => {
      const protocols = await askBird(edge, "gw1", "show protocols");
      return /host:h1 .*Established/.test(protocols) ? protocols : undefined;
    });
    assert.deepEqual(await ways(edge), [1, 1]);
    await stopBird(edge, "h2", "SIGTERM");
    await waysAre(edge, 0, 2000);
    startBird(edge, "h1");
    await waysAre(edge, 1, 20_000);
  });

  test("a gateway tells its hosts of a way out while its provider gives it one", async () => {
    const provider = (verb: string) =>
      must(["birdc", "-s", join(edge.lab.directory, "provider/bird.ctl"), verb, "'customer4:gw1'"], { timeout: 2000 });
    const outAre = (wanted: readonly Family[]) =>
      until({ what: `h1 to have ways out by IPv${wanted.join(" and ")}`, timeout: 20_000 }, async () => {
        const all = await Promise.all(([4, 6] as const).map((family) => kernelRoutes(machineNetns(edge.lab, "h1"), family)));
        const told = all.map((routes) => routes.some(({ dst, protocol }) => dst === "default" && protocol === "bird"));
        const families = ([4, 6] as const).filter((_, at) => told[at]);
        return families.join() === wanted.join() ? undefined : families.join();
      });
    await outAre([4, 6]);
    await provider("disable");
    await outAre([6]);
    await provider("enable");
    await outAre([4, 6]);
  });
});
