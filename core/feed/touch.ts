/** Which items, and whose interest, a changed row may have changed: more than it did, never less. */
import type { Ip } from "../net/address.ts";
import type { Cloud } from "../neutron/cloud.ts";
import type { Binding } from "../neutron/binding.ts";
import { inactiveBindings, isBound } from "../neutron/port-binding.ts";
import { migratingTo } from "../neutron/port-types.ts";
import { forwardingsOf } from "../neutron/floating-ip-links.ts";
import type { FloatingIp } from "../neutron/floating-ip.ts";
import type { PortForwarding } from "../neutron/port-forwarding.ts";
import type { Network } from "../neutron/network.ts";
import type { Port } from "../neutron/port.ts";
import type { BandwidthLimit, PacketRateLimit } from "../neutron/qos-rule.ts";
import type { SecurityGroupRule } from "../neutron/security-group-rule.ts";
import { claimantsOf, pairedAddresses } from "../neutron/pair-claims.ts";
import { addressesOf } from "./facts.ts";
import { sharersOf } from "./floating.ts";
import type { ItemKey } from "./item.ts";

export interface Touched {
  /** Items that are no members. */
  readonly keys: Set<ItemKey>;
  /** Hosts whose endpoints, or their groups, may be others. */
  readonly hosts: Set<string>;
  /** Groups whose rules may name others. */
  readonly groups: Set<string>;
  /** By group and address: by how many more of its ports have it than before; by fewer, where it is negative. */
  readonly members: Map<string, Map<Ip, number>>;
}

export function untouched(): Touched {
  return { keys: new Set(), hosts: new Set(), groups: new Set(), members: new Map() };
}

/** A row before and after a commit. */
interface Changed {
  readonly key: string;
  readonly before: object | undefined;
  readonly after: object | undefined;
}

/** Adds to `touched` what this change may have changed. Looks at `cloud` after the change. */
export function touch(touched: Touched, cloud: Cloud, { key, before, after }: Changed): void {
  const slash = key.indexOf("/");
  const [table, id] = [key.slice(0, slash), key.slice(slash + 1)];
  // A row is of the type of its table, before and after.
  const rows = [before, after].filter((row) => row !== undefined);
  if (table === "datacenter") touched.keys.add("datacenter/this");
  else if (table === "subnet") touched.keys.add(`subnet/${id}`);
  else if (table === "network")
    touchNetwork(touched, cloud, { id, before: before as Network | undefined, after: after as Network | undefined });
  else if (table === "security_group") touched.keys.add(`group/${id}`);
  else if (table === "address_group") touched.keys.add(`address_group/${id}`);
  else if (table === "security_group_rule") for (const rule of rows) touchGroup(touched, (rule as SecurityGroupRule).security_group_id);
  else if (table === "port") touchPort(touched, cloud, { id, before: before as Port | undefined, after: after as Port | undefined });
  else if (table === "floatingip") for (const row of rows) touchFloating(touched, cloud, row as FloatingIp);
  else if (table === "port_forwarding") for (const row of rows) touchForwarding(touched, cloud, row as PortForwarding);
  else if (table === "bandwidth_limit_rule" || table === "packet_rate_limit_rule")
    for (const limit of rows) touchFollowers(touched, cloud, (limit as BandwidthLimit | PacketRateLimit).qos_policy_id);
  else if (table === "port_binding") for (const binding of rows) touchBinding(touched, binding as Binding);
}

function touchFloating(touched: Touched, cloud: Cloud, { port_id: port, fixed_ip_address: ip }: FloatingIp): void {
  if (port !== null) touched.keys.add(`endpoint/${port}`);
  if (ip !== null) for (const { id } of claimantsOf(cloud, ip)) touched.keys.add(`endpoint/${id}`);
}

