/**
 * Somebody outside, a compute host and a VM, as three namespaces in a row, the host's packet filter loaded by the real driver or
 * not at all. Neighbours and routes are given, so that nothing but the filter differs between two sites.
 */
import { testNetns } from "#adapters/linux/test-name.real.ts";
import { kernelOf } from "#adapters/netlink/kernel.ts";
import { canOffload } from "#adapters/nft/ability.ts";
import { packetFilter } from "#adapters/nft/nftables.ts";
import { programs } from "#adapters/programs/programs.ts";
import type { Driver } from "#contracts/driver.ts";
import { compileCompute } from "#core/intent/compute.ts";
import type { Kind, Wanted } from "#core/kinds/kind.ts";
import { nft } from "#core/kinds/nft.ts";
import { offload } from "#core/kinds/offload.ts";
import { diff } from "#core/reconcile/diff.ts";
import type { View } from "#core/feed/item.ts";
import { hostSideMac } from "#core/net/mac.ts";
import { inside, must, run } from "#lab/program.ts";
import { datagrams, stream } from "./forwarding-traffic.ts";
import type { Flow } from "./forwarding-traffic.ts";
import { HOST, OUTSIDE, VM } from "./forwarding-view.ts";

/** What the host does beside forwarding: nothing, following connections without any rule, or what a host with this view does. */
export type Filter = "none" | "tracking" | View;

/** `there` is to the VM. */
export interface Site {
  readonly tcp: Flow;
  /** Datagrams of 64 bytes. */
  readonly small: Flow;
  remove(): Promise<void>;
}

const SMALL = 64;
const FABRIC = { mac: "fa:16:3e:ff:00:01", hostMac: "fa:16:3e:ff:00:02" };

export async function site(name: string, filter: Filter): Promise<Site> {
  const [out, host, vm] = ["out", "host", "vm"].map((place) => testNetns(`${name}-${place}`)) as [string, string, string];
  const clear = async () => {
    for (const each of [out, host, vm]) await run(["ip", "netns", "del", each]);
  };
  await clear();
  try {
    await wire({ out, host, vm });
    await load(host, filter);
    const [here, there] = [
      { netns: out, ip: OUTSIDE },
      { netns: vm, ip: VM.ip },
    ];
    const [tcp, small] = [stream(here, there), datagrams(here, there, SMALL)];
    const close = () => [tcp, small].forEach((flow) => flow.close());
    return { tcp, small, remove: () => (close(), clear()) };
  } catch (error) {
    await clear();
    throw error;
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

/** A rule makes the kernel follow connections even where nothing leads to it. */
const TRACKING = "table ip tracking {\n chain unused {\n ct state established accept\n }\n}\n";

async function load(host: string, filter: Filter): Promise<void> {
  if (filter === "none") return;
  if (filter === "tracking") return void (await must(inside(host, ["nft", "-f", "-"]), { input: TRACKING }));
  const kernel = kernelOf(host);
  const machine = { offload: canOffload(host) };
  const intent = compileCompute(filter, HOST, machine);
  const hands = packetFilter({ run: programs({ under: ["ip", "netns", "exec", host] }), ...kernel, offloads: machine.offload });
  // Of the others there are no taps.
  const here = intent.offloads.filter(({ value: { dev } }) => kernel.route.linkNumber(dev) !== undefined);
  try {
    await put(nft, intent.nft, hands.nft);
    await put(offload, here, hands.offloads);
  } finally {
    kernel.close();
  }
}

/** All that is wanted of a kind, where nothing of it is. */
async function put<V>(kind: Kind<V>, wanted: readonly Wanted<V>[], driver: Driver<V>): Promise<void> {
  const values = new Map(wanted.map(({ value }) => [kind.key(value), value]));
  const outcomes = await driver.apply(diff(kind, [...values.values()], [], { prune: true }));
  const bad = outcomes.find(({ state }) => state !== "done");
  if (bad !== undefined) throw new Error(`the ${kind.name} of the site does not load: ${JSON.stringify(bad)}`);
}
