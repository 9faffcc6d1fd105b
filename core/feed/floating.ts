/**
 * Which floating IPs a host has to translate, as part of its endpoints.
 *
 * A floating IP that leads to a port as a whole is translated where that port is. One whose ports are forwarded may lead to
 * several hosts, but an address can be routed to one only: that of the first port forwarding (by protocol and port) whose port
 * is served anywhere. This one is told all of them, and sends on what leads elsewhere.
 */
import type { Cloud } from "../neutron/cloud.ts";
import { forwardingsOf } from "../neutron/floating-ip-links.ts";
import type { FloatingIp } from "../neutron/floating-ip.ts";
import { isBound } from "../neutron/port-binding.ts";
import type { PortForwarding } from "../neutron/port-forwarding.ts";
import { rangeOf } from "../neutron/port-range.ts";
import { claimsOf } from "../neutron/pair-claims.ts";
import type { Port } from "../neutron/port.ts";
import { compareIp } from "../net/address.ts";
import type { Floating, Forward } from "./item.ts";

/** Of one endpoint, by address. */
export function floatingOf(cloud: Cloud, port: Port): readonly Floating[] {
  const whole = [...cloud.by("floatingip", "port_id", port.id), ...ofHeld(cloud, port)].map((row) => ({
    ...named(row),
    stands_for: row.fixed_ip_address,
    forwards: [],
  }));
  const parts = partsOf(cloud, port.id)
    .filter((id) => landingOf(cloud, id) === port.id)
    .flatMap((id) => cloud.get("floatingip", id) ?? [])
    .map((row) => ({ ...named(row), stands_for: null, forwards: forwardsOf(cloud, row.id) }));
  return [...whole, ...parts].toSorted((left, right) => compareIp(left.ip, right.ip));
}

/** An address that several ports share is often kept by a port of its own, which no host serves: its floating IPs go to whoever holds it. */
function ofHeld(cloud: Cloud, port: Port): readonly FloatingIp[] {
  const held = claimsOf(cloud, port).flatMap((claim) => (claim.held ? [claim.ip] : []));
  return held.flatMap((ip) =>
    [...cloud.by("port", "fixed_ips", `ip_address=${ip}`)]
      .flatMap(({ id }) => [...cloud.by("floatingip", "port_id", id)])
      .filter((row) => row.fixed_ip_address === ip),
  );
}

function named({ id, floating_ip_address: ip }: FloatingIp): Pick<Floating, "id" | "ip"> {
  return { id, ip };
}

/** Ids of the floating IPs of which some ports lead to this port. */
function partsOf(cloud: Cloud, portId: string): readonly string[] {
  return [...new Set([...cloud.by("port_forwarding", "internal_port_id", portId)].map((row) => row.floatingip_id))];
}

/** The port whose host translates for all of them; undefined: none is served. */
function landingOf(cloud: Cloud, floatingIpId: string): string | undefined {
  return forwardingsOf(cloud, floatingIpId)
    .map((row) => row.internal_port_id)
    .find((id) => {
      const port = cloud.get("port", id);
      return port !== undefined && isBound(port) && port.admin_state_up;
    });
}

function forwardsOf(cloud: Cloud, floatingIpId: string): readonly Forward[] {
  return forwardingsOf(cloud, floatingIpId).map(forwardOf);
}

function forwardOf(row: PortForwarding): Forward {
  const { protocol, internal_ip_address: to } = row;
  return { protocol, external: rangeOf(row.external_port_range), to, internal: rangeOf(row.internal_port_range) };
}

/** Ids of the ports that share a floating IP with this one: where one of them is served decides for all. */
export function sharersOf(cloud: Cloud, portId: string): readonly string[] {
  return partsOf(cloud, portId).flatMap((id) => forwardingsOf(cloud, id).map((row) => row.internal_port_id));
}