/** One of several ports that share a floating IP is told of all its port forwardings, and a change may make it another one. */
function touchForwarding(touched: Touched, cloud: Cloud, row: PortForwarding): void {
  touched.keys.add(`endpoint/${row.internal_port_id}`);
  for (const other of forwardingsOf(cloud, row.floatingip_id)) touched.keys.add(`endpoint/${other.internal_port_id}`);
}

interface NetworkChange {
  readonly id: string;
  readonly before: Network | undefined;
  readonly after: Network | undefined;
}

/** A network has thousands of ports: they are looked at only where its limits are others. */
function touchNetwork(touched: Touched, cloud: Cloud, { id, before, after }: NetworkChange): void {
  for (const subnet of cloud.by("subnet", "network_id", id)) touched.keys.add(`subnet/${subnet.id}`);
  if (before === undefined || after === undefined || before.qos_policy_id === after.qos_policy_id) return;
  touchPortsOn(touched, cloud, id);
}

function touchPortsOn(touched: Touched, cloud: Cloud, network: string): void {
  for (const port of cloud.by("port", "network_id", network)) touched.keys.add(`endpoint/${port.id}`);
}

/** Ports that point to a QoS policy, and those of networks that do. */
function touchFollowers(touched: Touched, cloud: Cloud, policy: string): void {
  for (const port of cloud.by("port", "qos_policy_id", policy)) touched.keys.add(`endpoint/${port.id}`);
  for (const network of cloud.by("network", "qos_policy_id", policy)) touchPortsOn(touched, cloud, network.id);
}

function touchGroup(touched: Touched, group: string): void {
  touched.keys.add(`group/${group}`);
  touched.groups.add(group);
}

function touchBinding(touched: Touched, { port_id: port, host }: Binding): void {
  touched.keys.add(`endpoint/${port}`);
  touched.hosts.add(host);
}

interface PortChange {
  readonly id: string;
  readonly before: Port | undefined;
  readonly after: Port | undefined;
}

function touchPort(touched: Touched, cloud: Cloud, { id, before, after }: PortChange): void {
  for (const binding of inactiveBindings(cloud, id)) touchBinding(touched, binding);
  for (const sharer of sharersOf(cloud, id)) touched.keys.add(`endpoint/${sharer}`);
  for (const port of [before, after]) {
    if (port === undefined || !isBound(port)) continue;
    touched.keys.add(`endpoint/${id}`);
    touched.hosts.add(port["binding:host_id"]);
    const expecting = migratingTo(port["binding:profile"]);
    if (expecting !== undefined) touched.hosts.add(expecting);
  }
  touchClaimants(touched, cloud, { before, after });
  if (before !== undefined) count(touched.members, before, -1);
  if (after !== undefined) count(touched.members, after, 1);
}

/** Whoever claims an address that this port claims, or has for its own: to whom it leads may be another. */
function touchClaimants(touched: Touched, cloud: Cloud, { before, after }: Omit<PortChange, "id">): void {
  const ports = [before, after].filter((port) => port !== undefined);
  const ips = new Set(ports.flatMap((port) => [...pairedAddresses(port), ...port.fixed_ips.map(({ ip_address: ip }) => ip)]));
  for (const ip of ips) for (const { id } of claimantsOf(cloud, ip)) touched.keys.add(`endpoint/${id}`);
}

/** A group may have thousands of members, and is never looked at as a whole for the sake of one port. */
function count(members: Touched["members"], port: Port, by: number): void {
  for (const group of new Set(port.security_groups)) {
    const counts = members.get(group) ?? new Map<Ip, number>();
    members.set(group, counts);
    for (const ip of addressesOf(port)) add(counts, ip, by);
  }
}

/** Most changes of a port leave its memberships as they are: what comes to nothing is not kept. */
function add(counts: Map<Ip, number>, ip: Ip, by: number): void {
  const sum = (counts.get(ip) ?? 0) + by;
  if (sum === 0) counts.delete(ip);
  else counts.set(ip, sum);
}
