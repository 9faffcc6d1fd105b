/** Connecting a router to a subnet: by the subnet, whose gateway it then stands for, or by a port that is there. */
import { compareIp, familyOf } from "../net/address.ts";
import { mayNot } from "../policy/may.ts";
import { isAdmin } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { sees, targetOf } from "./look.ts";
import { addressesFor } from "./port-addresses.ts";
import { binding } from "./port-binding.ts";
import { portDecisions } from "./port-decisions.ts";
import { bindingsGone } from "./port-removal.ts";
import { port as declaredPort } from "./port.ts";
import type { Port } from "./port.ts";
import { portNotFound, subnetNotFound } from "./refusals.ts";
import { clash } from "./router-clash.ts";
import { wrongSnat } from "./router-gateway.ts";
import { acted, namedIn } from "./router-link.ts";
import type { Connected } from "./router-link.ts";
import { INTERFACE_OWNER, interfacesOf, linksOf } from "./router-links.ts";
import * as refusal from "./router-refusals.ts";
import type { Router } from "./router.ts";
import { touched, write } from "./rules.ts";
import type { Acted, Acting, Ask } from "./rules.ts";
import { servicePort } from "./service-port.ts";
import { subnetDecisions } from "./subnet-decisions.ts";
import type { Subnet } from "./subnet.ts";

/** `add_router_interface` */
export function addInterface(cloud: Cloud, row: Router, { body, ...ask }: Acting): Result<Acted<Router>> {
  const named = namedIn(body);
  if (!named.ok) return named;
  const { port_id: port, subnet_id: subnet } = named.value;
  if (port !== undefined && subnet !== undefined) return refused(refusal.bothNamed);
  const connected = port === undefined ? bySubnet(cloud, row, { id: subnet ?? "", ...ask }) : byPort(cloud, row, { id: port, ...ask });
  if (!connected.ok) return connected;
  const { id } = connected.value.port;
  const writes = [...bindingsGone(cloud, id), write("port", id, connected.value.port)];
  const wrong = cloud.attempt((put) => {
    put(writes);
    return wrongSnat(cloud, row);
  });
  return wrong === undefined ? ok(acted(row, connected.value, writes)) : refused(wrong);
}

interface ById extends Ask {
  readonly id: string;
}

function bySubnet(cloud: Cloud, row: Router, { id, ...ask }: ById): Result<Connected> {
  const subnet = cloud.get("subnet", id);
  if (subnet === undefined || !sees(subnetDecisions, cloud, { row: subnet, who: ask.who })) return refused(subnetNotFound(id));
  const { gateway_ip: gateway } = subnet;
  if (gateway === null) return refused(refusal.noGatewayAddress);
  const wrong = foreign(cloud, subnet, ask.who) ?? otherAdvertiser(subnet) ?? clash(cloud, linksOf(cloud, row.id), [subnet]);
  if (wrong !== undefined) return refused(wrong);
  const wish = { subnet_id: subnet.id, ip_address: gateway };
  const before = familyOf(subnet.cidr) === 6 ? ipv6PortOn(cloud, row.id, subnet.network_id) : undefined;
  const port = before === undefined ? made(cloud, row, { wish, subnet, ...ask }) : extended(cloud, before, { wish, subnet, ...ask });
  return port.ok ? ok({ port: port.value, subnets: [subnet] }) : port;
}

/** Only its owner connects a subnet; or a project that its network is shared with by name, not one among all. */
function foreign(cloud: Cloud, subnet: Subnet, who: Who): Refusal | undefined {
  const given = cloud.grants.of(subnet.network_id, "access_as_shared").has(who.project);
  return isAdmin(who) || subnet.project_id === who.project || given ? undefined : refusal.foreignSubnet(subnet.id);
}

function otherAdvertiser({ id, ipv6_ra_mode: advertised, ipv6_address_mode: mode }: Subnet): Refusal | undefined {
  return advertised === null && mode !== null ? refusal.otherAdvertiser(id) : undefined;
}

