/** For how long an address does not answer the outside, and what it takes to answer at all. */
import { ask } from "#lab/cloud.ts";
import type { Lab } from "#lab/place.ts";
import { machineNetns } from "#lab/place.ts";
import { inside, run } from "#lab/program.ts";
import { OUTSIDE } from "#lab/topology.ts";
import { until } from "#lab/wait.ts";

export const PROBE_MS = 5;
const SPAN_MS = 4000;

/** A security group that lets echo requests in, of both families; its id. */
export async function openGroup(lab: Lab): Promise<string> {
  const post = <T>(path: string, body: object) => ask<T>(lab, { method: "POST", path: `/v2.0/${path}`, body });
  const { security_group: group } = await post<{ security_group: { id: string } }>("security-groups", { security_group: { name: "ping" } });
  for (const ethertype of ["IPv4", "IPv6"])
    await post("security-group-rules", {
      security_group_rule: { security_group_id: group.id, direction: "ingress", ethertype, protocol: "icmp" },
    });
  return group.id;
}

export async function untilAnswered(lab: Lab, ip: string): Promise<void> {
  await until({ what: `an answer from ${ip}`, timeout: 20_000 }, async () => {
    const { status } = await run(inside(machineNetns(lab, OUTSIDE.name), ["ping", "-n", "-c", "1", "-W", "1", ip]));
    return status === 0 ? undefined : "there is none";
  });
}

/** Between two answers that come one after the other, in milliseconds, within four seconds of probes. */
export async function longestSilence(lab: Lab, ip: string): Promise<number> {
  const argv = ["ping", "-n", "-D", "-i", String(PROBE_MS / 1000), "-c", String(SPAN_MS / PROBE_MS), "-W", "1", ip];
  const { stdout } = await run(inside(machineNetns(lab, OUTSIDE.name), argv), { timeout: 30_000 });
  const answers = [...stdout.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from /gm)].map((match) => Number(match[1]) * 1000);
  if (answers.length < 100) throw new Error(`${ip} answered ${answers.length} times`);
  return Math.max(...answers.slice(1).map((at, before) => at - (answers[before] ?? at)));
}
