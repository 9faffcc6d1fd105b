/** A router's way outside: a port on an external network, which belongs to no project and keeps the router's addresses there. */
import { privateRanges } from "../datacenter/ranges.ts";
import { overlaps } from "../net/prefix.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { needsGateway } from "./floating-ip-links.ts";
import { addressesFor } from "./port-addresses.ts";
import type { Port } from "./port.ts";
import { networkNotFound } from "./refusals.ts";
import { clash } from "./router-clash.ts";
import { GATEWAY_OWNER, gatewayPortOf, interfacesOf } from "./router-links.ts";
import * as refusal from "./router-refusals.ts";
import type { GatewayInfo, Router } from "./router.ts";
import { removal, touched, write } from "./rules.ts";
import type { Ask } from "./rules.ts";
import { servicePort } from "./service-port.ts";
import { isExternal } from "./sharing.ts";
import { seesNetwork } from "./subnet-decisions.ts";

/** What is told of it; null: there is none. */
export function gatewayInfoOf(cloud: Cloud, { id, enable_snat }: Pick<Router, "id" | "enable_snat">): GatewayInfo | null {
  const port = gatewayPortOf(cloud, id);
  return port === undefined ? null : { network_id: port.network_id, external_fixed_ips: port.fixed_ips, enable_snat };
}

export interface Wished extends Ask {
  readonly wish: GatewayInfo | null;
}

/** What is written so that a router's gateway is as wished; null: that it has none. Nothing, where it is so already. */
export function gatewayWrites(cloud: Cloud, routerId: string, { wish, ...ask }: Wished): Result<readonly RowWrite[]> {
  const port = gatewayPortOf(cloud, routerId);
  if (wish === null) return port === undefined ? ok([]) : released(cloud, routerId, port);
  const wrong = wrongNetwork(cloud, wish, ask);
  if (wrong !== undefined) return refused(wrong);
  if (port?.network_id === wish.network_id) return readdressed(cloud, port, { wish, ...ask });
  const freed = port === undefined ? ok([]) : released(cloud, routerId, port);
  if (!freed.ok) return freed;
  const made = connected(cloud, routerId, { wish, ...ask });
  return made.ok ? ok([...freed.value, write("port", made.value.id, made.value)]) : made;
}

/** A network that the asker cannot see is not there. */
function wrongNetwork(cloud: Cloud, { network_id: id, external_fixed_ips: wishes = [] }: GatewayInfo, { who }: Ask): Refusal | undefined {
  const on = cloud.get("network", id);
  if (on === undefined || !seesNetwork(cloud, on, who)) return networkNotFound(id);
  if (!isExternal(cloud, id)) return refusal.notExternal(id);
  const gateways = [...cloud.by("subnet", "network_id", id)].map(({ gateway_ip: gateway }) => gateway);
  const taken = wishes.find(({ ip_address: address }) => address !== undefined && gateways.includes(address))?.ip_address;
  return taken === undefined ? undefined : refusal.gatewayOfSubnet(taken);
}

/** 409 RouterExternalGatewayInUseByFloatingIp */
function released(cloud: Cloud, routerId: string, port: Port): Result<readonly RowWrite[]> {
  return needsGateway(cloud, routerId) ? refused(refusal.gatewayNeeded(routerId, port.network_id)) : ok([removal("port", port.id)]);
}

interface Granted extends Ask {
  readonly wish: GatewayInfo;
}

function connected(cloud: Cloud, routerId: string, { wish, fresh }: Granted): Result<Port> {
  const subnets = [...cloud.by("subnet", "network_id", wish.network_id)];
  const wrong = clash(cloud, interfacesOf(cloud, routerId), subnets);
  if (wrong !== undefined) return refused(wrong);
  const wishes = wish.external_fixed_ips ?? [];
  const said = { network_id: wish.network_id, project_id: "", device_owner: GATEWAY_OWNER, device_id: routerId, status: "ACTIVE" } as const;
  // None named: whatever the network gives.
  return servicePort(cloud, wishes.length === 0 ? said : { ...said, fixed_ips: wishes }, fresh);
}

/** On the network that it is on already, addresses change only where some are named. */
function readdressed(cloud: Cloud, port: Port, { wish, fresh }: Granted): Result<readonly RowWrite[]> {
  const wishes = wish.external_fixed_ips ?? [];
  if (wishes.length === 0) return ok([]);
  const addresses = addressesFor(cloud, { port: { ...port, has: port.fixed_ips }, wishes, fresh });
  if (!addresses.ok) return addresses;
  if (JSON.stringify(addresses.value) === JSON.stringify(port.fixed_ips)) return ok([]);
  return ok([write("port", port.id, touched({ ...port, fixed_ips: addresses.value }, fresh))]);
}

/** The gateways of the data centre translate the private range, whoever sends: a router cannot take that back. */
export function wrongSnat(cloud: Cloud, { id, enable_snat: may }: Pick<Router, "id" | "enable_snat">): Refusal | undefined {
  const applied = cloud.get("datacenter", "this");
  if (may || applied === undefined) return undefined;
  const subnets = interfacesOf(cloud, id).flatMap((port) => port.fixed_ips.map(({ subnet_id: subnet }) => cloud.get("subnet", subnet)));
  for (const range of privateRanges(applied)) {
    const translated = subnets.find((subnet) => subnet !== undefined && overlaps(subnet.cidr, range));
    if (translated !== undefined) return refusal.translatedAnyway(translated.id, range);
  }
  return undefined;
}
