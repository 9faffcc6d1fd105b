/** Machines that are gone without a word: a gateway under traffic, and a host whose VM is started elsewhere. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import type { Ip } from "#core/net/address.ts";
import { addressAt } from "#core/net/prefix.ts";
import { watchNeighbours } from "#engine/neighbour-watch.ts";
import { fabricStands } from "#lab/fabric.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { machineNetns, vmNetns } from "#lab/place.ts";
import { inside, must, run } from "#lab/program.ts";
import { lowerEdge, raiseEdge, startBirds, configure, watchParts } from "#lab/provider-edge.ts";
import type { Edge } from "#lab/provider-edge.ts";
import { OUTSIDE, outsideHost } from "#lab/topology.ts";
import { until } from "#lab/wait.ts";
import { atMost } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";
import { wideCenter } from "./wide.ts";

const TIMES = 3;
const LAB = await ownLab("bench-deaths");

export const deaths: Bench = async (say, { times = TIMES }) => {
  const silences = { gateway: [] as number[], fresh: [] as number[], host: [] as number[] };
  for (let turn = 0; turn < times; turn++) {
    const gateway = await inEdge((edge) => gatewayDies(edge));
    const host = await inEdge((edge) => hostDies(edge));
    silences.gateway.push(gateway.flows);
    silences.fresh.push(gateway.fresh);
    silences.host.push(host);
    say(
      `a gateway died: flows ${gateway.flows.toFixed(0)} ms, new translated flows ${gateway.fresh.toFixed(0)} ms without an answer; ` +
        `a host died: ${host.toFixed(0)} ms`,
    );
  }
  const longest = (what: string, values: readonly number[], limit: number): Figure =>
    atMost(`${what}: longest without an answer, ${times} times`, Math.max(...values), { limit, unit: "ms" });
  return [
    longest("gateway killed under traffic, un-NATed flows", silences.gateway, 500),
    longest("gateway killed under traffic, new translated flows", silences.fresh, 500),
    longest("host killed, its address moved elsewhere at once", silences.host, 1000),
  ];
};

function edgeOf(dc: DataCenter): Edge {
  const ext = addressAt(dc.ranges.public ?? dc.lab.outside4, 10n);
  const int = addressAt(dc.ranges.private ?? dc.lab.outside4, 10n);
  return {
    lab: LAB,
    dc,
    vms: [
      { name: "ext", host: "h1", addresses: [ext] },
      { name: "int", host: "h2", addresses: [int] },
    ],
  };
}

/** What comes in by a gateway that is gone is the provider's to turn elsewhere: it speaks BFD, too. */
function answeredByProvider(dc: DataCenter): DataCenter {
  const { bfd } = dc.fabric;
  return { ...dc, gateways: dc.gateways.map((gateway) => ({ ...gateway, upstream: { ...gateway.upstream, ...(bfd && { bfd }) } })) };
}

async function inEdge<T>(work: (edge: Edge) => Promise<T>): Promise<T> {
  const edge = edgeOf(answeredByProvider(wideCenter(3)));
  await raiseEdge(edge);
  let watches: readonly (() => void)[] = [];
  try {
    startBirds(edge);
    watches = watchParts(edge, { info: () => {}, warn: () => {}, error: () => {} }).map(watchNeighbours);
    await fabricStands(LAB, edge.dc);
    const ext = edge.vms[0]?.addresses[0] ?? "";
    await until({ what: "the VM to answer", timeout: 20_000 }, async () => {
      const { status } = await run(inside(machineNetns(LAB, OUTSIDE.name), ["ping", "-n", "-c", "1", "-W", "1", ext]));
      return status === 0 ? undefined : "it does not";
    });
    // BFD comes up after BGP does.
    await pause(3000);
    return await work(edge);
  } finally {
    watches.forEach((end) => end());
    await lowerEdge(edge);
  }
}

/** All of its interfaces are gone at once: nobody hears from it any more. */
async function kill(machine: string): Promise<void> {
  const netns = machineNetns(LAB, machine);
  await must(["ip", "-n", netns, "-batch", "-"], { input: (await interfacesOf(netns)).map((dev) => `link set ${dev} down\n`).join("") });
}

