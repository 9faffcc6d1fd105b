/** Live migration: for how long nobody answers for a VM that moves, as seen from the outside. */
import { ask } from "#lab/cloud.ts";
import type { CloudPort } from "#lab/cloud.ts";
import { down } from "#lab/down.ts";
import { migration } from "#lab/migration.ts";
import type { Way } from "#lab/migration.ts";
import { movingGuest } from "#lab/moving-guest.ts";
import { untilActive } from "#lab/nova.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { raiseExample } from "#lab/raise.ts";
import { atMost, quantile } from "../figure.ts";
import type { Bench } from "../figure.ts";
import { longestSilence, openGroup, PROBE_MS, untilAnswered } from "./silence.ts";

const LAB = await ownLab("bench-moves");
const MOVES = 10;
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
    for (const ip of ips) await untilAnswered(LAB, ip);
    const gaps: { readonly ip: string; readonly ms: number }[] = [];
    for (let move = 0; move < times; move++) {
      const way = move % 2 === 0 ? { from: "h1", to: "h2" } : { from: "h2", to: "h1" };
      await nova.prepare(way);
      const seen = await Promise.all([...ips.map((ip) => longestSilence(LAB, ip)), moved(way)]);
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
  const { networks } = await ask<{ networks: readonly { id: string }[] }>(LAB, { method: "GET", path: "/v2.0/networks?name=external" });
  const wish = {
    network_id: networks[0]?.id,
    security_groups: [await openGroup(LAB)],
    device_owner: "compute:nova",
    "binding:host_id": "h1",
  };
  return (await ask<{ port: CloudPort }>(LAB, { method: "POST", path: "/v2.0/ports", body: { port: wish } })).port;
}
