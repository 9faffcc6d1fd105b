/**
 * Taps by themselves. A lab's tap is a veth, whose other end is the NIC of whoever is behind it: a VM, or an empty machine
 * that stands in for a VM which is still to come.
 */
import { randomUUID } from "node:crypto";
import { createGuest } from "./guest.ts";
import { machineNetns, vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { inside, must, run } from "./program.ts";
import { forgetVm, readVm, writeVm } from "./vm-record.ts";
import { clear } from "./down.ts";

export interface Tap {
  readonly host: string;
  readonly name: string;
  /** Of the host's end. */
  readonly mac: string;
  readonly mtu: number;
}

export interface Behind {
  readonly netns: string;
  readonly dev: string;
  readonly mac: string;
}

/** The pair; neither end is up. */
export async function makeTap(lab: Lab, { host, name, mac, mtu }: Tap, behind: Behind): Promise<void> {
  const peer = `peer name ${behind.dev} netns ${behind.netns} address ${behind.mac} mtu ${mtu}`;
  const netns = machineNetns(lab, host);
  await must(["ip", "link", "add", name, "netns", netns, "address", mac, "mtu", `${mtu}`, "type", "veth", ...peer.split(" ")]);
}

export async function tapStands(lab: Lab, host: string, name: string): Promise<boolean> {
  return (await run(["ip", "-n", machineNetns(lab, host), "link", "show", name])).status === 0;
}

export async function setTap(lab: Lab, { host, name }: Pick<Tap, "host" | "name">, ...states: readonly string[]): Promise<void> {
  const lines = states.map((state) => `link set ${name} ${state}\n`).join("");
  await must(["ip", "-n", machineNetns(lab, host), "-batch", "-"], { input: lines });
}

/** A tap that is there before the VM is. */
export async function standIn(lab: Lab, tap: Tap, mac: string): Promise<void> {
  const vm = { name: standInOf(tap), id: randomUUID(), host: tap.host, body: "namespace" as const, nics: [] };
  writeVm(lab, vm);
  await createGuest(lab, vm);
  await makeTap(lab, tap, { netns: vmNetns(lab, vm.name), dev: "eth0", mac });
  await must(inside(vmNetns(lab, vm.name), ["sh", "-c", "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1; ip link set eth0 up"]));
  await setTap(lab, tap, "up");
}

/** The VM comes: the NIC behind the tap is its own from now on. False where nobody stands in. */
export async function takeOver(lab: Lab, tap: Pick<Tap, "host" | "name">, behind: Behind): Promise<boolean> {
  if (readVm(lab, standInOf(tap)) === undefined) return false;
  await must(["ip", "-n", vmNetns(lab, standInOf(tap)), "link", "set", "eth0", "netns", behind.netns, "name", behind.dev]);
  await removeStandIn(lab, tap);
  return true;
}

export async function removeTap(lab: Lab, tap: Pick<Tap, "host" | "name">): Promise<void> {
  await run(["ip", "-n", machineNetns(lab, tap.host), "link", "del", tap.name]);
  if (readVm(lab, standInOf(tap)) !== undefined) await removeStandIn(lab, tap);
}

async function removeStandIn(lab: Lab, tap: Pick<Tap, "host" | "name">): Promise<void> {
  await clear([vmNetns(lab, standInOf(tap))]);
  forgetVm(lab, standInOf(tap));
}

function standInOf({ host, name }: Pick<Tap, "host" | "name">): string {
  return `for-${name}-on-${host}`;
}