interface Linking extends Ask {
  readonly wish: Port["fixed_ips"][number];
  readonly subnet: Subnet;
}

function made(cloud: Cloud, row: Router, { wish, subnet, fresh }: Linking): Result<Port> {
  const { id: device_id, project_id } = row;
  const said = { network_id: subnet.network_id, project_id, device_owner: INTERFACE_OWNER, device_id, status: "ACTIVE" } as const;
  return servicePort(cloud, { ...said, fixed_ips: [wish] }, fresh);
}

/** All IPv6 subnets of a network are connected by one port, as hosts expect of one router on one link. */
function extended(cloud: Cloud, port: Port, { wish, fresh }: Linking): Result<Port> {
  const addresses = addressesFor(cloud, { port: { ...port, has: port.fixed_ips }, wishes: [...port.fixed_ips, wish], fresh });
  return addresses.ok ? ok(touched({ ...port, fixed_ips: addresses.value }, fresh)) : addresses;
}

function ipv6PortOn(cloud: Cloud, routerId: string, networkId: string): Port | undefined {
  return interfacesOf(cloud, routerId).find((port) => port.network_id === networkId && hasIpv6(port));
}

function hasIpv6(port: Port): boolean {
  return port.fixed_ips.some(({ ip_address: address }) => familyOf(address) === 6);
}

function byPort(cloud: Cloud, row: Router, { id, who, fresh }: ById): Result<Connected> {
  const port = cloud.get("port", id);
  if (port === undefined || !sees(portDecisions, cloud, { row: port, who })) return refused(portNotFound(id));
  // Whose network it is on sees it, and may not change it for that.
  const target = targetOf(portDecisions, cloud, { row: port, who });
  const denied = mayNot(declaredPort, { verb: "update", who, target, policy: cloud.settings.policy });
  if (denied !== undefined) return refused(denied);
  if (port.device_id !== "") return refused(refusal.portInUse({ id, network: port.network_id, device: port.device_id }));
  const subnets = port.fixed_ips.flatMap(({ subnet_id: subnet }) => cloud.get("subnet", subnet) ?? []);
  const wrong = wrongPort(cloud, row, { port, subnets }) ?? outOfPools({ port, subnets }, who);
  if (wrong !== undefined) return refused(wrong);
  const linked = { ...port, ...binding(cloud, port, { host: "", now: fresh.now }), device_id: row.id, device_owner: INTERFACE_OWNER };
  return ok({ port: touched({ ...linked, status: "ACTIVE" }, fresh), subnets });
}

function wrongPort(cloud: Cloud, row: Router, { port, subnets }: Connected): Refusal | undefined {
  if (subnets.length === 0) return refusal.noAddress;
  const advertised = subnets.map(otherAdvertiser).find((wrong) => wrong !== undefined);
  if (advertised !== undefined) return advertised;
  const second = hasIpv6(port) ? ipv6PortOn(cloud, row.id, port.network_id) : undefined;
  if (second !== undefined) return refusal.secondIpv6Port(second.id, port.network_id);
  const wrong = clash(cloud, linksOf(cloud, row.id), subnets);
  if (wrong !== undefined) return wrong;
  return subnets.filter(({ cidr }) => familyOf(cidr) === 4).length > 1 ? refusal.severalIpv4 : undefined;
}

/** What is not given out unasked of a subnet is for its owner to place. */
function outOfPools({ port, subnets }: Connected, who: Who): Refusal | undefined {
  if (isAdmin(who)) return undefined;
  const wrong = port.fixed_ips.find(({ subnet_id: id, ip_address: address }) => {
    const subnet = subnets.find((candidate) => candidate.id === id);
    return subnet !== undefined && subnet.project_id !== who.project && !isInPools(subnet, address);
  });
  return wrong === undefined ? undefined : refusal.outOfPools(port.id, wrong.subnet_id);
}

function isInPools({ allocation_pools: pools }: Subnet, address: Port["fixed_ips"][number]["ip_address"]): boolean {
  return pools.some(({ start, end }) => compareIp(start, address) <= 0 && compareIp(address, end) <= 0);
}
