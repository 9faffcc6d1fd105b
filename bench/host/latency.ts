/**
 * From the API's answer to binding a port until its host has programmed it, read it back and reported it ACTIVE; and until the first
 * packet has come back from its VM to the outside, BGP included. On a host that is full already, with a large remote group.
 */
import { setTimeout as pause } from "node:timers/promises";
import { testNetns } from "#adapters/linux/test-name.real.ts";
import { ask } from "#lab/cloud.ts";
import { must, run } from "#lab/program.ts";
import { until } from "#lab/wait.ts";
import { atMost, quantile } from "../figure.ts";
import type { Bench } from "../figure.ts";
import { firstEcho, plugGuest } from "../guest.ts";
import { crowd, elementsHeld, HOST } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";

const LAB = "bench-latency";
const GUEST = testNetns("latency-guest");
const [ENDPOINTS, MEMBERS, TIMES] = [200, 10_000, 60];

export const latency: Bench = async (say, { times = TIMES }) => {
  await run(["ip", "netns", "del", GUEST]);
  const all = await crowd(LAB, ENDPOINTS, say);
  try {
    await all.members(MEMBERS);
    await until({ what: "the members to be known", timeout: 60_000, every: 200 }, async () => {
      const held = await elementsHeld(all.lab, `members4-${all.big}`);
      return held === MEMBERS ? undefined : `${held} are`;
    });
    const [active, echoed]: [number[], number[]] = [[], []];
    for (let at = 0; at < times; at++) {
      const one = await bound(all);
      active.push(one.active);
      echoed.push(one.echoed);
    }
    say(`ACTIVE after ${active.map((ms) => ms.toFixed(0)).join(" ")} ms`);
    say(`first packet after ${echoed.map((ms) => ms.toFixed(0)).join(" ")} ms`);
    const where = `${ENDPOINTS} endpoints, ${MEMBERS} members`;
    return [
      atMost(`bound port answered → ACTIVE, ${where}, p50`, quantile(active, 0.5), { limit: 40, unit: "ms" }),
      atMost(`bound port answered → ACTIVE, ${where}, p99`, quantile(active, 0.99), { limit: 150, unit: "ms" }),
      atMost(`bound port answered → first packet from outside, ${where}, p50`, quantile(echoed, 0.5), { limit: 100, unit: "ms" }),
      atMost(`bound port answered → first packet from outside, ${where}, p99`, quantile(echoed, 0.99), { limit: 300, unit: "ms" }),
    ];
  } finally {
    await run(["ip", "netns", "del", GUEST]);
    await all.end();
  }
};

/** Milliseconds from the answer. The VM is there and configured, so that nothing but Margay stands between it and the outside. */
async function bound(all: Crowd): Promise<{ readonly active: number; readonly echoed: number }> {
  const port = await all.outward();
  const address = port.fixed_ips.find(({ ip_address: ip }) => ip.includes("."))?.ip_address ?? "";
  await plugGuest({ lab: all.lab, host: HOST, guest: GUEST }, port, address);
  // The link's own coming is seen to: a VM's tap is there well before its port is bound, or well after.
  await pause(100);
  const binding = async () => {
    await all.bind(port);
    const answered = Date.now();
    while ((await all.status(port)) !== "ACTIVE") await pause(2);
    return { answered, active: Date.now() - answered };
  };
  const [echoed, { answered, active }] = await Promise.all([firstEcho(all.lab, address), binding()]);
  await ask(all.lab, { method: "DELETE", path: `/v2.0/ports/${port.id}` });
  await must(["ip", "netns", "del", GUEST]);
  await pause(50);
  return { active, echoed: echoed - answered };
}
