/** Binding: which host serves a port, and what Nova is told to make the tap with. */
import { hostSideMac } from "../net/mac.ts";
import { isAlive } from "./agent-decisions.ts";
import type { Cloud } from "./cloud.ts";
import type { Port } from "./port.ts";

type Bindable = Pick<Port, "mac_address" | "binding:vnic_type">;
type Binding = Pick<Port, "binding:host_id" | "binding:vif_type" | "binding:vif_details" | "status">;

/** The binding of a port to a host (empty: none). It is DOWN until the host says that it is served. */
export function binding(cloud: Cloud, port: Bindable, { host, now }: { readonly host: string; readonly now: string }): Binding {
  const base = { "binding:host_id": host, "binding:vif_details": {}, status: "DOWN" } as const;
  if (host === "") return { ...base, "binding:vif_type": "unbound" };
  if (port["binding:vnic_type"] !== "normal" || !isServed(cloud, host, now)) return { ...base, "binding:vif_type": "binding_failed" };
  return { ...base, "binding:vif_type": "tap", "binding:vif_details": { port_filter: true, mac_address: hostSideMac(port.mac_address) } };
}

/** Is there a compute agent on the host, and was it heard lately? */
function isServed(cloud: Cloud, host: string, now: string): boolean {
  const agent = cloud.get("agent", host);
  return agent !== undefined && agent.configurations["role"] === "compute" && isAlive(agent, now);
}

export function isBound(port: Port): boolean {
  return port["binding:vif_type"] === "tap";
}

/** The binding after a change. Naming the host that serves it already changes nothing. */
export function rebinding(cloud: Cloud, { before, next, named, now }: Rebinding): Binding {
  const host = named ?? before["binding:host_id"];
  const stays = host === before["binding:host_id"] && (named === undefined || isBound(before));
  return stays ? before : binding(cloud, next, { host, now });
}

export interface Rebinding {
  readonly before: Port;
  readonly next: Port;
  /** The host that the change names, if it names one. */
  readonly named: string | undefined;
  readonly now: string;
}
