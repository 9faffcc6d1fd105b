/** What a router's place on a subnet is needed for. */
import { contains } from "../net/prefix.ts";
import type { Refusal } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { needsInterface } from "./floating-ip-links.ts";
import { interfaceHoldsFloatingIp, interfaceHoldsRoute } from "./router-refusals.ts";

/** 409 RouterInterfaceInUseByFloatingIP or RouterInterfaceInUseByRoute; undefined: the router may leave the subnet. */
export function interfaceNeeded(cloud: Cloud, routerId: string, subnetId: string): Refusal | undefined {
  if (needsInterface(cloud, routerId, subnetId)) return interfaceHoldsFloatingIp(routerId, subnetId);
  const block = cloud.get("subnet", subnetId)?.cidr;
  const routes = cloud.get("router", routerId)?.routes ?? [];
  const leads = block !== undefined && routes.some(({ nexthop }) => contains(block, nexthop));
  return leads ? interfaceHoldsRoute(routerId, subnetId) : undefined;
}
