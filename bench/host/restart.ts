/**
 * An agent that starts on a host where nothing is programmed, and one that is killed and finds everything as it should be: how long
 * until all stands, what it writes to the kernel, and how much memory it takes.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { agentName } from "#lab/margay.ts";
import { machineNetns } from "#lab/place.ts";
import { inside, must } from "#lab/program.ts";
import { killService, logFile, runningService } from "#lab/service.ts";
import { startAgent } from "#lab/standing.ts";
import { until } from "#lab/wait.ts";
import { atMost } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";
import { crowd, elementsHeld, HOST, missing } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";

const LAB = "bench-restart";
const [ENDPOINTS, MEMBERS] = [500, 30_000];

export const restart: Bench = async (say) => {
  const all = await crowd(LAB, ENDPOINTS, say);
  try {
    await all.members(MEMBERS);
    await until({ what: "the members to be known", timeout: 120_000, every: 500 }, () => lacking(all));
    await pause(2000);
    const what = `${ENDPOINTS} endpoints, ${MEMBERS} members`;
    const adopted = await adopting(all);
    say(`adopting: ${adopted.ms.toFixed(0)} ms; ${adopted.writes.slice(0, 5).join("; ")}`);
    const cold = await starting(all);
    await until({ what: "the members to be known again", timeout: 120_000, every: 500 }, () => lacking(all));
    return [
      atMost(`agent killed and started, ${what}: until all is known to stand`, adopted.ms, { limit: 1000, unit: "ms" }),
      atMost(`agent killed and started, ${what}: writes to the kernel`, adopted.writes.length, { limit: 0, unit: "writes" }),
      atMost(`agent started on a host that holds nothing, ${what}: until all stands`, cold, { limit: 2000, unit: "ms" }),
      ...(await memory(all, what)),
    ];
  } finally {
    await all.end();
  }
};

async function lacking(all: Crowd): Promise<string | undefined> {
  const held = await elementsHeld(all.lab, `members4-${all.big}`);
  return held === MEMBERS ? undefined : `${held} are`;
}

/** Milliseconds from the start of the process until it says that all endpoints are up. */
async function started({ lab }: Crowd): Promise<number> {
  const begun = performance.now();
  startAgent(lab, HOST);
  await until({ what: "all to be up again", timeout: 60_000, every: 10 }, () => missing(lab, ENDPOINTS));
  return performance.now() - begun;
}

/** What the kernel tells of writes meanwhile: to tables of ours, routes of ours, permanent neighbours. */
async function adopting(all: Crowd): Promise<{ readonly ms: number; readonly writes: readonly string[] }> {
  const writes: string[] = [];
  const watches = [
    { argv: ["nft", "monitor"], ours: /margay/ },
    { argv: ["ip", "monitor", "route"], ours: /proto 88/ },
    { argv: ["ip", "monitor", "neigh"], ours: /PERMANENT/ },
  ].map(({ argv, ours }) => {
    const [program = "", ...words] = inside(machineNetns(all.lab, HOST), ["stdbuf", "-oL", ...argv]);
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "ignore"] });
    createInterface({ input: child.stdout }).on("line", (line) => ours.test(line) && writes.push(line));
    return child;
  });
  // They read all that is there before they listen.
  await pause(3000);
  await killService(all.lab, agentName(HOST));
  const ms = await started(all);
  await pause(1000);
  for (const child of watches) child.kill();
  return { ms, writes };
}

/** As after a boot, but for the taps. */
async function starting(all: Crowd): Promise<number> {
  await killService(all.lab, agentName(HOST));
  const words = [
    "nft delete table inet margay",
    "nft delete table arp margay",
    "ip route flush proto 88",
    "ip -6 route flush proto 88",
    "ip neigh flush nud permanent",
    "for link in $(ip -o link show | grep -o 'margay[^:@ ]*'); do ip link del $link; done",
  ];
  await must(inside(machineNetns(all.lab, HOST), ["sh", "-c", words.join("; ")]), { timeout: 30_000 });
  return started(all);
}

async function memory({ lab }: Crowd, what: string): Promise<Figure[]> {
  // What the start took beyond that is given back.
  await pause(15_000);
  const running = runningService(lab, agentName(HOST));
  if (running === undefined)
    throw new Error(`the agent of ${HOST} does not run: ${readFileSync(logFile(lab, agentName(HOST)), "utf8").slice(-500)}`);
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${running.pid}/status`, "utf8"))?.[1]);
  return [atMost(`agent, ${what}: RSS`, kilobytes / 1024, { limit: 200, unit: "MB" })];
}
