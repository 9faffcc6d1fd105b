/**
 * What Nova is told of a commit (its `os-server-external-events`): that a NIC of an instance is served, which it waits for
 * before it lets the instance run; that it is served no longer, or gone; that its addresses or bindings are others.
 */
import type { Cloud } from "./cloud.ts";
import type { FloatingIp } from "./floating-ip.ts";
import type { Port } from "./port.ts";

export interface NovaEvent {
  readonly name: "network-changed" | "network-vif-plugged" | "network-vif-unplugged" | "network-vif-deleted";
  /** The instance. */
  readonly server_uuid: string;
  /** The port. */
  readonly tag: string;
  readonly status?: "completed" | "failed";
}

/** A row before and after a commit; absent: it was or is not there. */
export interface RowChange {
  readonly key: string;
  readonly before: object | undefined;
  readonly after: object | undefined;
}

/** What Nova is told of one row's change; `cloud` is as it is after the commit. */
export function novaEvents(cloud: Cloud, { key, before, after }: RowChange): readonly NovaEvent[] {
  // A row is of the type of its table, before and after.
  if (key.startsWith("port/")) return portEvents(before as Port | undefined, after as Port | undefined);
  if (key.startsWith("floatingip/")) return floatingIpEvents(cloud, before as FloatingIp | undefined, after as FloatingIp | undefined);
  return [];
}

/** Neutron tells nothing of a port's creation: whoever made it knows. */
function portEvents(before: Port | undefined, after: Port | undefined): readonly NovaEvent[] {
  if (before === undefined) return [];
  if (after === undefined) return eventOf(before, "network-vif-deleted");
  return [...pluggedEvents(before, after), ...(isAnother(before, after) ? eventOf(after, "network-changed") : [])];
}

/** Of a port that moves, the other host's being ready is what Nova waits for, while its status stays. */
function pluggedEvents(before: Port, after: Port): readonly NovaEvent[] {
  const [was, is] = [before.status, after.status];
  const ready = after.ready_on.some((host) => !before.ready_on.includes(host));
  if (ready || (is === "ACTIVE" && was !== "ACTIVE")) return eventOf(after, "network-vif-plugged", "completed");
  if (is === "ERROR" && was !== "ERROR" && was !== "ACTIVE") return eventOf(after, "network-vif-plugged", "failed");
  return is === "DOWN" && was === "ACTIVE" ? eventOf(after, "network-vif-unplugged", "completed") : [];
}

/** For the port that it leads to, and the one that it led to. */
function floatingIpEvents(cloud: Cloud, before: FloatingIp | undefined, after: FloatingIp | undefined): readonly NovaEvent[] {
  if (before !== undefined && after !== undefined && !isAnother(before, after)) return [];
  const ports = new Set([before?.port_id, after?.port_id]);
  return [...ports].flatMap((id) => {
    const port = typeof id === "string" ? cloud.get("port", id) : undefined;
    return port === undefined ? [] : eventOf(port, "network-changed");
  });
}

/** What changes by itself, and what follows from any change: by these alone nothing that Nova keeps is another. */
const QUIET = new Set(["status", "ready_on", "arrived_on", "moves", "holds", "revision_number", "updated_at"]);

function isAnother<R extends object>(before: R, after: R): boolean {
  const keys = Object.keys({ ...before, ...after }).filter((key) => !QUIET.has(key)) as (keyof R)[];
  return keys.some((key) => before[key] !== after[key] && JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** None where the port is no instance's. */
function eventOf({ id, device_id: server, device_owner: owner }: Port, name: NovaEvent["name"], status?: NovaEvent["status"]): NovaEvent[] {
  if (!owner.startsWith("compute:") || !UUID.test(server)) return [];
  return [{ name, server_uuid: server, tag: id, ...(status === undefined ? {} : { status }) }];
}
