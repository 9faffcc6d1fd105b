/**
 * Nova's side of a NIC, call by call: it creates the port as the user, binds it as the administrator, makes the tap, and
 * lets the guest run once the port is ACTIVE. Its order and its expectations are Nova's (nova/network/neutron.py,
 * nova/virt/libvirt/vif.py, VIF_TYPE_TAP).
 */
import { ask, Refused } from "./cloud.ts";
import type { CloudGroup, CloudNetwork, CloudPort } from "./cloud.ts";
import type { Lab } from "./place.ts";
import { until } from "./wait.ts";

export interface PortWish {
  /** Name of the network. */
  readonly network: string;
  /** Names or ids; the project's default group when there are none. */
  readonly groups: readonly string[];
  /** A port that is there already. */
  readonly port_id?: string;
  /** It is there before its port is bound. */
  readonly tap?: "stands";
}

export interface Server {
  readonly id: string;
  readonly host: string;
}

export interface BoundPort {
  readonly port: CloudPort;
  /** Of the network. */
  readonly mtu: number;
  readonly network: string;
  /** The MAC that the tap must have. */
  readonly tapMac: string;
  /** It was there before, and stays. */
  readonly keep: boolean;
}

export async function bindPort(lab: Lab, server: Server, wish: PortWish): Promise<BoundPort> {
  const network = await networkNamed(lab, wish.network);
  const keep = wish.port_id !== undefined;
  const created = keep ? await freePort(lab, wish.port_id) : await createPort(lab, network, { ...wish, device_id: server.id });
  try {
    return { ...(await bind(lab, created.id, server, wish)), mtu: network.mtu, network: network.name, keep };
  } catch (error) {
    await releasePort(lab, { port_id: created.id, keep });
    throw error;
  }
}

async function bind(
  lab: Lab,
  id: string,
  server: Server,
  { tap }: PortWish,
): Promise<{ readonly port: CloudPort; readonly tapMac: string }> {
  const body = { port: { device_id: server.id, device_owner: "compute:nova", "binding:host_id": server.host } };
  const { port } = await ask<{ port: CloudPort }>(lab, { method: "PUT", path: `/v2.0/ports/${id}`, body });
  const [type, tapMac] = [port["binding:vif_type"], port["binding:vif_details"].mac_address];
  if (type === "binding_failed") throw new Error(`port ${id} cannot be bound on ${server.host}: no agent of a compute host is alive there`);
  if (type !== "tap" || tapMac === undefined)
    throw new Error(`port ${id} on ${server.host}: a tap with a MAC is expected, not ${type} with ${tapMac}`);
  // Nova waits only for a port that is not ACTIVE when it is bound; else the guest would run before its network does.
  if (port.status === "ACTIVE" && tap !== "stands") throw new Error(`port ${id} is ACTIVE before its tap exists`);
  return { port, tapMac };
}

export async function untilActive(lab: Lab, portId: string): Promise<void> {
  await until({ what: `port ${portId} to become ACTIVE`, timeout: 20_000 }, async () => {
    const { port } = await ask<{ port: CloudPort }>(lab, { method: "GET", path: `/v2.0/ports/${portId}` });
    // Nova gives up as well (network-vif-plugged with status failed).
    if (port.status === "ERROR") throw new Error(`port ${portId} is in ERROR: its host could not make its network`);
    return port.status === "ACTIVE" ? undefined : `it is ${port.status}`;
  });
}

/** What Nova does with a port when its NIC goes: its own is deleted, another's is given back. One that has gone already is no trouble. */
export async function releasePort(lab: Lab, nic: { readonly port_id: string; readonly keep: boolean }): Promise<void> {
  const path = `/v2.0/ports/${nic.port_id}`;
  const back = { port: { device_id: "", device_owner: "", "binding:host_id": "" } };
  await ask(lab, nic.keep ? { method: "PUT", path, body: back } : { method: "DELETE", path }).catch((error: unknown) => {
    if (!(error instanceof Refused && error.status === 404)) throw error;
  });
}

/** Of the port's network. */
export async function mtuOf(lab: Lab, portId: string): Promise<number> {
  const { port } = await ask<{ port: CloudPort }>(lab, { method: "GET", path: `/v2.0/ports/${portId}` });
  return (await ask<{ network: CloudNetwork }>(lab, { method: "GET", path: `/v2.0/networks/${port.network_id}` })).network.mtu;
}

/** As Nova names it: what the agent looks for. */
export function tapOf(portId: string): string {
  return `tap${portId.slice(0, 11)}`;
}

async function createPort(lab: Lab, network: CloudNetwork, wish: PortWish & { readonly device_id: string }): Promise<CloudPort> {
  const groups = await Promise.all(wish.groups.map((group) => groupNamed(lab, group)));
  const body = {
    port: {
      network_id: network.id,
      device_id: wish.device_id,
      admin_state_up: true,
      ...(groups.length === 0 ? {} : { security_groups: groups.map(({ id }) => id) }),
    },
  };
  return (await ask<{ port: CloudPort }>(lab, { method: "POST", path: "/v2.0/ports", body })).port;
}

async function freePort(lab: Lab, id: string): Promise<CloudPort> {
  const { port } = await ask<{ port: CloudPort }>(lab, { method: "GET", path: `/v2.0/ports/${id}` });
  if (port.device_id !== "") throw new Error(`port ${id} is in use by ${port.device_id}`);
  return port;
}

async function networkNamed(lab: Lab, name: string): Promise<CloudNetwork> {
  const { networks } = await ask<{ networks: readonly CloudNetwork[] }>(lab, { method: "GET", path: "/v2.0/networks" });
  const network = networks.find((one) => one.name === name || one.id === name);
  if (network === undefined) throw new Error(`no network "${name}" in the cloud; there are ${namesOf(networks)}`);
  return network;
}

async function groupNamed(lab: Lab, name: string): Promise<CloudGroup> {
  const { security_groups } = await ask<{ security_groups: readonly CloudGroup[] }>(lab, { method: "GET", path: "/v2.0/security-groups" });
  const found = security_groups.filter((group) => group.name === name || group.id === name);
  const [group, ...more] = found;
  if (group === undefined) throw new Error(`no security group "${name}" in the cloud; there are ${namesOf(security_groups)}`);
  if (more.length > 0) throw new Error(`${found.length} security groups are called "${name}"; say which by its id`);
  return group;
}

/** Groups of several projects may have the same name. */
function namesOf(items: readonly { readonly name: string }[]): string {
  return [...new Set(items.map(({ name }) => name))].join(", ") || "none";
}
