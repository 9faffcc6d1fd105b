/**
 * From the API's answer to creating a port in a group until its address is in the packet filter of a host where hundreds of endpoints
 * name the group as their remote; with more and more members.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { machineNetns } from "#lab/place.ts";
import { inside } from "#lab/program.ts";
import { until } from "#lab/wait.ts";
import { atMost, quantile } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";
import { crowd, elementsHeld, HOST } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";

const LAB = "bench-members";
const [ENDPOINTS, TIMES] = [200, 60];
const COUNTS = [100, 10_000, 30_000];

export const members: Bench = async (say, { times = TIMES }) => {
  const all = await crowd(LAB, ENDPOINTS, say);
  const events = arrivals(all);
  try {
    const figures: Figure[] = [];
    let there = 0;
    for (const count of COUNTS) {
      await all.members(count - there);
      there = count;
      await until({ what: `${count} members to be in the filter`, timeout: 120_000, every: 500 }, () => lacking(all, there));
      const waits: number[] = [];
      for (let at = 0; at < times; at++, there++) waits.push(await joined(all, events));
      say(`${count} members: ${waits.map((ms) => ms.toFixed(0)).join(" ")} ms`);
      const what = `member added, ${ENDPOINTS} endpoints refer to its group of ${count}`;
      figures.push(atMost(`${what}, p50`, quantile(waits, 0.5), { limit: 150, unit: "ms" }));
      figures.push(atMost(`${what}, p99`, quantile(waits, 0.99), { limit: 150, unit: "ms" }));
    }
    return figures;
  } finally {
    events.end();
    await all.end();
  }
};

async function lacking(all: Crowd, count: number): Promise<string | undefined> {
  const held = await elementsHeld(all.lab, setOf(all));
  return held === count ? undefined : `${held} are`;
}

function setOf({ big }: Crowd): string {
  return `members4-${big}`;
}

/** Milliseconds. */
async function joined(all: Crowd, events: Arrivals): Promise<number> {
  const [port] = await all.members(1);
  const answered = Date.now();
  const came = await events.of(port?.fixed_ips[0]?.ip_address ?? "");
  await pause(20);
  return came - answered;
}

interface Arrivals {
  /** When the kernel told that this address is in the group's set, as of the epoch in ms; rejects after ten seconds. */
  of(address: string): Promise<number>;
  end(): void;
}

/** `nft monitor` prints what the kernel tells of each commit. */
function arrivals(all: Crowd): Arrivals {
  const argv = inside(machineNetns(all.lab, HOST), ["stdbuf", "-oL", "nft", "monitor", "new", "elements"]);
  const child = spawn(argv[0] ?? "", argv.slice(1), { stdio: ["ignore", "pipe", "ignore"] });
  const [seen, waiting] = [new Map<string, number>(), new Map<string, (at: number) => void>()];
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.includes(setOf(all))) return;
    for (const [address] of line.matchAll(/\d+\.\d+\.\d+\.\d+/g)) {
      seen.set(address, Date.now());
      waiting.get(address)?.(Date.now());
    }
  });
  return {
    of: (address) =>
      new Promise((resolve, reject) => {
        const known = seen.get(address);
        if (known !== undefined) return resolve(known);
        const late = setTimeout(() => reject(new Error(`${address} is not in the filter after 10 s`)), 10_000);
        waiting.set(address, (at) => {
          clearTimeout(late);
          resolve(at);
        });
      }),
    end: () => void child.kill(),
  };
}
