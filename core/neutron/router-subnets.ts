/** What routers mean for the subnets that they connect. */
import type { Refusal } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Port } from "./port.ts";
import { isInterface } from "./router-links.ts";
import { gatewayAddressInUse } from "./router-refusals.ts";
import type { Subnet } from "./subnet.ts";

/** The ports by which routers are on a subnet. */
export function interfacesOn(cloud: Cloud, subnetId: string): readonly Port[] {
  return [...cloud.by("port", "fixed_ips", `subnet_id=${subnetId}`)].filter(isInterface);
}

/** 409 GatewayIpInUse where a router has the gateway's address, and the subnet would have another gateway or none. */
export function wrongGatewayChange(cloud: Cloud, before: Subnet, after: Subnet): Refusal | undefined {
  const { gateway_ip: gateway } = before;
  if (gateway === null || gateway === after.gateway_ip) return undefined;
  const holder = interfacesOn(cloud, before.id).find((port) => port.fixed_ips.some(({ ip_address: address }) => address === gateway));
  return holder === undefined ? undefined : gatewayAddressInUse(gateway, holder.id);
}
