/** What a host is told of a port, a subnet and a group: rows of the cloud in, values of the feed out. */
import { compareIp, familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { firstOf, hostPrefix, lengthOf, readCidr } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Cloud } from "../neutron/cloud.ts";
import type { AddressPair, DhcpOption } from "../neutron/port-types.ts";
import { claimsOf } from "../neutron/pair-claims.ts";
import { presentHost } from "../neutron/port-binding.ts";
import { hostname } from "../neutron/port-names.ts";
import type { Port } from "../neutron/port.ts";
import { protocolNumber } from "../neutron/protocols.ts";
import { familyOfRule, normalizedCidr } from "../neutron/security-group-rule-fields.ts";
import type { SecurityGroupRule } from "../neutron/security-group-rule.ts";
import type { Subnet } from "../neutron/subnet.ts";
import { floatingOf } from "./floating.ts";
import type { Endpoint, Group, GroupRule, Prefixes, SubnetFact } from "./item.ts";
import { limitsOf } from "./limits.ts";

export function endpointOf(cloud: Cloud, port: Port): Endpoint {
  return {
    port_id: port.id,
    host: presentHost(port),
    moves: port.moves,
    network_id: port.network_id,
    tap: `tap${port.id.slice(0, 11)}`,
    mac: port.mac_address,
    addresses: port.fixed_ips.map(({ ip_address: ip, subnet_id }) => ({ ip, subnet_id })),
    pairs: port.allowed_address_pairs.map((pair) => ({ prefix: prefixOfPair(pair), mac: pair.mac_address ?? port.mac_address })),
    claims: claimsOf(cloud, port),
    groups: port.security_groups.toSorted(),
    port_security: port.port_security_enabled,
    admin_state_up: port.admin_state_up,
    instance: port.device_id === "" ? null : { id: port.device_id, project: port.project_id },
    hostname: hostNameOf(port),
    dhcp_options: [...domainOptions(port), ...port.extra_dhcp_opts.flatMap(dhcpOptionOf)],
    limits: limitsOf(cloud, port),
    floating: floatingOf(cloud, port),
  };
}

/** A domain of its own is told as an option of its own, in place of its network's. */
function domainOptions({ dns_domain: domain, extra_dhcp_opts: said }: Port): Endpoint["dhcp_options"] {
  const own = [
    { name: "domain-name", value: domain.replace(/\.$/, ""), family: 4 },
    { name: "domain-search", value: domain.replace(/\.$/, ""), family: 6 },
  ] as const;
  return domain === "" ? [] : own.filter(({ name }) => !said.some((option) => option.opt_name === name));
}

/** Null options are ones that the client took back. */
function dhcpOptionOf({ opt_name: name, opt_value: value, ip_version }: DhcpOption): Endpoint["dhcp_options"][number][] {
  const family: Family = ip_version === 6 ? 6 : 4;
  return value === null ? [] : [{ name, value, family }];
}

function prefixOfPair({ ip_address: reach }: AddressPair): Cidr {
  // What is no prefix was read as an address.
  return readCidr(reach) ?? hostPrefix(reach as Ip);
}

/** DHCP hands out one name: that of the first address. */
function hostNameOf(port: Port): string {
  const [first] = port.fixed_ips.map(({ ip_address: ip }) => ip).toSorted(compareIp);
  return first === undefined ? port.dns_name : hostname(port, first);
}

/** Undefined for a moment only: a subnet does not outlive its network. */
export function subnetFactOf(cloud: Cloud, subnet: Subnet): SubnetFact | undefined {
  const network = cloud.get("network", subnet.network_id);
  if (network === undefined) return undefined;
  return {
    id: subnet.id,
    network_id: subnet.network_id,
    cidr: subnet.cidr,
    gateway_ip: subnet.gateway_ip,
    enable_dhcp: subnet.enable_dhcp,
    dns_nameservers: subnet.dns_nameservers,
    host_routes: subnet.host_routes,
    ipv6_mode: familyOf(subnet.cidr) === 4 ? null : (subnet.ipv6_address_mode ?? subnet.ipv6_ra_mode ?? null),
    mtu: network.mtu,
    dns_domain: network.dns_domain,
  };
}

/** Rules that say the same are one rule. */
export function groupOf(cloud: Cloud, id: string): Group | undefined {
  const group = cloud.get("security_group", id);
  if (group === undefined) return undefined;
  const rules = new Map<string, GroupRule>();
  for (const row of cloud.by("security_group_rule", "security_group_id", id)) {
    const rule = groupRuleOf(row);
    rules.set(JSON.stringify(rule), rule);
  }
  const sorted = [...rules.keys()].toSorted().flatMap((text) => rules.get(text) ?? []);
  return { id, stateful: group.stateful, rules: sorted };
}

function groupRuleOf(rule: SecurityGroupRule): GroupRule {
  return {
    direction: rule.direction,
    family: familyOfRule(rule),
    protocol: protocolOf(rule),
    port_range_min: rule.port_range_min,
    port_range_max: rule.port_range_max,
    remote: remoteOf(rule),
  };
}

/** `ip` and `hopopt` are 0, which iptables, and so every driver of Neutron, takes for any protocol. */
function protocolOf({ protocol }: SecurityGroupRule): number | null {
  if (protocol === null) return null;
  const number = protocolNumber(protocol);
  if (number === undefined) throw new Error(`a rule was stored with the protocol "${protocol}"`);
  return number === 0 ? null : number;
}

/** A remote of everything is no remote. */
function remoteOf(rule: SecurityGroupRule): GroupRule["remote"] {
  if (rule.remote_group_id !== null) return { group: rule.remote_group_id };
  if (rule.remote_address_group_id !== null) return { address_group: rule.remote_address_group_id };
  const prefix = readCidr(normalizedCidr(rule) ?? "");
  return prefix === undefined || lengthOf(prefix) === 0 ? null : { prefix };
}

export function prefixesOf(cloud: Cloud, id: string): Prefixes | undefined {
  const group = cloud.get("address_group", id);
  return group === undefined ? undefined : { id, prefixes: group.addresses.toSorted() };
}

/**
 * The addresses of a group's ports, and how many times its ports have each: what a rule means that names the group as its remote. Pairs of a single address
 * count as well, as in Neutron, so that an address that moves between ports (VRRP) is let through wherever it is.
 */
export function membersOf(cloud: Cloud, group: string): Map<Ip, number> {
  const members = new Map<Ip, number>();
  for (const port of cloud.by("port", "security_groups", group))
    for (const ip of addressesOf(port)) members.set(ip, (members.get(ip) ?? 0) + 1);
  return members;
}

/** What a port adds to the groups that it is in. */
export function addressesOf(port: Port): Ip[] {
  const pairs = port.allowed_address_pairs.map(prefixOfPair).filter((prefix) => hostPrefix(firstOf(prefix)) === prefix);
  return [...port.fixed_ips.map((fixed) => fixed.ip_address), ...pairs.map(firstOf)];
}
