/**
 * From the API's answer to binding a port to the first packet that comes back from its VM: the agent has heard, the kernel and
 * the packet filter are programmed, BIRD has told the reflector and the gateway, and an echo has gone from outside to the VM and back.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ask } from "#lab/cloud.ts";
import type { CloudPort } from "#lab/cloud.ts";
import { down } from "#lab/down.ts";
import { tapOf } from "#lab/nova.ts";
import { machineNetns, labNamed } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { inside, must, run } from "#lab/program.ts";
import { raiseExample } from "#lab/raise.ts";
import { OUTSIDE } from "#lab/topology.ts";
import { hostSideMac, readMac } from "#core/net/mac.ts";
import { atMost, quantile } from "./figure.ts";
import type { Bench } from "./figure.ts";

const LAB = labNamed("bench");
const TIMES = 25;
const HOST = "h1";
const GUEST = "mg-bench-guest";

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
  await plugGuest(LAB, made, address);
  const bound = async () => {
    await ask(LAB, { method: "PUT", path: `/v2.0/ports/${made.id}`, body: { port: { "binding:host_id": HOST } } });
    return Date.now();
  };
  const [echoed, answered] = await Promise.all([waitForEcho(address), bound()]);
  await ask(LAB, { method: "DELETE", path: `/v2.0/ports/${made.id}` });
  await must(["ip", "netns", "del", GUEST]);
  return echoed - answered;
}

async function plugGuest(lab: Lab, made: CloudPort, address: string): Promise<void> {
  const mac = readMac(made.mac_address);
  if (mac === undefined) throw new Error(`no MAC: ${made.mac_address}`);
  const tap = tapOf(made.id);
  const host = machineNetns(lab, HOST);
  const batch = [
    `netns add ${GUEST}`,
    `link add ${tap} netns ${host} address ${hostSideMac(mac)} type veth peer name eth0 netns ${GUEST} address ${mac}`,
    "",
  ];
  await must(["ip", "-batch", "-"], { input: batch.join("\n") });
  // The guest knows its router's MAC: how long its own kernel takes to ask for it is not ours.
  const guest = [
    "link set eth0 up",
    `addr add ${address}/32 dev eth0`,
    "route add 169.254.1.1 dev eth0",
    "route add default via 169.254.1.1",
    `neigh replace 169.254.1.1 lladdr ${hostSideMac(mac)} dev eth0 nud permanent`,
    "",
  ];
  await must(["ip", "-n", GUEST, "-batch", "-"], { input: guest.join("\n") });
  await must(["ip", "-n", host, "link", "set", tap, "up"]);
}

/** When the first echo reply came, as of the epoch in ms. Asks every 5 ms, for 10 s at the most. */
function waitForEcho(address: string): Promise<number> {
  const argv = inside(machineNetns(LAB, OUTSIDE.name), ["stdbuf", "-oL", "ping", "-n", "-D", "-i", "0.005", address]);
  const child = spawn(argv[0] ?? "", argv.slice(1), { stdio: ["ignore", "pipe", "ignore"], timeout: 10_000 });
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const stamp = /^\[(\d+\.\d+)\] \d+ bytes from/.exec(line)?.[1];
      if (stamp === undefined) return;
      resolve(Number(stamp) * 1000);
      child.kill();
    });
    child.on("close", () => reject(new Error(`no echo from ${address} within 10 s`)));
  });
}
