/** The sessions of one router, as it sees them: who is at the other end, and what that is in the data centre. */
import type { DataCenter, Host, Machine } from "../datacenter/data-center.ts";
import { torsOf } from "../datacenter/racks.ts";
import type { Session, SessionKind, Speaker } from "../datacenter/sessions.ts";
import { endsOf } from "../intent/ends.ts";
import { perValue } from "../intent/memo.ts";
import type { PeerRole } from "./router-config.ts";

export interface Peer {
  readonly role: PeerRole;
  readonly own: Speaker;
  readonly other: Speaker;
  /** Clients connect; they know best when they are there. */
  readonly connects: "both" | "passive";
  readonly session: Session;
}

/** Peers of those who reflect, and the provider, connect from either end; of others, `far` waits. */
const EITHER: readonly SessionKind[] = ["reflector peer", "gateway peer", "customer"];

export function peersOf(dc: DataCenter, name: string): readonly Peer[] {
  return endsOf(dc, name).map(({ session, own, other }) => {
    const waits = own === session.far && !EITHER.includes(session.kind);
    return { role: roleOf(dc, other.name), own, other, connects: waits ? "passive" : "both", session };
  });
}

/** Who is no machine of the data centre is a provider. */
export function roleOf(dc: DataCenter, name: string): PeerRole {
  return membersOf(dc).get(name)?.role ?? "provider";
}

/** A machine of the fabric by its name: its address is the next hop of what it says of itself. */
export function machineNamed(dc: DataCenter, name: string): Machine | undefined {
  return membersOf(dc).get(name)?.machine;
}

const hostsByName = perValue((dc: DataCenter) => new Map(dc.hosts.map((host) => [host.name, host])));

export function hostNamed(dc: DataCenter, name: string): Host | undefined {
  return hostsByName(dc).get(name);
}

interface Member {
  readonly role: PeerRole;
  readonly machine: Machine;
}

const membersOf = perValue((dc: DataCenter): ReadonlyMap<string, Member> => {
  const as = (role: PeerRole, machines: readonly Machine[]) => machines.map((machine) => [machine.name, { role, machine }] as const);
  return new Map([...as("host", dc.hosts), ...as("gateway", dc.gateways), ...as("tor", torsOf(dc)), ...as("reflector", dc.reflectors)]);
});

export function routersIn(dc: DataCenter): readonly Machine[] {
  return [...dc.gateways, ...torsOf(dc), ...dc.reflectors];
}
