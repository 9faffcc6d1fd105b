/** How fast the fabric learns: ten thousand routes from nothing, one more, and a new configuration that concerns nobody's session. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import type { Machine } from "#core/datacenter/data-center.ts";
import type { Ip } from "#core/net/address.ts";
import { bgpConnections } from "#lab/fabric.ts";
import { machineNetns } from "#lab/place.ts";
import { inside, must } from "#lab/program.ts";
import { lowerEdge, startBirds, stateOf, configure } from "#lab/provider-edge.ts";
import type { Edge } from "#lab/provider-edge.ts";
import { until } from "#lab/wait.ts";
import { atMost, quantile } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";
import { EACH, HOSTS, raiseWide, spareOf, TAP } from "./wide.ts";

const TIMES = 60;

export const routes: Bench = async (say, { times = TIMES }) => {
  const edge = await raiseWide();
  try {
    return [await cold(edge, say), ...(await oneMore(edge, times, say)), ...(await reconfigured(edge, say))];
  } finally {
    await lowerEdge(edge);
  }
};

/** From the start of all BIRDs at once until both gateways' kernels hold every route. */
async function cold(edge: Edge, say: (line: string) => void): Promise<Figure> {
  const all = HOSTS * EACH;
  apart(edge);
  const from = performance.now();
  startBirds(edge);
  await held(edge, edge.dc.gateways, all);
  const seconds = (performance.now() - from) / 1000;
  say(`${all} routes are in both gateways' kernels ${seconds.toFixed(2)} s after ${HOSTS + 4} BIRDs have been started`);
  const what = `${all} host routes from ${HOSTS} hosts through two reflectors into two gateways' kernels, cold`;
  return atMost(what, seconds, { limit: 5, unit: "s" });
}

/**
 * Fifty hosts are fifty machines, and what their kernels do with ten thousand routes each is not the gateways' time. Here all share two
 * cores: so hosts hear everything, but do not put it into their kernels yet.
 */
function apart({ lab, dc }: Edge): void {
  for (const { name } of dc.hosts) {
    const path = join(stateOf(lab, name), "bird/bird.conf");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/(protocol kernel [^]*?)export where source = RTS_BGP;/g, "$1export none;"));
  }
}

/** Now they do; how long that takes on these cores is no figure of the fabric. */
async function together(edge: Edge, say: (line: string) => void): Promise<void> {
  const from = performance.now();
  for (const { name } of edge.dc.hosts) await configure(edge, name);
  await held(edge, edge.dc.hosts, (HOSTS - 1) * EACH);
  say(`the kernels of all ${HOSTS} hosts hold them as well after ${((performance.now() - from) / 1000).toFixed(1)} s`);
}

async function held(edge: Edge, machines: readonly Machine[], all: number): Promise<void> {
  await until({ what: "all routes to be known", timeout: 120_000, every: 100 }, async () => {
    for (const { name } of machines) {
      const count = await heldAt(edge, name);
      if (count < all) return `${name} holds ${count}`;
    }
    return undefined;
  });
}

/** Single addresses that BIRD has put into a machine's kernel. */
async function heldAt({ lab }: Edge, machine: string): Promise<number> {
  const text = await must(["ip", "-4", "-n", machineNetns(lab, machine), "route", "show", "proto", "bird"]);
  return text.match(/^10\.65\.\S+ via/gm)?.length ?? 0;
}

async function oneMore(edge: Edge, times: number, say: (line: string) => void): Promise<readonly Figure[]> {
  await together(edge, say);
  const took: number[] = [];
  for (let turn = 0; turn < times; turn++) {
    const at = turn % HOSTS;
    took.push(await learned(edge, `h${at + 1}`, spareOf(edge.dc, at, Math.floor(turn / HOSTS))));
  }
  say(`a new route was in the gateway's kernel after ${took.map((ms) => ms.toFixed(0)).join(" ")} ms`);
  return [
    atMost("one new route: host's kernel → gateway's kernel, p50", quantile(took, 0.5), { limit: 30, unit: "ms" }),
    atMost("one new route: host's kernel → gateway's kernel, p99", quantile(took, 0.99), { limit: 150, unit: "ms" }),
  ];
}

/** Milliseconds from the order to add it, to the kernel of gw1 saying that it has it. */
async function learned({ lab }: Edge, host: string, ip: Ip): Promise<number> {
  const [program = "", ...words] = inside(machineNetns(lab, "gw1"), ["stdbuf", "-oL", "ip", "-4", "monitor", "route"]);
  const monitor = spawn(program, words, { stdio: ["ignore", "pipe", "ignore"], timeout: 10_000 });
  const lines = createInterface({ input: monitor.stdout });
  const heard = new Promise<number>((resolve, reject) => {
    lines.on("line", (line) => line.startsWith(`${ip} `) && resolve(performance.now()));
    monitor.on("close", () => reject(new Error(`gw1 did not hear of ${ip} within 10 s`)));
  });
  // It listens before the route is added: nothing tells that it does.
  await pause(100);
  const from = performance.now();
  await must([
    "ip",
    "-n",
    machineNetns(lab, host),
    "route",
    "add",
    `${ip}/32`,
    "dev",
    TAP,
    "proto",
    String(MARGAY_PROTOCOL),
    "metric",
    "1024",
  ]);
  const ms = (await heard) - from;
  monitor.kill();
  return ms;
}

/** A host more in the file is a session more for the reflectors: all others stay, and so do packets between them. */
async function reconfigured(edge: Edge, say: (line: string) => void): Promise<readonly Figure[]> {
  const { lab, dc } = edge;
  const connections = async () => (await Promise.all(["rr1", "rr2"].map((name) => bgpConnections(lab, name)))).flat();
  const before = await connections();
  const silent = must(inside(machineNetns(lab, "gw1"), ["ping", "-n", "-q", "-i", "0.005", "-c", "600", dc.hosts[0]?.ipv4 ?? ""]), {
    timeout: 20_000,
  });
  await pause(500);
  const more = { ...dc, hosts: [...dc.hosts, { name: "h99", ipv4: "192.168.100.199" as Ip, ipv6: "2001:db8:a41:f::199" as Ip }] };
  for (const name of ["rr1", "rr2"]) await configure({ ...edge, dc: more }, name);
  const lost = 600 - Number(/(\d+) received/.exec(await silent)?.[1] ?? 0);
  const after = new Set(await connections());
  const reset = before.filter((connection) => !after.has(connection));
  say(`a session more at both reflectors: ${lost} of 600 packets lost, of ${before.length} sessions ${reset.length} began anew`);
  return [
    atMost("reconfiguration that changes nothing for a session: packets lost", lost, { limit: 0, unit: "" }),
    atMost("reconfiguration that changes nothing for a session: sessions that began anew", reset.length, { limit: 0, unit: "" }),
  ];
}
