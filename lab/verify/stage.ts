/**
 * Who takes part in the verification: two VMs on each network, on the first and the last compute host, with one security
 * group that opens TCP 80 and ping to everybody and everything to its members. VMs and group are made when missing, and stay.
 */
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { familyOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { machinesOf, outsideHost, OUTSIDE, PROVIDER } from "../topology.ts";
import { ask } from "../cloud.ts";
import type { CloudGroup } from "../cloud.ts";
import { machineNetns, vmNetns } from "../place.ts";
import type { Lab } from "../place.ts";
import { addVm, removeVm } from "../vm.ts";
import { listVms } from "../vm-record.ts";
import type { Nic, Vm } from "../vm-record.ts";
import { witness } from "./witness.ts";
import type { Witness } from "./witness.ts";

export const PROBE_GROUP = "probe";

export interface Actor {
  readonly name: string;
  readonly netns: string;
  readonly host: string;
  /** Of its server; outside: none. */
  readonly id?: string;
  /** Outside: none. */
  readonly tap?: string;
  readonly network?: "external" | "internal";
  readonly ips: Readonly<Partial<Record<Family, Ip>>>;
}

export interface Stage {
  readonly lab: Lab;
  readonly center: DataCenter;
  readonly outside: Actor;
  /** By network; empty where the network has no subnet. */
  readonly external: readonly Actor[];
  readonly internal: readonly Actor[];
  /** By machine: hosts, gateways, provider, outside. */
  readonly witnesses: ReadonlyMap<string, Witness>;
}

export interface Casting {
  readonly name: string;
  readonly network: "external" | "internal";
  readonly host: string;
}

/** Answers once everybody has booted. The caller ends the witnesses. */
export async function setStage(lab: Lab, center: DataCenter, say: (line: string) => void): Promise<Stage> {
  const witnesses = await callWitnesses(lab, center);
  try {
    const vms = await castVms(lab, center, say);
    const on = (network: "external" | "internal") => vms.filter((actor) => actor.network === network);
    return { lab, center, outside: outsideActor(lab, center), external: on("external"), internal: on("internal"), witnesses };
  } catch (error) {
    for (const one of witnesses.values()) one.end();
    throw error;
  }
}

/** Takes away the VMs that `setStage` would take for its own: nobody knows what state they are in. */
export async function clearStage(lab: Lab, center: DataCenter, say: (line: string) => void): Promise<void> {
  const roles = new Set(rolesOf(center).map(({ name }) => name));
  const left = listVms(lab).filter(({ name }) => roles.has(name));
  if (left.length === 0) return;
  say(`the verification before was cut short; ${left.map(({ name }) => name).join(", ")} are made anew`);
  await settled(left.map(({ name }) => removeVm(lab, name)));
}

/** Like `Promise.all`, but a failure is told only once nobody works any more. */
async function settled<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

function rolesOf({ networks, hosts }: DataCenter): Casting[] {
  const ends = [hosts[0], hosts.at(-1)].map((host) => host?.name ?? "");
  return (["external", "internal"] as const)
    .filter((network) => networks[network].subnets.length > 0)
    .flatMap((network) => ends.map((host, at) => ({ name: `${network.slice(0, 3)}${at + 1}`, network, host })));
}

async function castVms(lab: Lab, center: DataCenter, say: (line: string) => void): Promise<Actor[]> {
  await ensureGroup(lab);
  return settled(rolesOf(center).map((role) => cast(lab, center, role, say)));
}

async function cast(lab: Lab, center: DataCenter, role: Casting, say: (line: string) => void): Promise<Actor> {
  const there = listVms(lab).find(({ name }) => name === role.name);
  if (there?.nics.length === 0) await removeVm(lab, role.name);
  else if (there !== undefined) return actorOf(lab, there, role.network);
  const begun = performance.now();
  const network = center.networks[role.network].name;
  const vm = await addVm(lab, { name: role.name, host: role.host, network, groups: [PROBE_GROUP] });
  say(
    `${role.name} on ${role.host}, network ${network}: ${vm.nics[0]?.addresses.join(", ")} (${Math.round(performance.now() - begun)} ms)`,
  );
  return actorOf(lab, vm, role.network);
}

function actorOf(lab: Lab, vm: Vm, network: Casting["network"]): Actor {
  return { name: vm.name, id: vm.id, netns: vmNetns(lab, vm.name), host: vm.host, network, ...byNic(vm.nics[0]) };
}

/** A VM as it is reached by one of its NICs. */
export function byNic(nic: Nic | undefined): Pick<Actor, "tap" | "ips"> {
  const ips = Object.fromEntries((nic?.addresses ?? []).map((ip) => [familyOf(ip), ip]));
  return { ips, ...(nic !== undefined && { tap: nic.tap }) };
}

function outsideActor(lab: Lab, { lab: plan }: DataCenter): Actor {
  const { ipv4, ipv6 } = outsideHost(plan);
  return { name: "outside", netns: machineNetns(lab, OUTSIDE.name), host: "outside", ips: { 4: ipv4, 6: ipv6 } };
}

/** Everybody may ask on TCP 80 and by ping; members may ask each other anything. TCP 22 is served, and opened to nobody. */
async function ensureGroup(lab: Lab): Promise<void> {
  const path = `/v2.0/security-groups`;
  const { security_groups: found } = await ask<{ security_groups: CloudGroup[] }>(lab, {
    method: "GET",
    path: `${path}?name=${PROBE_GROUP}`,
  });
  if (found.length > 0) return;
  const body = { security_group: { name: PROBE_GROUP, description: "TCP 80 and ping from everybody, everything from members" } };
  const { security_group: group } = await ask<{ security_group: CloudGroup }>(lab, { method: "POST", path, body });
  const security_group_rules = (["IPv4", "IPv6"] as const).flatMap((ethertype) =>
    [
      { protocol: "tcp", port_range_min: 80, port_range_max: 80 },
      { protocol: ethertype === "IPv4" ? "icmp" : "ipv6-icmp" },
      { remote_group_id: group.id },
    ].map((rule) => ({ ...rule, ethertype, direction: "ingress", security_group_id: group.id })),
  );
  await ask(lab, { method: "POST", path: "/v2.0/security-group-rules", body: { security_group_rules } });
}

async function callWitnesses(lab: Lab, center: DataCenter): Promise<Map<string, Witness>> {
  const machines = machinesOf(center).filter(({ kind }) => kind === "compute" || kind === "gateway");
  const names = [...machines.map(({ machine }) => machine.name), PROVIDER.name, OUTSIDE.name];
  const called = await Promise.allSettled(names.map(async (name) => [name, await witness(machineNetns(lab, name))] as const));
  const there = called.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const absent = called.find((one) => one.status === "rejected");
  if (absent === undefined) return new Map(there);
  for (const [, one] of there) one.end();
  throw absent.reason;
}

/** The witness on a machine; every machine that may be asked for has one. */
export function witnessOn(stage: Stage, machine: string): Witness {
  const found = stage.witnesses.get(machine);
  if (found === undefined) throw new Error(`nobody watches ${machine}`);
  return found;
}

/** Families in which both have an address. */
export function familiesOf(...actors: readonly Actor[]): Family[] {
  return ([4, 6] as const).filter((family) => actors.every(({ ips }) => ips[family] !== undefined));
}

/** An actor's address; the caller knows that it has one, by `familiesOf`. */
export function ipOf(actor: Actor, family: Family): Ip {
  const ip = actor.ips[family];
  if (ip === undefined) throw new Error(`${actor.name} has no IPv${family} address`);
  return ip;
}
