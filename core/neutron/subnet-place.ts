/**
 * Where a subnet may lie, and who may stand at its gateway. All subnets are blocks of one address space, whatever network
 * they are on: what one of them gives out is routed through the whole cloud.
 */
import { meets, ownAddresses } from "../datacenter/own-addresses.ts";
import { rangesOf } from "../datacenter/ranges.ts";
import { contains, covers, overlaps, readCidr } from "../net/prefix.ts";
import type { Refusal } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { FLOATING_OWNER } from "./floating-ip.ts";
import type { Port } from "./port.ts";
import * as refusal from "./refusals.ts";
import { isInterface } from "./router-links.ts";
import { interfacesOn, wrongGatewayChange } from "./router-subnets.ts";
import type { Subnet } from "./subnet.ts";

/** Of a new subnet. */
export function misplaced(cloud: Cloud, row: Subnet): Refusal | undefined {
  const unfit = overlapping(cloud, row) ?? undeclared(cloud, row) ?? ofDataCenter(cloud, row) ?? gatewayElsewhere(cloud, row);
  return unfit ?? gatewayTaken(cloud, row) ?? deadNextHop(cloud, row);
}

/** Of a subnet that is there, where the change has to do with it. */
export function misplacedAfter(cloud: Cloud, before: Subnet, next: Subnet): Refusal | undefined {
  const moved = before.gateway_ip !== next.gateway_ip;
  const gateway =
    wrongGatewayChange(cloud, before, next) ?? (moved ? (gatewayElsewhere(cloud, next) ?? gatewayTaken(cloud, next)) : undefined);
  const own = moved || before.allocation_pools !== next.allocation_pools ? ofDataCenter(cloud, next) : undefined;
  return gateway ?? own ?? (moved || before.host_routes !== next.host_routes ? deadNextHop(cloud, next) : undefined);
}

/** Neutron's own rule is that no two subnets of one network overlap; what else there is to it, operators decide. */
function overlapping(cloud: Cloud, { cidr, network_id: network }: Subnet): Refusal | undefined {
  const others = cloud.settings.overlappingSubnets === "refused" ? cloud.all("subnet") : cloud.by("subnet", "network_id", network);
  for (const other of others) if (overlaps(other.cidr, cidr)) return refusal.subnetOverlaps(cidr, network);
  return undefined;
}

/** The fabric carries the ranges of the data centre and no others. */
function undeclared(cloud: Cloud, { cidr, network_id: network }: Subnet): Refusal | undefined {
  const applied = cloud.get("datacenter", "this");
  if (applied === undefined || cloud.settings.undeclaredSubnets === "allowed") return undefined;
  const ranges = rangesOf(applied);
  return ranges.some((range) => covers(range, cidr)) ? undefined : refusal.subnetUndeclared({ cidr, network, ranges });
}

/** Every host answers for a gateway, so no machine can have its address. */
function gatewayTaken(cloud: Cloud, { gateway_ip: gateway, network_id: network }: Subnet): Refusal | undefined {
  const owner = gateway === null ? undefined : cloud.get("port", cloud.addresses.ownerOf(gateway) ?? "");
  if (gateway === null || owner === undefined) return undefined;
  // What is somebody's on another network is not this network's to take, machine or not; routers there may share a gateway's address.
  const taken = isMachine(owner) || (owner.network_id !== network && !isInterface(owner));
  return taken ? refusal.addressInUse(network, gateway) : undefined;
}

/** What the data centre needs for itself is no gateway's, and given to nobody. */
function ofDataCenter(cloud: Cloud, { gateway_ip: gateway, allocation_pools: pools, network_id: network }: Subnet): Refusal | undefined {
  const applied = cloud.get("datacenter", "this");
  if (applied === undefined) return undefined;
  const own = ownAddresses(applied);
  const claimed = [...pools, ...(gateway === null ? [] : [{ start: gateway, end: gateway }])];
  const taken = claimed.find((stretch) => own.some((other) => meets(other, stretch)));
  return taken === undefined ? undefined : refusal.addressOfDataCenter(network, taken);
}

/**
 * A gateway's address is each host's own. One that lies outside of its block may be link-local, or of nobody's: not in another
 * subnet, and, once a data centre has been applied, not where whatever it is connected to may be.
 */
function gatewayElsewhere(cloud: Cloud, { id, cidr, gateway_ip: gateway }: Subnet): Refusal | undefined {
  if (gateway === null || contains(cidr, gateway) || LINK_LOCAL.some((block) => contains(block, gateway))) return undefined;
  const applied = cloud.get("datacenter", "this") !== undefined && cloud.settings.undeclaredSubnets === "refused";
  const others = [...cloud.all("subnet")].filter((other) => other.id !== id);
  const foreign = applied || others.some((other) => contains(other.cidr, gateway));
  return foreign ? refusal.gatewayOfOthers(gateway, cidr) : undefined;
}

/** RFC 4291; not IPv4's, where the metadata address lies. */
const LINK_LOCAL = ["fe80::/10"].flatMap((text) => readCidr(text) ?? []);

/** The same of a port: what a client says is for a machine cannot have a gateway's address. */
export function gatewayOfMachine(cloud: Cloud, port: Pick<Port, "device_owner" | "binding:host_id" | "fixed_ips">): Refusal | undefined {
  if (!isMachine(port)) return undefined;
  const at = port.fixed_ips.find(({ ip_address: address }) => cloud.addresses.gatewaysAt(address) > 0);
  return at === undefined ? undefined : refusal.gatewayForMachine(at.ip_address);
}

/** Hosts bring traffic for it to a machine: also for the address of a floating IP. */
function isMachine(port: Pick<Port, "device_owner" | "binding:host_id">): boolean {
  return port.device_owner.startsWith("compute:") || port.device_owner === FLOATING_OWNER || port["binding:host_id"] !== "";
}

/**
 * Whatever a guest takes for its next hop, the host answers for it, and routes by the destination alone. So a route by way of
 * the gateway, or of a router's interface, is as good as said; by way of another machine it would be told and never followed.
 */
function deadNextHop(cloud: Cloud, { id, gateway_ip: gateway, host_routes: routes }: Subnet): Refusal | undefined {
  if (cloud.settings.deadNextHops === "allowed") return undefined;
  if (routes.every(({ nexthop }) => nexthop === gateway)) return undefined;
  const passed = new Set(interfacesOn(cloud, id).flatMap((port) => port.fixed_ips.map(({ ip_address: address }) => address)));
  const dead = routes.find(({ nexthop }) => nexthop !== gateway && !passed.has(nexthop));
  return dead === undefined ? undefined : refusal.deadNextHop(dead, gateway);
}
