/**
 * Somebody outside, a compute host and a VM, as three namespaces in a row, the host's packet filter loaded by the real driver or
 * not at all. Neighbours and routes are given, so that nothing but the filter differs between two sites.
 */
import { kernelOf } from "#adapters/netlink/kernel.ts";
import { nftables } from "#adapters/nft/nftables.ts";
import { programs } from "#adapters/programs/programs.ts";
import { compileCompute } from "#core/intent/compute.ts";
import { nft } from "#core/kinds/nft.ts";
import { diff } from "#core/reconcile/diff.ts";
import type { View } from "#core/feed/item.ts";
import { hostSideMac } from "#core/net/mac.ts";
import { inside, must, run } from "#lab/program.ts";
import { HOST, OUTSIDE, VM } from "./forwarding-view.ts";

export interface Site {
  readonly name: string;
  /** Gigabits of one TCP connection per second of processor time at both ends, which forward as they send. */
  tcp(way: Way): Promise<number>;
  /** Datagrams of 64 bytes that arrive per second of the sender's processor time, sent as fast as it can. */
  small(way: Way): Promise<number>;
  remove(): Promise<void>;
}

/** As the VM sees it. */
export type Way = "in" | "out";

/** Seconds that one measurement takes. */
const SLOT = 1;
const FABRIC = { mac: "fa:16:3e:ff:00:01", hostMac: "fa:16:3e:ff:00:02" };

/** `view` undefined: the same namespaces without any filter. */
export async function site(name: string, view: View | undefined): Promise<Site> {
  const [out, host, vm] = ["out", "host", "vm"].map((place) => `mg-fwd-${name}-${place}`) as [string, string, string];
  await clear([out, host, vm]);
  await wire({ out, host, vm });
  if (view !== undefined) await filter(host, view);
  const server = must(inside(vm, ["iperf3", "-s", "-p", "5201"]), { timeout: 300_000 }).catch(() => undefined);
  await must(inside(vm, ["timeout", "5", "sh", "-c", "until ss -Hltn 'sport = 5201' | grep -q .; do sleep 0.05; done"]));
  const client = async (...more: string[]): Promise<Result> => {
    const argv = ["iperf3", "-J", "-c", VM.ip, "-p", "5201", "-t", String(SLOT), "-A", "0,1", ...more];
    return JSON.parse(await must(inside(out, argv), { timeout: 15_000 })) as Result;
  };
  const end = { in: vm, out } as const;
  return {
    name,
    tcp: async (way) => {
      const { end: ended } = await client(...(way === "out" ? ["-R"] : []));
      const { host_total: near, remote_total: far } = ended.cpu_utilization_percent;
      return ended.sum_received.bits_per_second / 1e9 / ((near + far) / 100);
    },
    small: async (way) => {
      const before = await received(end[way]);
      const { end: ended } = await client("-u", "-b", "0", "-l", "64", ...(way === "out" ? ["-R"] : []));
      const { host_total: near, remote_total: far } = ended.cpu_utilization_percent;
      return ((await received(end[way])) - before) / (ended.sum.seconds * ((way === "in" ? near : far) / 100));
    },
    remove: async () => {
      await clear([out, host, vm]);
      await server;
    },
  };
}

/** Of what iperf3 says. */
interface Result {
  readonly end: {
    readonly sum_received: { readonly bits_per_second: number };
    readonly sum: { readonly seconds: number };
    readonly cpu_utilization_percent: { readonly host_total: number; readonly remote_total: number };
  };
}

/** Programs in a namespace end first, or it would live on with them. */
async function clear(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { stdout } = await run(["ip", "netns", "pids", name]);
    for (const pid of stdout.split("\n").filter((line) => line !== "")) process.kill(Number(pid), "SIGKILL");
    await run(["ip", "netns", "del", name]);
  }
}

async function wire({ out, host, vm }: { readonly out: string; readonly host: string; readonly vm: string }): Promise<void> {
  const batch = (netns: string | undefined, lines: readonly string[]) =>
    must(["ip", ...(netns === undefined ? [] : ["-n", netns]), "-batch", "-"], { input: `${lines.join("\n")}\n` });
  await batch(undefined, [
    ...[out, host, vm].map((name) => `netns add ${name}`),
    `link add fab0 netns ${host} address ${FABRIC.hostMac} type veth peer name eth0 netns ${out} address ${FABRIC.mac}`,
    `link add ${VM.tap} netns ${host} address ${hostSideMac(VM.mac)} type veth peer name eth0 netns ${vm} address ${VM.mac}`,
  ]);
  await batch(out, [
    "link set eth0 up",
    `addr add ${OUTSIDE}/32 dev eth0`,
    "route add default dev eth0",
    `neigh replace ${VM.ip} lladdr ${FABRIC.hostMac} dev eth0 nud permanent`,
  ]);
  await batch(host, [
    "link set fab0 up",
    `link set ${VM.tap} up`,
    `route add ${OUTSIDE}/32 dev fab0`,
    `route add ${VM.ip}/32 dev ${VM.tap}`,
    `neigh replace ${OUTSIDE} lladdr ${FABRIC.mac} dev fab0 nud permanent`,
    `neigh replace ${VM.ip} lladdr ${VM.mac} dev ${VM.tap} nud permanent`,
  ]);
  await batch(vm, [
    "link set lo up",
    "link set eth0 up",
    `addr add ${VM.ip}/32 dev eth0`,
    "route add default dev eth0",
    `neigh replace ${OUTSIDE} lladdr ${hostSideMac(VM.mac)} dev eth0 nud permanent`,
  ]);
  await must(inside(host, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]));
}

async function filter(host: string, view: View): Promise<void> {
  const kernel = kernelOf(host);
  const driver = nftables({ run: programs({ under: ["ip", "netns", "exec", host] }), ...kernel });
  const want = compileCompute(view, HOST).nft.map(({ value }) => value);
  const outcomes = await driver
    .apply(diff(nft, [...new Map(want.map((value) => [nft.key(value), value])).values()], [], { prune: true }))
    .finally(kernel.close);
  const bad = outcomes.find(({ state }) => state !== "done");
  if (bad !== undefined) throw new Error(`the filter does not load: ${JSON.stringify(bad)}`);
}

async function received(netns: string): Promise<number> {
  return Number(await must(inside(netns, ["cat", "/sys/class/net/eth0/statistics/rx_packets"])));
}
