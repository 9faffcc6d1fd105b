/**
 * Where a subnet may lie, and who may stand at its gateway. All subnets are blocks of one address space, whatever network
 * they are on: what one of them gives out is routed through the whole cloud.
 */
import { rangesOf } from "../datacenter/ranges.ts";
import { covers, overlaps } from "../net/prefix.ts";
import type { Refusal } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Port } from "./port.ts";
import * as refusal from "./refusals.ts";
import { interfacesOn, wrongGatewayChange } from "./router-subnets.ts";
import type { Subnet } from "./subnet.ts";

/** Of a new subnet. */
export function misplaced(cloud: Cloud, row: Subnet): Refusal | undefined {
  return overlapping(cloud, row) ?? undeclared(cloud, row) ?? gatewayTaken(cloud, row) ?? deadNextHop(cloud, row);
}

/** Of a subnet that is there, where the change has to do with it. */
export function misplacedAfter(cloud: Cloud, before: Subnet, next: Subnet): Refusal | undefined {
  const moved = before.gateway_ip !== next.gateway_ip;
  const gateway = wrongGatewayChange(cloud, before, next) ?? (moved ? gatewayTaken(cloud, next) : undefined);
  return gateway ?? (moved || before.host_routes !== next.host_routes ? deadNextHop(cloud, next) : undefined);
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
  return gateway !== null && owner !== undefined && isMachine(owner) ? refusal.addressInUse(network, gateway) : undefined;
}

/** The same of a port: what a client says is for a machine cannot have a gateway's address. */
export function gatewayOfMachine(cloud: Cloud, port: Pick<Port, "device_owner" | "binding:host_id" | "fixed_ips">): Refusal | undefined {
  if (!isMachine(port)) return undefined;
  const at = port.fixed_ips.find(({ ip_address: address }) => cloud.addresses.gatewaysAt(address) > 0);
  return at === undefined ? undefined : refusal.gatewayForMachine(at.ip_address);
}

function isMachine(port: Pick<Port, "device_owner" | "binding:host_id">): boolean {
  return port.device_owner.startsWith("compute:") || port["binding:host_id"] !== "";
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
