/**
 * Guests that lie about who they are. Whether a lie arrives is seen where it would arrive: the liar gets no answer either
 * way. Whoever asks should ask the same with the truth as well, so that a broken path is not taken for a kept rule.
 */
import { spawn } from "node:child_process";
import { familyOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { kernelRoutes } from "./look.ts";
import { inside, must, run } from "./program.ts";
import type { Nic } from "./vm-record.ts";

export interface Lie {
  /** Namespace of the guest. */
  readonly from: string;
  readonly to: Ip;
  /** Namespace that has `to`. */
  readonly at: string;
}

/** Does an echo request with this source, which may or may not be the guest's own, get there? */
export async function arrivesFrom(lie: Lie, source: Ip): Promise<boolean> {
  const own = (await must(["ip", "-n", lie.from, "-o", "addr", "show", "to", source])) !== "";
  if (own) return arrives(lie, source, () => sendFrom(lie, source));
  const six = familyOf(source) === 6;
  const address = [six ? `${source}/128` : `${source}/32`, "dev", "lo"];
  await must(["ip", "-n", lie.from, "addr", "add", ...address, ...(six ? ["nodad"] : [])]);
  try {
    return await arrives(lie, source, () => sendFrom(lie, source));
  } finally {
    await run(["ip", "-n", lie.from, "addr", "del", ...address]);
  }
}

/** Does an echo request from the guest's own address, but with this MAC, get there? The NIC has its own MAC again afterwards. */
export async function arrivesWithMac(lie: Lie, nic: Nic, mac: string): Promise<boolean> {
  const family = familyOf(lie.to);
  const source = nic.addresses.find((ip) => familyOf(ip) === family);
  if (source === undefined) throw new Error(`${nic.dev} has no IPv${family} address to send from`);
  const router = (await kernelRoutes(lie.from, family, nic.dev)).find(({ dst }) => dst === "default")?.gateway;
  if (router === undefined) throw new Error(`${nic.dev} has no IPv${family} default route`);
  const link = (address: string) => must(["ip", "-n", lie.from, "link", "set", nic.dev, "address", address]);
  const neighbour = (verb: string) => run(["ip", "-n", lie.from, "neigh", verb, router, "lladdr", nic.tap_mac, "dev", nic.dev]);
  await link(mac);
  try {
    // The router's own answer to this MAC may be withheld; the lie is to be stopped for what it says, not for want of a neighbour.
    await neighbour("replace");
    return await arrives(lie, source, () => sendFrom(lie, source));
  } finally {
    await link(nic.mac);
    await neighbour("del");
  }
}

/** Sends two, so that a first one lost to neighbour discovery does not count. */
async function sendFrom({ from, to }: Lie, source: Ip): Promise<void> {
  await run(inside(from, ["ping", "-n", "-c", "2", "-i", "0.2", "-W", "0.1", "-I", source, to]), { timeout: 1500 });
}

const FILTER: Readonly<Record<Family, string>> = { 4: "icmp[icmptype] == icmp-echo", 6: "icmp6 and ip6[40] == 128" };

/** Watches for an echo request from `source` while `send` runs, and a little longer. */
async function arrives({ at, to }: Lie, source: Ip, send: () => Promise<void>): Promise<boolean> {
  const filter = `src host ${source} and dst host ${to} and ${FILTER[familyOf(to)]}`;
  const [program = "", ...rest] = inside(at, ["tcpdump", "-n", "-p", "--immediate-mode", "-c", "1", "-i", "any", filter]);
  const watcher = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe"], timeout: 4000, killSignal: "SIGKILL" });
  let words = "";
  const ended = new Promise<boolean>((resolve, reject) => watcher.on("error", reject).on("close", (status) => resolve(status === 0)));
  const listening = new Promise<boolean>((resolve) => {
    watcher.stderr.setEncoding("utf8").on("data", (text: string) => {
      words += text;
      if (words.includes("listening on")) resolve(true);
    });
    void ended.finally(() => resolve(false));
  });
  if (!(await listening)) throw new Error(`tcpdump: ${words.trim()}`);
  await send();
  setTimeout(() => watcher.kill("SIGKILL"), 100);
  return ended;
}
