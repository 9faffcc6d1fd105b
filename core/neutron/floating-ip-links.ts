/**
 * What hangs on floating IPs. Ports, routers and networks ask here before they go, and are told what goes with them.
 */
import { familyOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import { contains } from "../net/prefix.ts";
import { orderTexts } from "../resource/type.ts";
import { isAdmin } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { FLOATING_OWNER } from "./floating-ip.ts";
import type { FloatingIp } from "./floating-ip.ts";
import * as refusal from "./floating-ip-refusals.ts";
import type { PortForwarding } from "./port-forwarding.ts";
import { rangeOf } from "./port-range.ts";
import type { FixedIp } from "./port-types.ts";
import type { Port } from "./port.ts";
import { servicePortInUse } from "./refusals.ts";
import { removal, touched, write } from "./rules.ts";

/** Does the router need its gateway: does any floating IP lead through it? */
export function needsGateway(cloud: Cloud, routerId: string): boolean {
  return cloud.count("floatingip", "router_id", routerId) > 0;
}

/** Does any floating IP lead through the router to an address of this subnet? */
export function needsInterface(cloud: Cloud, routerId: string, subnetId: string): boolean {
  const block = cloud.get("subnet", subnetId)?.cidr;
  if (block === undefined) return false;
  const isInside = (address: FloatingIp["fixed_ip_address"]) => address !== null && contains(block, address);
  return [...cloud.by("floatingip", "router_id", routerId)].some(
    (row) => isInside(row.fixed_ip_address) || forwardingsOf(cloud, row.id).some((each) => isInside(each.internal_ip_address)),
  );
}

/** The port forwardings of a floating IP, by protocol and port. */
export function forwardingsOf(cloud: Cloud, floatingIpId: string): readonly PortForwarding[] {
  const from = (row: PortForwarding) => rangeOf(row.external_port_range).first;
  const order = (left: PortForwarding, right: PortForwarding) => orderTexts(left.protocol, right.protocol) || from(left) - from(right);
  return [...cloud.by("port_forwarding", "floatingip_id", floatingIpId)].toSorted(order);
}

/** The port that keeps the address of a floating IP. */
export function addressPortOf(cloud: Cloud, floatingIpId: string): Port | undefined {
  return [...cloud.by("port", "device_id", floatingIpId)].find(({ device_owner: owner }) => owner === FLOATING_OWNER);
}

/** It leads nowhere any more. */
export function disassociated<R extends FloatingIp>(row: R): R {
  return { ...row, port_id: null, fixed_ip_address: null, router_id: null };
}

/**
 * What is written when a port goes: its floating IPs lead nowhere, its port forwardings go too. 409 FipAssociated where a
 * floating IP is another project's, which an administrator must have associated; 409 ServicePortInUse where the port keeps
 * the address of one.
 */
export function releasedBy(
  cloud: Cloud,
  port: Port,
  { who, fresh }: { readonly who: Who; readonly fresh: Fresh },
): Result<readonly RowWrite[]> {
  if (keepsFloatingIp(cloud, port)) return refused(servicePortInUse(port.id, FLOATING_OWNER));
  const floating = [...cloud.by("floatingip", "port_id", port.id)];
  if (!isAdmin(who) && floating.some((row) => row.project_id !== who.project)) return refused(refusal.stillAssociated(port.id));
  const freed = floating.map((row) => write("floatingip", row.id, touched(disassociated(row), fresh)));
  return ok([...freed, ...forwardingsGone(cloud, [...cloud.by("port_forwarding", "internal_port_id", port.id)], fresh)]);
}

function keepsFloatingIp(cloud: Cloud, port: Port): boolean {
  return port.device_owner === FLOATING_OWNER && cloud.get("floatingip", port.device_id) !== undefined;
}

/** 400 BadRequest where a port may not have other addresses: they are a floating IP's, or a floating IP stands for one that would go. */
export function wrongReaddressing(cloud: Cloud, port: Port, next: readonly FixedIp[]): Refusal | undefined {
  const lost = lostBy(port, next);
  if (lost.size === 0 && next.length === port.fixed_ips.length) return undefined;
  if (keepsFloatingIp(cloud, port)) return refusal.addressOfFloatingIp(port.id);
  const stands = [...cloud.by("floatingip", "port_id", port.id)].some((row) => lost.has(row.fixed_ip_address));
  return stands ? refusal.addressNeeded(port.id) : undefined;
}

/** Port forwardings to addresses that the port has no more go. */
export function forwardingsLost(cloud: Cloud, { port, next, fresh }: Readdressed): readonly RowWrite[] {
  const lost = lostBy(port, next);
  const gone = [...cloud.by("port_forwarding", "internal_port_id", port.id)].filter((each) => lost.has(each.internal_ip_address));
  return forwardingsGone(cloud, gone, fresh);
}

export interface Readdressed {
  readonly port: Port;
  readonly next: readonly FixedIp[];
  readonly fresh: Fresh;
}

function lostBy(port: Port, next: readonly FixedIp[]): Set<string | null> {
  const kept = new Set(next.map((fixed) => fixed.ip_address));
  return new Set(port.fixed_ips.map((fixed) => fixed.ip_address).filter((address) => !kept.has(address)));
}

/** A floating IP without any port forwarding is free for another router. */
export function forwardingsGone(cloud: Cloud, gone: readonly PortForwarding[], fresh: Fresh): readonly RowWrite[] {
  const ids = new Set(gone.map(({ id }) => id));
  const freed = [...new Set(gone.map((each) => each.floatingip_id))].flatMap((id) => {
    const row = cloud.get("floatingip", id);
    const empty = forwardingsOf(cloud, id).every((each) => ids.has(each.id));
    return row === undefined || !empty ? [] : [write("floatingip", id, touched({ ...row, router_id: null }, fresh))];
  });
  return [...gone.map(({ id }) => removal("port_forwarding", id)), ...freed];
}

/** Floating IPs of a network that lead nowhere: they go with it. */
export function idleOn(cloud: Cloud, networkId: string): readonly FloatingIp[] {
  const rows = [...cloud.by("floatingip", "floating_network_id", networkId)];
  return rows.filter((row) => row.port_id === null && forwardingsOf(cloud, row.id).length === 0);
}

/** What is written when a floating IP goes: its address is free again. */
export function floatingIpGone(cloud: Cloud, id: string): readonly RowWrite[] {
  const port = addressPortOf(cloud, id);
  return [...(port === undefined ? [] : [removal("port", port.id)]), removal("floatingip", id)];
}

/** The addresses of a port that a floating IP of this family can stand for. */
export function fixedOf(port: Port, family: Family): readonly FixedIp[] {
  return port.fixed_ips.filter((fixed) => familyOf(fixed.ip_address) === family);
}
