/**
 * From the API's answer to binding a port to the first packet that comes back from its VM: the agent has heard, the kernel and
 * the packet filter are programmed, BIRD has told the reflector and the gateway, and an echo has gone from outside to the VM and back.
 */
import { testNetns } from "#adapters/linux/test-name.real.ts";
import { ask } from "#lab/cloud.ts";
import type { CloudPort } from "#lab/cloud.ts";
import { down } from "#lab/down.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { must, run } from "#lab/program.ts";
import { raiseExample } from "#lab/raise.ts";
import { atMost, quantile } from "./figure.ts";
import type { Bench } from "./figure.ts";
import { firstEcho, plugGuest } from "./guest.ts";

const LAB = await ownLab("bench");
const TIMES = 25;
const HOST = "h1";
const GUEST = testNetns("guest");

export const port: Bench = async (say) => {
  // A benchmark that was cut short leaves both behind.
  await clear();
  await raiseExample(LAB, "guide");
  try {
    const group = await openGroup();
    const times: number[] = [];
    for (let at = 0; at < TIMES; at++) times.push(await firstPacket(group));
    say(times.map((ms) => ms.toFixed(0)).join(" "));
    return [
      atMost("bound port answered → first packet, median", quantile(times, 0.5), { limit: 300, unit: "ms" }),
      atMost("bound port answered → first packet, slowest", Math.max(...times), { limit: 1000, unit: "ms" }),
    ];
  } finally {
    await clear();
  }
};

async function clear(): Promise<void> {
  await down(LAB);
  await run(["ip", "netns", "del", GUEST]);
}

async function openGroup(): Promise<string> {
  const { security_group } = await post<{ security_group: { id: string } }>("security-groups", { security_group: { name: "ping" } });
  const rule = { security_group_id: security_group.id, direction: "ingress", protocol: "icmp" };
  await post("security-group-rules", { security_group_rule: rule });
  return security_group.id;
}

function post<T>(path: string, body: object): Promise<T> {
  return ask<T>(LAB, { method: "POST", path: `/v2.0/${path}`, body });
}

/** Milliseconds. The VM is there and configured, so that nothing but Margay stands between it and the outside. */
async function firstPacket(group: string): Promise<number> {
  const { networks } = await ask<{ networks: readonly { id: string }[] }>(LAB, { method: "GET", path: "/v2.0/networks?name=external" });
  const wish = { network_id: networks[0]?.id, security_groups: [group], device_owner: "compute:nova" };
  const { port: made } = await post<{ port: CloudPort }>("ports", { port: wish });
  const address = made.fixed_ips.find(({ ip_address }) => ip_address.includes("."))?.ip_address ?? "";
  await plugGuest({ lab: LAB, host: HOST, guest: GUEST }, made, address);
  const bound = async () => {
    await ask(LAB, { method: "PUT", path: `/v2.0/ports/${made.id}`, body: { port: { "binding:host_id": HOST } } });
    return Date.now();
  };
  const [echoed, answered] = await Promise.all([firstEcho(LAB, address), bound()]);
  await ask(LAB, { method: "DELETE", path: `/v2.0/ports/${made.id}` });
  await must(["ip", "netns", "del", GUEST]);
  return echoed - answered;
}
