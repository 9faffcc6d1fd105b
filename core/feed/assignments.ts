/**
 * Which addresses a host may announce: what those who hear its BGP sessions believe of it. It is what its endpoints have as their own,
 * what they claim of allowed address pairs, and floating IPs that lead to them. While a VM moves, both hosts may: the one that it comes
 * to announces it before anybody has told the controller.
 */
import { compareIp } from "../net/address.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { claimsOf } from "../neutron/pair-claims.ts";
import { expectingHosts, inactiveBindings, isBound, presentHost } from "../neutron/port-binding.ts";
import type { Port } from "../neutron/port.ts";
import { floatingOf } from "./floating.ts";
import type { Assignment } from "./item.ts";

/** Of one port; undefined: nobody serves it, or it has no address. */
export function assignmentOf(cloud: Cloud, port: Port): Assignment | undefined {
  const hosts = hostsOf(cloud, port);
  if (hosts.length === 0) return undefined;
  const own = port.fixed_ips.map(({ ip_address: ip }) => ip);
  const claimed = claimsOf(cloud, port).map(({ ip }) => ip);
  const floating = floatingOf(cloud, port).map(({ ip }) => ip);
  const addresses = [...new Set([...own, ...claimed, ...floating])].toSorted(compareIp);
  return addresses.length === 0 ? undefined : { port_id: port.id, hosts, addresses };
}

function hostsOf(cloud: Cloud, port: Port): readonly string[] {
  const bound = isBound(port) ? [port["binding:host_id"], presentHost(port)] : [];
  return [...new Set([...bound, ...expectingHosts(port, inactiveBindings(cloud, port.id))])].toSorted();
}
