/**
 * Which agents are let in. VMs reach the fabric like anybody else, and an agent is told what is not theirs to know; but no VM
 * can send from a machine's address. So once a data centre is declared, an agent comes from the address that its machine has there.
 */
import type { DataCenter, Host } from "../datacenter/data-center.ts";
import { addressesOf, torsOf } from "../datacenter/racks.ts";
import type { Ip } from "../net/address.ts";
import type { Cloud } from "../neutron/cloud.ts";
import type { Hello, Role } from "./item.ts";

/** Where an agent connects from: `here` is this machine itself, through a socket file or the loopback; undefined: an address that no machine has. */
export type Origin = Ip | "here" | undefined;

/** Why this agent is not let in; undefined: it is. */
export function whyNotAdmitted(cloud: Cloud, { host, role }: Hello, from: Origin): string | undefined {
  const center = cloud.get("datacenter", "this");
  if (from === "here" || center === undefined) return undefined;
  const machine = machinesOf(center, role).find(({ name }) => name === host);
  if (machine === undefined) return `the data centre declares no machine "${host}" for the role ${role}`;
  const addresses = addressesOf(machine);
  return from !== undefined && addresses.includes(from)
    ? undefined
    : `the data centre declares "${host}" at ${addresses.join(" and ")}, not at ${from}`;
}

function machinesOf(center: DataCenter, role: Role): readonly Host[] {
  return { compute: center.hosts, gateway: center.gateways, reflector: center.reflectors, tor: torsOf(center) }[role];
}
