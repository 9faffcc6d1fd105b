/** Whether a router could tell apart what it connects: no subnet twice, no two blocks with addresses in common. */
import { overlaps } from "../net/prefix.ts";
import type { Refusal } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Port } from "./port.ts";
import { GATEWAY_OWNER } from "./router-links.ts";
import * as refusal from "./router-refusals.ts";
import type { Subnet } from "./subnet.ts";

/** 400 BadRequest where a router with these ports cannot be connected to these subnets as well. */
export function clash(cloud: Cloud, ports: readonly Port[], subnets: readonly Subnet[]): Refusal | undefined {
  const has = new Set(ports.flatMap((port) => port.fixed_ips.map(({ subnet_id: id }) => id)));
  const twice = subnets.find(({ id }) => has.has(id));
  if (twice !== undefined) return refusal.alreadyOn(twice.id);
  for (const reached of ports.flatMap((port) => reachedBy(cloud, port)))
    for (const subnet of subnets) if (overlaps(reached.cidr, subnet.cidr)) return refusal.blocksOverlap(subnet, reached);
  return undefined;
}

/** Through its gateway a router reaches all of the external network, whichever subnets its own addresses are from. */
function reachedBy(cloud: Cloud, port: Port): readonly Subnet[] {
  if (port.device_owner === GATEWAY_OWNER) return [...cloud.by("subnet", "network_id", port.network_id)];
  return port.fixed_ips.flatMap(({ subnet_id: id }) => cloud.get("subnet", id) ?? []);
}
