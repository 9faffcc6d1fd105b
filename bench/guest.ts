/** A guest in a namespace behind a tap, and who asks for it from outside. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { CloudPort } from "#lab/cloud.ts";
import { tapOf } from "#lab/nova.ts";
import { machineNetns } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { inside, must } from "#lab/program.ts";
import { OUTSIDE } from "#lab/topology.ts";
import { hostSideMac, readMac } from "#core/net/mac.ts";

export interface Place {
  readonly lab: Lab;
  readonly host: string;
  /** The guest's namespace; made here. */
  readonly guest: string;
}

/** A guest behind the tap of a port, configured, with its link up. */
export async function plugGuest({ lab, host: machine, guest: netns }: Place, made: CloudPort, address: string): Promise<void> {
  const mac = readMac(made.mac_address);
  if (mac === undefined) throw new Error(`no MAC: ${made.mac_address}`);
  const tap = tapOf(made.id);
  const host = machineNetns(lab, machine);
  const batch = [
    `netns add ${netns}`,
    `link add ${tap} netns ${host} address ${hostSideMac(mac)} type veth peer name eth0 netns ${netns} address ${mac}`,
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
  await must(["ip", "-n", netns, "-batch", "-"], { input: guest.join("\n") });
  await must(["ip", "-n", host, "link", "set", tap, "up"]);
}

/** When the first echo reply came, as of the epoch in ms. Asks every 5 ms, for 10 s at the most. */
export function firstEcho(lab: Lab, address: string): Promise<number> {
  const argv = inside(machineNetns(lab, OUTSIDE.name), ["stdbuf", "-oL", "ping", "-n", "-D", "-i", "0.005", address]);
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
