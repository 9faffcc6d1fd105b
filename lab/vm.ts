/** VMs of the lab: Nova's calls on one side, a namespace or a real Linux with NICs on the other. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { reasonOf } from "#adapters/linux/errors.ts";
import type { Ip } from "#core/net/address.ts";
import { hostSideMac, readMac } from "#core/net/mac.ts";
import { numberOf } from "./guest.ts";
import { readLabRecord } from "./lab-record.ts";
import { namespaceBody } from "./namespace-body.ts";
import { bindPort, mtuOf, releasePort, tapOf, untilActive } from "./nova.ts";
import type { PortWish } from "./nova.ts";
import { machineNetns, vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { qemuBody } from "./qemu/body.ts";
import { removeTap, tapStands } from "./tap.ts";
import type { Body } from "./vm-body.ts";
import { forgetVm, readVm, vmNamed, writeVm } from "./vm-record.ts";
import type { Nic, Vm } from "./vm-record.ts";

export interface VmWish extends PortWish {
  readonly name: string;
  readonly host: string;
  /** A namespace when absent. */
  readonly body?: Vm["body"];
}

const BODIES: Readonly<Record<Vm["body"], Body>> = { namespace: namespaceBody, qemu: qemuBody };

/** Answers once it has booted; leaves nothing behind when it cannot. */
export async function addVm(lab: Lab, wish: VmWish): Promise<Vm> {
  refuse(lab, wish);
  const vm: Vm = { name: wish.name, id: randomUUID(), host: wish.host, body: wish.body ?? "namespace", nics: [] };
  writeVm(lab, vm);
  try {
    await BODIES[vm.body].make(lab, vm);
    return await plug(lab, vm, wish);
  } catch (error) {
    await undo(error, () => removeVm(lab, vm.name));
    throw error;
  }
}

/** Where even that fails, both reasons are told. */
async function undo(cause: unknown, work: () => Promise<unknown>): Promise<void> {
  await work().catch((error: unknown) => {
    throw new Error(`${reasonOf(cause)}; and what was begun cannot be undone: ${reasonOf(error)}`, { cause });
  });
}

/** A further NIC for a running VM. */
export async function plugVm(lab: Lab, name: string, wish: PortWish): Promise<Vm> {
  const vm = vmNamed(lab, name);
  try {
    return await plug(lab, vm, wish);
  } catch (error) {
    const added = vmNamed(lab, name).nics.find(({ dev }) => !vm.nics.some((nic) => nic.dev === dev));
    if (added === undefined) throw error;
    // Perhaps it knows nothing of it yet.
    await BODIES[vm.body].forget(lab, vm, added).catch(() => undefined);
    await undo(error, () => unplug(lab, vmNamed(lab, name), added));
    throw error;
  }
}

/** The tap of a NIC has gone, and comes again: the guest asks for its addresses anew. */
export async function replugVm(lab: Lab, name: string, tap: string): Promise<void> {
  const vm = vmNamed(lab, name);
  const nic = vm.nics.find((one) => one.tap === tap);
  if (nic === undefined) throw new Error(`VM "${name}" has no NIC behind ${tap}`);
  const body = BODIES[vm.body];
  await body.forget(lab, vm, nic);
  const mac = readMac(nic.mac);
  if (mac === undefined) throw new Error(`VM "${name}": ${nic.mac} is no MAC`);
  await body.plug(lab, vm, { nic, tapMac: hostSideMac(mac), mtu: await mtuOf(lab, nic.port_id) });
  await untilActive(lab, nic.port_id);
  await body.boot(lab, vm, nic);
}

/** Takes out the last NIC on this network. */
export async function unplugVm(lab: Lab, name: string, network: string): Promise<Vm> {
  const vm = vmNamed(lab, name);
  const nic = vm.nics.findLast((one) => one.network === network);
  if (nic === undefined)
    throw new Error(`VM "${name}" has no NIC on "${network}"; it has ${vm.nics.map((one) => one.network).join(", ") || "none"}`);
  await BODIES[vm.body].forget(lab, vm, nic);
  return unplug(lab, vm, nic);
}

export async function removeVm(lab: Lab, name: string): Promise<void> {
  const vm = vmNamed(lab, name);
  await BODIES[vm.body].end(lab, vm);
  for (const nic of vmNamed(lab, name).nics.toReversed()) await unplug(lab, vmNamed(lab, name), nic);
  forgetVm(lab, name);
}

/** As when its host dies: it is gone, and nobody has told the API. */
export async function loseVm(lab: Lab, name: string): Promise<void> {
  const vm = vmNamed(lab, name);
  await BODIES[vm.body].end(lab, vm);
  for (const nic of vm.nics) await removeTap(lab, { host: vm.host, name: nic.tap });
  forgetVm(lab, name);
}

function refuse(lab: Lab, wish: VmWish): void {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(wish.name)) throw new Error(`VM "${wish.name}": lower-case letters, digits and dashes, 40 at most`);
  const machines = readLabRecord(lab)?.netnses ?? [];
  // `margay lab enter` would not know which of the two is meant.
  if (machines.includes(machineNetns(lab, wish.name))) throw new Error(`VM "${wish.name}": a machine of the lab has this name`);
  const netns = vmNetns(lab, wish.name);
  if (readVm(lab, wish.name) === undefined && existsSync(`/run/netns/${netns}`))
    throw new Error(`the namespace ${netns} exists, and is not of this lab`);
  if (readVm(lab, wish.name) !== undefined) throw new Error(`a VM "${wish.name}" is there already`);
  if (!machines.includes(machineNetns(lab, wish.host))) throw new Error(`no compute host "${wish.host}" in the lab`);
}

async function plug(lab: Lab, vm: Vm, wish: PortWish): Promise<Vm> {
  const stands = wish.port_id !== undefined && (await tapStands(lab, vm.host, tapOf(wish.port_id)));
  const bound = await bindPort(lab, vm, stands ? { ...wish, tap: "stands" } : wish);
  const { port } = bound;
  const nic: Nic = {
    dev: `eth${Math.max(-1, ...vm.nics.map(numberOf)) + 1}`,
    network: bound.network,
    port_id: port.id,
    mac: port.mac_address,
    tap: tapOf(port.id),
    // Canonical text is what the API answers with.
    addresses: port.fixed_ips.map(({ ip_address }) => ip_address as Ip),
    keep: bound.keep,
  };
  const plugged: Vm = { ...vm, nics: [...vm.nics, nic] };
  writeVm(lab, plugged);
  const body = BODIES[vm.body];
  await body.plug(lab, plugged, { nic, tapMac: bound.tapMac, mtu: bound.mtu });
  await untilActive(lab, port.id);
  await body.boot(lab, plugged, nic);
  return plugged;
}

async function unplug(lab: Lab, vm: Vm, nic: Nic): Promise<Vm> {
  await removeTap(lab, { host: vm.host, name: nic.tap });
  await releasePort(lab, nic);
  const rest: Vm = { ...vm, nics: vm.nics.filter(({ dev }) => dev !== nic.dev) };
  writeVm(lab, rest);
  return rest;
}
