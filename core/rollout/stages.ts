/**
 * In which order a data centre becomes another: first what is new beside what is there; then, where gateways are to go, nobody uses them any
 * more; then without what is to go. So no path is cut before its replacement stands. What cannot stand beside something new, as both want
 * the same address, goes at once.
 */
import type { DataCenter, Gateway, Machine } from "../datacenter/data-center.ts";
import type { Ip } from "../net/address.ts";
import { meet } from "../datacenter/span.ts";
import { drainedOf, marked } from "./drain.ts";

export interface Stages {
  /** The data centres to be applied, one after the other; the last one is what was asked for. */
  readonly centers: readonly DataCenter[];
  /** Machines that go before their replacement has come, and why. */
  readonly ahead: readonly string[];
}

type Machines = "controllers" | "reflectors" | "hosts" | "gateways";
const MACHINES: readonly Machines[] = ["reflectors", "hosts", "gateways", "controllers"];

export function stagesOf(old: DataCenter | undefined, next: DataCenter): Stages {
  if (old === undefined) return { centers: [next], ahead: [] };
  const staying = MACHINES.map((role) => [role, leaving(old, next, role).filter((one) => clashOf(next, one) === undefined)] as const);
  const ahead = MACHINES.flatMap((role) => leaving(old, next, role).flatMap((one) => clashOf(next, one) ?? []));
  const peering = besides(old, next);
  if (peering.fabric === undefined && staying.every(([, machines]) => machines.length === 0)) return { centers: [next], ahead };
  // Machines of a role are of that role's type before and after.
  const both = Object.fromEntries(staying.map(([role, machines]) => [role, [...next[role], ...machines]]));
  const beside = { ...next, ...both, ...bothRacks(old, next), ...peering } as DataCenter;
  const gone = staying.flatMap(([role, machines]) => (role === "gateways" ? machines.map(({ name }) => name) : []));
  const left = gone.length === 0 ? [] : [{ ...beside, gateways: marked(beside.gateways, [...gone, ...drainedOf(beside)]) }];
  return { centers: [beside, ...left, next], ahead };
}

/** Sessions of another peering stand before those of the old one go. */
function besides({ fabric: { peering: beside } }: DataCenter, { fabric }: DataCenter): Partial<Pick<DataCenter, "fabric">> {
  return beside === fabric.peering ? {} : { fabric: { ...fabric, beside } };
}

/** Hosts that stay for a while need theirs. */
function bothRacks({ racks: before = [] }: DataCenter, { racks = [] }: DataCenter): Pick<DataCenter, "racks"> {
  const known = new Set(racks.map(({ name }) => name));
  const both = [...racks, ...before.filter(({ name }) => !known.has(name))];
  return both.length > 0 ? { racks: both } : {};
}

function leaving(old: DataCenter, next: DataCenter, role: Machines): readonly (Machine | Gateway)[] {
  const stay = new Set(next[role].map(({ name }) => name));
  return old[role].filter(({ name }) => !stay.has(name));
}

/** What one of the new machines has of it. */
function clashOf(next: DataCenter, gone: Machine | Gateway): string | undefined {
  const own = addressesOf(gone);
  for (const machine of MACHINES.flatMap((role): readonly (Machine | Gateway)[] => next[role])) {
    const taken = addressesOf(machine).find((ip) => own.includes(ip));
    if (taken !== undefined) return `${gone.name} goes before ${machine.name} has come: both have ${taken}`;
    if (sharesPool(gone, machine)) return `${gone.name} goes before ${machine.name} has come: both have addresses of one PNAT pool`;
  }
  return undefined;
}

function addressesOf(machine: Machine | Gateway): readonly Ip[] {
  const upstream = "upstream" in machine ? [machine.upstream.ipv4?.local.ip, machine.upstream.ipv6?.local.ip] : [];
  return [machine.ipv4, machine.ipv6, ...upstream].filter((ip) => ip !== undefined);
}

function sharesPool(one: Machine | Gateway, other: Machine | Gateway): boolean {
  const pool = (machine: Machine | Gateway) => ("upstream" in machine ? machine.pnat : undefined);
  const [here, there] = [pool(one), pool(other)];
  return here !== undefined && there !== undefined && meet(here, there);
}
