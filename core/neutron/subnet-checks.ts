/** What a subnet may not be, in the order in which Neutron finds it. */
import { bitsOf, compareIp, familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { contains, firstOf, lastOf, lengthOf, overlaps, readCidr } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Refusal } from "../result.ts";
import { hostsOf, isAutomatic } from "./ipam.ts";
import * as refusal from "./refusals.ts";
import type { Subnet } from "./subnet.ts";

type Check = (subnet: Subnet) => Refusal | undefined;

/** Neutron's own limits. */
const MOST_NAME_SERVERS = 5;
const MOST_HOST_ROUTES = 20;

export function wrongSubnet(subnet: Subnet): Refusal | undefined {
  for (const check of CHECKS) {
    const wrong = check(subnet);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

const CHECKS: readonly Check[] = [
  modesFit,
  blockFits,
  dhcpFits,
  gatewayFits,
  nameServersFit,
  routesFit,
  automaticFits,
  poolsFit,
  gatewayOutsidePools,
];

function modesFit({ ip_version: version, ipv6_ra_mode: ra, ipv6_address_mode: address, enable_dhcp: dhcp }: Subnet): Refusal | undefined {
  if (version === 4 && ra !== null) return refusal.invalidInput("ipv6_ra_mode is not valid when ip_version is 4");
  if (version === 4 && address !== null) return refusal.invalidInput("ipv6_address_mode is not valid when ip_version is 4");
  if ((ra !== null || address !== null) && !dhcp)
    return refusal.invalidInput("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False");
  if (ra === null || address === null || ra === address) return undefined;
  return refusal.invalidInput(
    `ipv6_ra_mode set to '${ra}' with ipv6_address_mode set to '${address}' is not valid. If both attributes are set, they must be the same value`,
  );
}

function blockFits({ ip_version: version, cidr }: Subnet): Refusal | undefined {
  const wrong = otherFamily("cidr", cidr, version);
  if (wrong !== undefined) return wrong;
  return lengthOf(cidr) === 0 ? refusal.invalidInput("0 is not allowed as CIDR prefix length") : undefined;
}

function otherFamily(name: string, value: Cidr | Ip, version: number): Refusal | undefined {
  return familyOf(value) === version ? undefined : refusal.invalidInput(`${name} '${value}' does not match the ip_version '${version}'`);
}

// Blocks that no host can be told its address from: RFC 1122, RFC 4291.
const NOT_FOR_HOSTS = ["224.0.0.0/4", "127.0.0.0/8", "0.0.0.0/8", "ff00::/8", "::1/128"].map((text) => readCidr(text));

function dhcpFits({ cidr, enable_dhcp: dhcp, ip_version: version }: Subnet): Refusal | undefined {
  if (firstOf(cidr) === "::") return refusal.invalidInput("IPv6 subnet '::' is not supported");
  if (!dhcp) return undefined;
  if (lengthOf(cidr) > (version === 4 ? 30 : 126))
    return refusal.invalidInput("Subnet has a prefix length that is incompatible with DHCP service enabled");
  if (NOT_FOR_HOSTS.some((block) => block !== undefined && overlaps(block, cidr)))
    return refusal.invalidInput(
      `${cidr} holds multicast, loopback or unspecified addresses, which is incompatible with DHCP service enabled`,
    );
  return undefined;
}

function gatewayFits({ gateway_ip: gateway, ip_version: version, cidr }: Subnet): Refusal | undefined {
  if (gateway === null) return undefined;
  const wrong = otherFamily("gateway_ip", gateway, version);
  if (wrong !== undefined) return wrong;
  const edge = gateway === firstOf(cidr) || gateway === lastOf(cidr);
  return version === 4 && edge && lengthOf(cidr) < 31 ? refusal.invalidInput("Gateway is not valid on subnet") : undefined;
}

function nameServersFit({ id, dns_nameservers: servers, ip_version: version }: Subnet): Refusal | undefined {
  if (servers.length > MOST_NAME_SERVERS) return refusal.tooManyNameServers(id, MOST_NAME_SERVERS);
  return firstWrong(servers, (server) => otherFamily("dns_nameserver", server, version));
}

function routesFit({ id, host_routes: routes, ip_version: version }: Subnet): Refusal | undefined {
  if (routes.length > MOST_HOST_ROUTES) return refusal.tooManyHostRoutes(id, MOST_HOST_ROUTES);
  return firstWrong(
    routes,
    ({ destination, nexthop }) => otherFamily("host_route", destination, version) ?? otherFamily("host_route", nexthop, version),
  );
}

function automaticFits(subnet: Subnet): Refusal | undefined {
  if (!isAutomatic(subnet) || lengthOf(subnet.cidr) === 64) return undefined;
  return refusal.invalidInput(
    `Invalid CIDR ${subnet.cidr} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64`,
  );
}

type Pool = Subnet["allocation_pools"][number];

const named = ({ start, end }: Pool) => `${start}-${end}`;

function poolsFit({ cidr, allocation_pools: pools }: Subnet): Refusal | undefined {
  const hosts = hostsOf(cidr);
  const wrong = firstWrong(pools, (pool) => {
    const families = [pool.start, pool.end].every((end) => familyOf(end) === familyOf(cidr));
    if (!families || compareIp(pool.start, pool.end) > 0) return refusal.invalidPool(named(pool));
    const inside = bitsOf(pool.start) >= hosts.first && bitsOf(pool.end) <= hosts.last;
    return inside ? undefined : refusal.poolOutOfBounds(named(pool), cidr);
  });
  if (wrong !== undefined) return wrong;
  const sorted = pools.toSorted((left, right) => compareIp(left.start, right.start));
  return firstWrong(sorted, (pool, at) => {
    const before = sorted[at - 1];
    return before === undefined || compareIp(before.end, pool.start) < 0
      ? undefined
      : refusal.poolsOverlap(named(before), named(pool), cidr);
  });
}

function gatewayOutsidePools({ cidr, gateway_ip: gateway, allocation_pools: pools }: Subnet): Refusal | undefined {
  if (gateway === null || !contains(cidr, gateway)) return undefined;
  return firstWrong(pools, (pool) =>
    compareIp(pool.start, gateway) <= 0 && compareIp(gateway, pool.end) <= 0 ? refusal.gatewayInPool(gateway, named(pool)) : undefined,
  );
}

function firstWrong<T>(values: readonly T[], check: (value: T, at: number) => Refusal | undefined): Refusal | undefined {
  for (const [at, value] of values.entries()) {
    const wrong = check(value, at);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
