/** A host that goes takes its VMs' way with it: so none may be there. */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { isBound } from "../neutron/port-binding.ts";
import type { Refusal } from "../result.ts";

/** So many ports are named. */
const NAMED = 5;

/** Why hosts of `old` cannot go; undefined: they can. */
export function boundElsewhere(cloud: Cloud, old: DataCenter, next: DataCenter): Refusal | undefined {
  const stay = new Set(next.hosts.map(({ name }) => name));
  const held = old.hosts
    .filter(({ name }) => !stay.has(name))
    .map(({ name }) => ({ name, ports: [...cloud.by("port", "binding:host_id", name)].filter(isBound).map(({ id }) => id) }))
    .filter(({ ports }) => ports.length > 0);
  if (held.length === 0) return undefined;
  const where = held.map(
    ({ name, ports }) => `${name} has ${ports.length} (${ports.slice(0, NAMED).join(", ")}${ports.length > NAMED ? ", …" : ""})`,
  );
  const message = `Cannot take hosts away on which ports are bound: ${where.join("; ")}. Move their VMs first.`;
  return { status: 409, type: "DataCenterConflict", message };
}
