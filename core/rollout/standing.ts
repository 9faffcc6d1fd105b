/** Does a data centre stand? By what the agents of its machines said last: what is still missing, in words. */
import type { DataCenter, Machine } from "../datacenter/data-center.ts";
import { torsOf } from "../datacenter/racks.ts";
import type { Said } from "../feed/item.ts";
import { protocolName } from "../intent/bgp-text.ts";
import type { Rollout } from "./rollout.ts";

export interface Standing {
  readonly said: Said;
  /** What the agents must have heard of. */
  readonly revision: number;
  /** Machines that nobody waits for. */
  readonly absent: readonly string[];
}

/** Without these a machine is not what the file says; what a VM needs is its own matter. */
const FABRIC = /^(daemon|file|sysctl)[ /]|^link\/(?!tap)|chain /;

/** Each begins with the machine's name. */
export function missingIn(dc: DataCenter, standing: Standing): readonly string[] {
  const waited = machinesOf(dc).filter(({ name }) => !standing.absent.includes(name));
  const silent = new Set(standing.absent.flatMap(protocolsTo));
  return waited.flatMap(({ name }) =>
    missingAt(name, standing)
      .filter((session) => !silent.has(session))
      .map((what) => `${name}: ${what}`),
  );
}

/**
 * What a change from `old` to `next` does not wait for: machines that are not there now, and hosts that are yet to come. A gateway or
 * reflector that is new is waited for: it may be what replaces another.
 */
export function amissBefore(old: DataCenter | undefined, next: DataCenter, said: Said): Pick<Rollout, "absent" | "amiss"> {
  if (old === undefined) return { absent: [], amiss: [] };
  const absent = [...machinesOf(old), ...next.hosts].map(({ name }) => name).filter((name) => said(name) === undefined);
  return { absent: [...new Set(absent)], amiss: missingIn(old, { said, revision: 0, absent }) };
}

function machinesOf(dc: DataCenter): readonly Machine[] {
  return [...dc.reflectors, ...torsOf(dc), ...dc.gateways, ...dc.hosts];
}

function missingAt(name: string, { said, revision }: Standing): readonly string[] {
  const agent = said(name);
  if (agent === undefined) return ["its agent is not connected"];
  const { report } = agent;
  if (report === undefined || report.revision < revision) return ["it has not done it yet"];
  const troubles = report.troubles.filter((trouble) => FABRIC.test(trouble));
  return report.sessions === undefined
    ? [...troubles, "its BIRD does not answer yet"]
    : [...troubles, ...report.sessions.down.map(noSession)];
}

function protocolsTo(name: string): readonly string[] {
  const roles = ["host", "gateway", "reflector", "tor"];
  return roles.flatMap((role) => ([1, 2] as const).map((segment) => noSession(protocolName(role, name, segment))));
}

function noSession(protocol: string): string {
  return `no session ${protocol}`;
}
