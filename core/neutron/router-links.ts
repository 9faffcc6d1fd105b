/**
 * What routers connect. A router is tied to the world by ports alone: one on its external network, and one or more on
 * the subnets that it serves; whatever is asked about its links is read off those ports.
 */
import type { Cloud } from "./cloud.ts";
import type { Port } from "./port.ts";

export const INTERFACE_OWNER = "network:router_interface";
export const GATEWAY_OWNER = "network:router_gateway";

/** The port by which a router is on its external network. */
export function gatewayPortOf(cloud: Cloud, routerId: string): Port | undefined {
  return linksOf(cloud, routerId).find(({ device_owner: owner }) => owner === GATEWAY_OWNER);
}

/** The ports by which a router serves subnets, oldest first. */
export function interfacesOf(cloud: Cloud, routerId: string): readonly Port[] {
  return linksOf(cloud, routerId).filter(({ device_owner: owner }) => owner === INTERFACE_OWNER);
}

/**
 * Ids of the routers that lead from a subnet to an external network; the one that holds the subnet's gateway address,
 * which its machines send to, comes first (as Neutron prefers it for floating IPs).
 */
export function routersConnecting(cloud: Cloud, subnetId: string, externalNetworkId: string): readonly string[] {
  const gateway = cloud.get("subnet", subnetId)?.gateway_ip;
  const holds = (port: Port) => Number(port.fixed_ips.some(({ ip_address: address }) => address === gateway));
  const ports = [...cloud.by("port", "fixed_ips", `subnet_id=${subnetId}`)].filter(isInterface);
  const routers = ports.toSorted((left, right) => holds(right) - holds(left)).map(({ device_id: router }) => router);
  return [...new Set(routers)].filter((router) => gatewayPortOf(cloud, router)?.network_id === externalNetworkId);
}

export function isInterface({ device_owner: owner }: Pick<Port, "device_owner">): boolean {
  return owner === INTERFACE_OWNER;
}

/** Does the port tie a router to a network, if there is such a router? */
export function isLink({ device_owner: owner }: Pick<Port, "device_owner">): boolean {
  return owner === INTERFACE_OWNER || owner === GATEWAY_OWNER;
}

/** All ports that tie a router to something. */
export function linksOf(cloud: Cloud, routerId: string): readonly Port[] {
  return [...cloud.by("port", "device_id", routerId)].filter(isLink);
}
