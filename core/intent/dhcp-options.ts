/**
 * What guests are told besides an address: the options file of dnsmasq. Options of a port come after those of its subnets,
 * and win. Their names and values come from tenants: one that dnsmasq cannot read it leaves out, one that could be read
 * as more than an option is left out here.
 */
import type { Endpoint, SubnetFact } from "../feed/item.ts";
import { METADATA4 } from "../metadata/place.ts";
import { familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { hostPrefix } from "../net/prefix.ts";
import { isSelfMade } from "./dhcp-anchors.ts";
import { domainOf } from "./dhcp-words.ts";
import { isNamed } from "./names.ts";

export function subnetTag(id: string): string {
  return `subnet-${id}`;
}

export function portTag(id: string): string {
  return `port-${id}`;
}

export function optionsOf(subnets: readonly SubnetFact[], endpoints: readonly Endpoint[]): string {
  const lines = [
    ...subnets.flatMap((subnet) => (familyOf(subnet.cidr) === 4 ? options4(subnet) : options6(subnet))),
    ...endpoints.flatMap(portOptions),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function options4(subnet: SubnetFact): string[] {
  const { id, gateway_ip, host_routes, mtu, dns_domain } = subnet;
  const option = (name: string, values: readonly (string | number)[]) =>
    values.length === 0 ? [] : [`tag:${subnetTag(id)},option:${name},${values.join(",")}`];
  const gateway = gateway_ip === null ? [] : [gateway_ip];
  const routes = host_routes.flatMap(({ destination, nexthop }) => [destination, nexthop]);
  const allRoutes = [...routes, ...(gateway_ip === null ? toMetadata(subnet) : ["0.0.0.0/0", gateway_ip])];
  return [
    ...option("router", gateway),
    // A guest that takes option 121 ignores the router option (RFC 3442), so the default route is said here again.
    ...option("classless-static-route", allRoutes),
    // As older Windows asks for them.
    ...(allRoutes.length === 0 ? [] : [`tag:${subnetTag(id)},249,${allRoutes.join(",")}`]),
    ...option("dns-server", nameServers(subnet, 4)),
    ...option("mtu", [mtu]),
    ...option("domain-name", domainOf(dns_domain)),
  ];
}

/** Where no router leads there, it is on the link, as the host answers: metadata, and the DHCP server itself. */
function toMetadata({ host_routes }: SubnetFact): string[] {
  const way = hostPrefix(METADATA4);
  return host_routes.some(({ destination }) => destination === way) ? [] : [way, "0.0.0.0"];
}

/**
 * The default route and the MTU are in the router advertisement. So are the name servers, which dnsmasq takes from here, but only where the
 * advertisement is one network's own: what it says on the common anchor it says to all, and one tenant's name server is not another's.
 */
function options6(subnet: SubnetFact): string[] {
  const { id, dns_domain } = subnet;
  const tags = `${isSelfMade(subnet) ? "" : "tag:dhcpv6,"}tag:${subnetTag(id)}`;
  const option = (name: string, values: readonly string[]) => (values.length === 0 ? [] : [`${tags},option6:${name},${values.join(",")}`]);
  return [
    ...option(
      "dns-server",
      nameServers(subnet, 6).map((ip) => `[${ip}]`),
    ),
    ...option("domain-search", domainOf(dns_domain)),
  ];
}

/** Neutron's `extra_dhcp_opts`: names are dnsmasq's, or numbers, which dnsmasq reads in IPv4 only where they stand alone. */
function portOptions({ port_id, dhcp_options }: Endpoint): string[] {
  return dhcp_options
    .filter(({ name, value }) => /^[a-z0-9-]+$/i.test(name) && /^[\x20-\x7e]*$/.test(value))
    .map(({ name, value, family }) => {
      const option = family === 6 ? `option6:${name}` : /^\d+$/.test(name) ? name : `option:${name}`;
      return `tag:${portTag(port_id)},${option},${value}`;
    });
}

/** Where none are named, the gateway; 0.0.0.0 or :: alone means that guests shall be told of none, as in Neutron. */
function nameServers(subnet: SubnetFact, family: Family): Ip[] {
  const told = isNamed(subnet) && subnet.gateway_ip !== null ? [subnet.gateway_ip] : subnet.dns_nameservers;
  return told.filter((ip) => familyOf(ip) === family && ip !== "0.0.0.0" && ip !== "::");
}
