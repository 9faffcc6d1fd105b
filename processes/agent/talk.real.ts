/** VMs as namespaces behind taps of this very machine, and what they say to each other. */
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after } from "node:test";
import type { Endpoint } from "#core/feed/item.ts";
import { hostSideMac, linkLocal } from "#core/net/mac.ts";
import { until } from "#lab/wait.ts";

/** Everything is emulated, and takes its time. */
const PATIENCE = 30_000;

export const sh = (line: string) => execFileSync("sh", ["-ec", line], { encoding: "utf8" });
export const ip = (lines: readonly string[], netns?: string) =>
  execFileSync("ip", [...(netns === undefined ? [] : ["-n", netns]), "-batch", "-"], { input: `${lines.join("\n")}\n` });
export const soon = (what: string, missing: () => string | undefined | Promise<string | undefined>) =>
  until({ what, timeout: PATIENCE, every: 20 }, missing);

/** Something that goes on with a port of this address: what is said comes back. */
export function talk(netns: string, kind: "TCP" | "UDP", to: string, at: number) {
  const client = spawn("ip", ["netns", "exec", netns, "socat", "-", `${kind}:${to.includes(":") ? `[${to}]` : to}:${at}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const heard = new Set<string>();
  createInterface({ input: client.stdout }).on("line", (line) => heard.add(line));
  after(() => void client.kill("SIGKILL"));
  let count = 0;
  const say = (more = "") => {
    const line = `${++count}${more}`;
    client.stdin.write(`${line}\n`);
    return line;
  };
  const answered = (line: string) => soon(`${kind} ${to} ${at} to answer ${line}`, () => (heard.has(line) ? undefined : "nothing"));
  return { kind, say, heard, answers: async (more?: string) => answered(say(more)), answered, at, to };
}

export type Talk = ReturnType<typeof talk>;

/** Says back whatever comes in. */
export function listen(netns: string, kind: "TCP" | "UDP", family: 4 | 6, at: number): void {
  const door = `${kind}${family}-LISTEN:${at},fork,reuseaddr${family === 6 ? ",ipv6only=1" : ""}`;
  const server = spawn("ip", ["netns", "exec", netns, "socat", door, "PIPE"], { stdio: "ignore" });
  after(() => void server.kill("SIGKILL"));
}

/** By hand what DHCP and router advertisements would do. */
export function plug(netns: string, { tap, mac, addresses }: Endpoint): void {
  ip([`link add ${tap} address ${hostSideMac(mac)} type veth peer name eth0 address ${mac} netns ${netns}`, `link set ${tap} up`]);
  const own = addresses.flatMap(({ ip: each }) =>
    each.includes(":")
      ? [`addr add ${each}/128 dev eth0 nodad`, `route add default via ${linkLocal(hostSideMac(mac))} dev eth0`]
      : [`addr add ${each}/16 dev eth0`, `route add default via 10.65.0.1 dev eth0`],
  );
  ip(["link set lo up", "link set eth0 up", ...own], netns);
}

/** Somebody on the other side of the fabric's interface, who knows the way to an address of ours, and is known. */
export function plugOutside(netns: string, { outside, inside }: { readonly outside: string; readonly inside: string }): void {
  const [ours, theirs] = ["fa:16:3e:ff:00:02", "fa:16:3e:ff:00:01"];
  ip([
    `link add fab0 address ${ours} type veth peer name eth0 address ${theirs} netns ${netns}`,
    "link set fab0 up",
    `route add ${outside}/32 dev fab0`,
    `neigh replace ${outside} lladdr ${theirs} dev fab0 nud permanent`,
  ]);
  ip(
    [
      "link set lo up",
      "link set eth0 up",
      `addr add ${outside}/32 dev eth0`,
      "route add default dev eth0",
      `neigh replace ${inside} lladdr ${ours} dev eth0 nud permanent`,
    ],
    netns,
  );
}
