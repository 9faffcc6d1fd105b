/** Live migration: for how long nobody answers for a VM that moves, as seen from the outside. */
import { ask } from "#lab/cloud.ts";
import type { CloudPort } from "#lab/cloud.ts";
import { down } from "#lab/down.ts";
import { migration } from "#lab/migration.ts";
import type { Way } from "#lab/migration.ts";
import { movingGuest } from "#lab/moving-guest.ts";
import { untilActive } from "#lab/nova.ts";
import { labNamed, machineNetns } from "#lab/place.ts";
import { inside, run } from "#lab/program.ts";
import { raiseExample } from "#lab/raise.ts";
import { OUTSIDE } from "#lab/topology.ts";
import { until } from "#lab/wait.ts";
import { atMost, quantile } from "../figure.ts";
import type { Bench } from "../figure.ts";

const LAB = labNamed("bench-moves");
const MOVES = 10;
const PROBE_MS = 5;
const LIMIT_MS = 100;

export const migrations: Bench = async (say, { times = MOVES }) => {
  await raiseExample(LAB, "guide");
  const port = await openPort();
  const guest = await movingGuest(LAB, port);
  try {
    const nova = migration(LAB, port, guest);
    await guest.plug("h1");
    await guest.run("h1");
    await untilActive(LAB, port.id);
    const ips = port.fixed_ips.map(({ ip_address: ip }) => ip);
    for (const ip of ips) await until({ what: `an answer from ${ip}`, timeout: 20_000 }, () => unanswered(ip));
    const gaps: { readonly ip: string; readonly ms: number }[] = [];
    for (let move = 0; move < times; move++) {
      const way = move % 2 === 0 ? { from: "h1", to: "h2" } : { from: "h2", to: "h1" };
      await nova.prepare(way);
      const seen = await Promise.all([...ips.map(longestSilence), moved(way)]);
      gaps.push(...ips.map((ip, at) => ({ ip, ms: Number(seen[at]) })));
      say(`${way.from} -> ${way.to}: ${gaps.slice(-ips.length).map(({ ip, ms }) => `${ip} ${ms.toFixed(0)} ms`)}`);
      await nova.complete(way);
      await untilActive(LAB, port.id);
    }
    return [4, 6].flatMap((family) => {
      const all = gaps.filter(({ ip }) => ip.includes(":") === (family === 6)).map(({ ms }) => ms);
      const what = `live migration, IPv${family}: time without an answer, ${PROBE_MS} ms probes, ${all.length} moves`;
      return [
        atMost(`${what}, p50`, quantile(all, 0.5), { limit: LIMIT_MS, unit: "ms" }),
        atMost(`${what}, longest`, Math.max(...all), { limit: LIMIT_MS, unit: "ms" }),
      ];
    });
  } finally {
    await guest.end();
    await down(LAB);
  }

  async function moved({ to }: Way): Promise<undefined> {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await guest.run(to);
  }
};

async function openPort(): Promise<CloudPort> {
  const post = <T>(path: string, body: object) => ask<T>(LAB, { method: "POST", path: `/v2.0/${path}`, body });
  const { security_group: group } = await post<{ security_group: { id: string } }>("security-groups", { security_group: { name: "ping" } });
  for (const ethertype of ["IPv4", "IPv6"])
    await post("security-group-rules", {
      security_group_rule: { security_group_id: group.id, direction: "ingress", ethertype, protocol: "icmp" },
    });
  const { networks } = await ask<{ networks: readonly { id: string }[] }>(LAB, { method: "GET", path: "/v2.0/networks?name=external" });
  const wish = { network_id: networks[0]?.id, security_groups: [group.id], device_owner: "compute:nova", "binding:host_id": "h1" };
  return (await post<{ port: CloudPort }>("ports", { port: wish })).port;
}

async function unanswered(ip: string): Promise<string | undefined> {
  const { status } = await run(inside(machineNetns(LAB, OUTSIDE.name), ["ping", "-n", "-c", "1", "-W", "1", ip]));
  return status === 0 ? undefined : "there is none";
}

/** Between two answers that come one after the other, in milliseconds. */
async function longestSilence(ip: string): Promise<number> {
  const argv = ["ping", "-n", "-D", "-i", String(PROBE_MS / 1000), "-c", String(4000 / PROBE_MS), "-W", "1", ip];
  const { stdout } = await run(inside(machineNetns(LAB, OUTSIDE.name), argv), { timeout: 30_000 });
  const answers = [...stdout.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from /gm)].map((match) => Number(match[1]) * 1000);
  if (answers.length < 100) throw new Error(`${ip} answered ${answers.length} times`);
  return Math.max(...answers.slice(1).map((at, before) => at - (answers[before] ?? at)));
}
