/** Binding: which host serves a port, which others expect it, and what Nova is told to make the tap with. */
import { hostSideMac } from "../net/mac.ts";
import { isAlive } from "./agent-decisions.ts";
import type { Binding } from "./binding.ts";
import type { Cloud } from "./cloud.ts";
import { migratingTo } from "./port-types.ts";
import type { Port } from "./port.ts";

type Bindable = Pick<Port, "mac_address">;
export type ActiveBinding = Pick<Port, "binding:host_id" | "binding:vif_type" | "binding:vif_details" | "status">;

/** Where, and when: as in `Fresh`. */
interface Place {
  readonly host: string;
  readonly now: string;
}

/** How the host would plug the port in. Without a compute agent there that is up and was heard lately, it would not. */
export function vifOn(cloud: Cloud, port: Bindable, { host, now }: Place): Pick<Binding, "vif_type" | "vif_details"> {
  if (!isServed(cloud, host, now)) return { vif_type: "binding_failed", vif_details: {} };
  return { vif_type: "tap", vif_details: { port_filter: true, mac_address: hostSideMac(port.mac_address) } };
}

/** A host that was told of it beforehand may have everything ready, and says nothing more once it is bound there. */
export function statusOn({ ready_on: ready }: Pick<Port, "ready_on">, host: string): "ACTIVE" | "DOWN" {
  return ready.includes(host) ? "ACTIVE" : "DOWN";
}

/** The binding of a port to a host (empty: none). It is DOWN until the host says that it is served. */
export function binding(cloud: Cloud, port: Bindable & Pick<Port, "ready_on">, place: Place): ActiveBinding {
  const vif = place.host === "" ? UNBOUND : vifOn(cloud, port, place);
  const status = vif.vif_type === "tap" ? statusOn(port, place.host) : "DOWN";
  return { "binding:host_id": place.host, "binding:vif_type": vif.vif_type, "binding:vif_details": vif.vif_details, status };
}

/** Of a port that no host serves, and of a host that serves it no longer. */
export const UNBOUND = { vif_type: "unbound", vif_details: {} } as const;

function isServed(cloud: Cloud, host: string, now: string): boolean {
  const agent = cloud.get("agent", host);
  return agent !== undefined && agent.configurations["role"] === "compute" && agent.admin_state_up && isAlive(agent, now);
}

export function isBound(port: Port): boolean {
  return port["binding:vif_type"] === "tap";
}

/** The binding after a change. Naming the host that serves it already changes nothing. */
export function rebinding(cloud: Cloud, { before, next, named, now }: Rebinding): ActiveBinding {
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

/** The key of a binding's row, within its table. */
export function bindingId({ port_id: port, host }: Pick<Binding, "port_id" | "host">): string {
  return `${port} ${host}`;
}

/** The bindings of a port besides its ACTIVE one. */
export function inactiveBindings(cloud: Cloud, port: string): readonly Binding[] {
  return [...cloud.by("port_binding", "port_id", port)];
}

/**
 * Hosts that a port's VM is about to move to: with a binding that can become ACTIVE, or (as Nova said it before there were
 * such) named in the profile. They are told the port beforehand, so that all is ready when the VM comes.
 */
export function expectingHosts(port: Port, others: readonly Binding[]): ReadonlySet<string> {
  const bound = others.filter(({ vif_type: type }) => type === "tap").map(({ host }) => host);
  const named = isBound(port) ? migratingTo(port["binding:profile"]) : undefined;
  return new Set([...bound, ...(named === undefined || named === port["binding:host_id"] ? [] : [named])]);
}

/** Ports that a host expects. */
export function expectedOn(cloud: Cloud, host: string): readonly Port[] {
  const ids = new Set([...cloud.by("port_binding", "host", host)].map(({ port_id: id }) => id));
  for (const { id } of cloud.by("port", "binding:profile", host)) ids.add(id);
  const ports = [...ids].flatMap((id) => cloud.get("port", id) ?? []);
  return ports.filter((port) => expectingHosts(port, inactiveBindings(cloud, port.id)).has(host));
}

/** The host on which the VM is: that of its latest sign of life, else the one that it is bound to. */
export function presentHost({ arrived_on: arrived, "binding:host_id": bound }: Pick<Port, "arrived_on" | "binding:host_id">): string {
  return arrived === "" ? bound : arrived;
}

/**
 * The port after a change of itself or of its bindings: what its other hosts have ready, and that the VM has come to one of them,
 * is remembered as far as they still expect it; and whenever another host serves it than before, that is a move. (Its first is none.)
 */
export function settled(before: Port, next: Port, others: readonly Binding[]): Port {
  const expecting = expectingHosts(next, others);
  const ready = next.ready_on.every((host) => expecting.has(host));
  const arrived = next.arrived_on === "" || expecting.has(next.arrived_on);
  const kept = ready && arrived ? next : { ...next, ...remembered(next, expecting) };
  const [was, now] = [presentHost(before), presentHost(kept)];
  return was === "" || now === "" || was === now ? kept : { ...kept, moves: before.moves + 1 };
}

function remembered({ ready_on, arrived_on }: Port, expecting: ReadonlySet<string>): Pick<Port, "ready_on" | "arrived_on"> {
  return { ready_on: ready_on.filter((host) => expecting.has(host)), arrived_on: expecting.has(arrived_on) ? arrived_on : "" };
}

/** The VM has shown a sign of life on this host, one of those that it is bound to or expected on. */
export function arrivedOn(port: Port, host: string): Port {
  return presentHost(port) === host ? port : { ...port, arrived_on: host === port["binding:host_id"] ? "" : host, moves: port.moves + 1 };
}

/** Undefined: no host is named to serve it. */
export function activeBinding(port: Port): Binding | undefined {
  const host = port["binding:host_id"];
  if (host === "") return undefined;
  return {
    port_id: port.id,
    host,
    vif_type: port["binding:vif_type"],
    vnic_type: port["binding:vnic_type"],
    status: "ACTIVE",
    profile: port["binding:profile"],
    vif_details: port["binding:vif_details"],
  };
}

/** The ACTIVE one first. */
export function bindingsOf(cloud: Cloud, port: Port): readonly Binding[] {
  const active = activeBinding(port);
  return [...(active === undefined ? [] : [active]), ...inactiveBindings(cloud, port.id)];
}

export function bindingOn(cloud: Cloud, port: Port, host: string): Binding | undefined {
  return bindingsOf(cloud, port).find((binding) => binding.host === host);
}

/** The rows of other hosts that are of no use once a port is bound as it is: its own host's, and all once it is unbound. */
export function outdatedBindings(cloud: Cloud, port: Port): readonly Binding[] {
  const host = port["binding:host_id"];
  return inactiveBindings(cloud, port.id).filter((other) => host === "" || other.host === host);
}
