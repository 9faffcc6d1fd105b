/** With reflectors between: who is gone is noticed by BFD, and who only starts anew is not taken for gone. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fakeLog } from "#contracts/log.fake.ts";
import { dataCenterOf } from "#core/intent/bgp-variants.ts";
import { addressAt } from "#core/net/prefix.ts";
import { watchNeighbours } from "#engine/neighbour-watch.ts";
import { fabricStands } from "./fabric.ts";
import { kernelRoutes } from "./kernel-routes.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { inside, must, run } from "./program.ts";
import { askBfd, askBird, killBfd, lowerEdge, raiseEdge, startBird, startBirds, stopBird, watchParts } from "./provider-edge.ts";
import { outsideHost } from "./topology.ts";
import { until } from "./wait.ts";

const lab = await ownLab("bfd");
const at = (machine: string) => machineNetns(lab, machine);
const declared = dataCenterOf("two of everything");
const bfd = declared.fabric.bfd ?? assert.fail();
const dc = { ...declared, gateways: declared.gateways.map((gateway) => ({ ...gateway, upstream: { ...gateway.upstream, bfd } })) };
const EXT = Array.from({ length: 8 }, (_, at) => addressAt(dc.ranges.public ?? dc.lab.outside4, BigInt(10 + at)));
const [FIRST = assert.fail()] = EXT;
const edge = { lab, dc, vms: [{ name: "ext", host: "h1", addresses: EXT }] };
const FABRIC = dc.fabric.interface;

async function leadsTo(machine: string, dst: string): Promise<number> {
  const found = (await kernelRoutes(at(machine), 4)).filter((route) => route.dst === dst && route.type === undefined);
  return found.reduce((ways, { nexthops }) => ways + (nexthops?.length ?? 1), 0);
}

/** All that R1, R2 and the two hosts watch by BFD is up. */
async function watched(): Promise<void> {
  await until({ what: "BFD to be up", timeout: 15_000 }, async () => {
    const all = await Promise.all(["rr1", "rr2"].map((name) => askBfd(edge, name)));
    const ups = all.map((text) => text.match(/ Up /g)?.length ?? 0);
    return ups.every((up) => up === 5) ? undefined : all.join("\n");
  });
}

/** Takes the machine's cable out, and answers after how many milliseconds `left` holds. */
async function gone(machine: string, left: () => Promise<boolean>): Promise<number> {
  const from = performance.now();
  await must(["ip", "-n", at(machine), "link", "set", FABRIC, "down"]);
  await until({ what: `${machine} to be left`, timeout: 5000, every: 10 }, async () => ((await left()) ? undefined : "it is not"));
  return Math.round(performance.now() - from);
}

describe("two reflectors, two gateways, two hosts", () => {
  let watches: readonly (() => void)[] = [];
  before(async () => {
    await raiseEdge(edge);
    startBirds(edge);
    watches = watchParts(edge, fakeLog()).map(watchNeighbours);
    await fabricStands(lab, dc);
    await until({ what: "the VM to be known", timeout: 10_000 }, async () =>
      (await leadsTo("gw1", FIRST)) + (await leadsTo("gw2", FIRST)) === 2 ? undefined : "it is not",
    );
    await watched();
  });
  after(async () => {
    watches.forEach((end) => end());
    await lowerEdge(edge);
  });

  test("BIRDs that crash, and are away for longer than BFD waits, lose no route", async () => {
    await Promise.all([stopBird(edge, "h1", "SIGKILL"), killBfd(edge, "h1")]);
    const end = Date.now() + 1500;
    while (Date.now() < end) for (const name of ["gw1", "gw2", "h2"]) assert.equal(await leadsTo(name, FIRST), 1, name);
    startBird(edge, "h1");
    await until({ what: "h1 to have told its routes again", timeout: 10_000 }, async () => {
      const protocols = await askBird(edge, "h1", "show protocols all").catch(String);
      return protocols.includes("GR recovery") || (protocols.match(/Established/g)?.length ?? 0) < 2 ? protocols : undefined;
    });
    for (const name of ["gw1", "gw2", "h2"]) assert.equal(await leadsTo(name, FIRST), 1, name);
    await watched();
  });

  test("a host that is gone is out of every table within a second", async (t) => {
    const machines = ["gw1", "gw2", "h2"];
    const took = await gone("h1", async () =>
      (await Promise.all(machines.map((name) => leadsTo(name, FIRST)))).every((ways) => ways === 0),
    );
    t.diagnostic(`after ${took} ms`);
    assert.ok(took < 1000, `${took} ms`);
    await must(["ip", "-n", at("h1"), "link", "set", FABRIC, "up"]);
    await until({ what: "h1 to be back", timeout: 20_000 }, async () =>
      (await leadsTo("gw1", FIRST)) === 1 && (await leadsTo("h1", "default")) === 2 ? undefined : "it is not",
    );
    await watched();
  });

  test("a gateway that is gone under traffic is left by hosts and outside: flows go on within half a second", async (t) => {
    for (const name of ["h1", "h2"]) assert.equal(await leadsTo(name, "default"), 2, name);
    const outside = outsideHost(dc.lab).ipv4;
    // As many flows as have to be sure that some go by each gateway, both ways.
    const all = Promise.all(EXT.map((source) => run(inside(vmNetns(lab, "ext"), pinging(source, outside)), { timeout: 10_000 })));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (const link of [FABRIC, "wan0"]) await must(["ip", "-n", at("gw1"), "link", "set", link, "down"]);
    const gaps = (await all).map(({ stdout }) => longestGap(stdout));
    t.diagnostic(`longest gaps: ${gaps.toSorted((one, other) => other - one).join(", ")} ms`);
    assert.ok(Math.max(...gaps) > 150, "none of them went by gw1");
    assert.ok(Math.max(...gaps) < 700, `${Math.max(...gaps)} ms`);
    for (const link of [FABRIC, "wan0"]) await must(["ip", "-n", at("gw1"), "link", "set", link, "up"]);
    await back();
  });

  test("a gateway that is cut off from the fabric alone is left by the outside too, and taken up again", async (t) => {
    const aggregate = dc.ranges.public ?? assert.fail();
    assert.equal(await leadsTo("provider", aggregate), 2);
    t.diagnostic(`after ${await gone("gw1", async () => (await leadsTo("provider", aggregate)) === 1)} ms`);
    await must(["ip", "-n", at("gw1"), "link", "set", FABRIC, "up"]);
    await back();
  });
});

/** 20 a second, for four seconds. */
function pinging(source: string, to: string): string[] {
  return ["ping", "-n", "-D", "-i", "0.05", "-c", "80", "-W", "1", "-I", source, to];
}

/** Milliseconds between two answers. */
function longestGap(output: string): number {
  const times = [...output.matchAll(/^\[(\d+\.\d+)\]/gm)].map((match) => Number(match[1]) * 1000);
  return Math.round(Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time))));
}

/** All hosts go out by both gateways, and the outside comes in by both. */
async function back(): Promise<void> {
  await until({ what: "both gateways to be used again", timeout: 20_000 }, async () => {
    const ways = [await leadsTo("h1", "default"), await leadsTo("h2", "default"), await leadsTo("provider", dc.ranges.public ?? "")];
    return ways.every((way) => way === 2) ? undefined : ways.join();
  });
  await watched();
}
