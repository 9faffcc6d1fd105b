/** An agent that is killed and started again under traffic, and one that has nothing to do. */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { agentName } from "#lab/margay.ts";
import { down } from "#lab/down.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { machineNetns } from "#lab/place.ts";
import { inside, run } from "#lab/program.ts";
import { raiseExample } from "#lab/raise.ts";
import { killService, runningService } from "#lab/service.ts";
import { startAgent, stopAgent } from "#lab/standing.ts";
import { OUTSIDE } from "#lab/topology.ts";
import { setStage } from "#lab/verify/stage.ts";
import { atMost } from "./figure.ts";
import type { Bench, Figure } from "./figure.ts";

const LAB = await ownLab("bench");
const HOST = "h1";
/** Three drift rounds and more. */
const IDLE_SECONDS = 40;
/** Linux counts CPU time in these (USER_HZ). */
const TICKS_PER_SECOND = 100;

export const agent: Bench = async (say) => {
  const center = await raiseExample(LAB, "guide");
  try {
    const stage = await setStage(LAB, center, say);
    for (const witness of stage.witnesses.values()) witness.end();
    const target = stage.external.find(({ host }) => host === HOST)?.ips[4] ?? "";
    return [await lostOn("killed and started", target, killed), await lostOn("stopped and started", target, stopped), ...(await idle())];
  } finally {
    await down(LAB);
  }
};

/** Echo requests every 10 ms for 6 s, while the agent goes and comes. */
async function lostOn(what: string, target: string, restart: () => Promise<void>): Promise<Figure> {
  const argv = ["ping", "-n", "-q", "-i", "0.01", "-c", "600", "-W", "1", target];
  const pinging = run(inside(machineNetns(LAB, OUTSIDE.name), argv), { timeout: 20_000 });
  await pause(500);
  await restart();
  const { stdout } = await pinging;
  const [, sent = "0", received = "0"] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  if (Number(sent) === 0) throw new Error(`nothing was sent: ${stdout}`);
  return atMost(`agent ${what}: lost of ${sent} packets at 10 ms`, Number(sent) - Number(received), { limit: 0, unit: "packets" });
}

async function killed(): Promise<void> {
  await killService(LAB, agentName(HOST));
  startAgent(LAB, HOST);
}

async function stopped(): Promise<void> {
  await stopAgent(LAB, HOST);
  startAgent(LAB, HOST);
}

async function idle(): Promise<Figure[]> {
  // What its start took is given back by then.
  await pause(16_000);
  const { pid } = agentProcess();
  const before = cpuTicks(pid);
  await pause(IDLE_SECONDS * 1000);
  const share = ((cpuTicks(pid) - before) / TICKS_PER_SECOND / IDLE_SECONDS) * 100;
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  return [
    atMost("idle agent, CPU (its programs included)", share, { limit: 1, unit: "%" }),
    atMost("idle agent, RSS", kilobytes / 1024, { limit: 120, unit: "MB" }),
  ];
}

function agentProcess(): { readonly pid: number } {
  const running = runningService(LAB, agentName(HOST));
  if (running === undefined) throw new Error(`the agent of ${HOST} does not run`);
  return running;
}

/** Its own and that of the programs it has run and waited for (proc(5): utime, stime, cutime, cstime). */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}