async function interfacesOf(netns: string): Promise<readonly string[]> {
  const links = JSON.parse(await must(["ip", "-j", "-n", netns, "link", "show", "up"])) as { ifname: string }[];
  return links.map(({ ifname }) => ifname).filter((name) => /^(fab|wan)/.test(name));
}

async function gatewayDies({ dc, vms }: Edge): Promise<{ readonly flows: number; readonly fresh: number }> {
  const ext = vms[0]?.addresses[0] ?? ("" as Ip);
  const outside = outsideHost(dc.lab).ipv4;
  const ways = [
    answersOf(machineNetns(LAB, OUTSIDE.name), ["ping", "-n", "-D", "-i", "0.005", ext]),
    answersOf(vmNetns(LAB, "ext"), ["ping", "-n", "-D", "-i", "0.005", outside]),
    // To the provider's own far address, so that flows differ in more than their ports.
    answersOf(vmNetns(LAB, "int"), ["sh", "-c", freshFlows(outside)]),
  ];
  await pause(1000);
  await kill("gw1");
  await pause(2500);
  const [inward = 0, outward = 0, fresh = 0] = ways.map((way) => way.end());
  return { flows: Math.max(inward, outward), fresh };
}

/** Each asks by a socket of its own, so it is a flow of its own: `[time] bytes from`, as ping says it. */
function freshFlows(to: Ip): string {
  const one = `socat -t 0.4 - UDP:${to}:53`;
  return `while :; do (a=$(echo who | ${one} 2>/dev/null); [ -n "$a" ] && echo "[$(date +%s.%N)] 1 bytes from $a") & sleep 0.02; done`;
}

async function hostDies(edge: Edge): Promise<number> {
  const ext = edge.vms[0]?.addresses[0] ?? ("" as Ip);
  // The VM's disk is elsewhere: it is started on h3, which has it ready behind a tap of its own.
  const on = (host: string) => ({ ...edge, vms: edge.vms.map((vm) => (vm.name === "ext" ? { ...vm, host } : vm)) });
  await must(["ip", "netns", "add", vmNetns(LAB, "twin")]);
  const twin = vmNetns(LAB, "twin");
  const h3 = machineNetns(LAB, "h3");
  await must(["ip", "-batch", "-"], { input: `link add taptwin netns ${h3} type veth peer name eth0 netns ${twin}\n` });
  await must(["ip", "-n", h3, "-batch", "-"], { input: "link set taptwin up\naddr add 169.254.1.1/32 dev taptwin\n" });
  await must(["ip", "-n", twin, "-batch", "-"], {
    input: `link set eth0 up\naddr add ${ext}/32 dev eth0\nroute add 169.254.1.1 dev eth0\nroute add default via 169.254.1.1\n`,
  });
  try {
    const way = answersOf(machineNetns(LAB, OUTSIDE.name), ["ping", "-n", "-D", "-i", "0.005", ext]);
    await pause(1000);
    await kill("h1");
    // What the controller and the agent of h3 do for a port that is bound there.
    await Promise.all([
      ...["rr1", "rr2"].map((name) => configure(on("h3"), name)),
      must(["ip", "-n", h3, "route", "add", `${ext}/32`, "dev", "taptwin", "proto", String(MARGAY_PROTOCOL), "metric", "1023"]),
    ]);
    await pause(3000);
    return way.end();
  } finally {
    await run(["ip", "netns", "del", twin]);
  }
}

/** Hears when something answers; its end gives the longest time between two answers, in milliseconds. */
function answersOf(netns: string, argv: readonly string[]): { end(): number } {
  const [program = "", ...words] = inside(netns, ["stdbuf", "-oL", ...argv]);
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const answers: number[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const stamp = /^\[(\d+\.\d+)\] \d+ bytes from /.exec(line)?.[1];
    if (stamp !== undefined) answers.push(Number(stamp) * 1000);
  });
  return {
    end: () => {
      process.kill(-(child.pid ?? 0), "SIGKILL");
      const end = Date.now();
      const sorted = answers.toSorted((one, other) => one - other);
      if (sorted.length < 50) throw new Error(`${argv.join(" ")}: ${sorted.length} answers`);
      return Math.max(...[...sorted, end].slice(1).map((at, before) => at - (sorted[before] ?? at)));
    },
  };
}
