/** QoS limits as a host is told them: bytes and packets per second, and how many may come at once. */
import type { Cloud } from "../neutron/cloud.ts";
import type { Port } from "../neutron/port.ts";
import { limitsOfPolicy, policyOf } from "../neutron/qos-links.ts";
import type { BandwidthLimit, PacketRateLimit } from "../neutron/qos-rule.ts";
import type { Limit } from "./item.ts";

/** 1000 bits. */
const BYTES_PER_KILOBIT = 125;
/** Less would not hold one large packet as virtual network cards pass them on (64 KiB). */
const LEAST_BURST_BYTES = 65_536;
const LEAST_BURST_PACKETS = 5;

/** Those of the port's policy, or else of its network's, in an order of their own. */
export function limitsOf(cloud: Cloud, port: Port): readonly Limit[] {
  const policy = policyOf(cloud, port);
  if (policy === undefined) return [];
  const { bandwidth, packets } = limitsOfPolicy(cloud, policy.id);
  const limits = [...bandwidth.flatMap(ofBandwidth), ...packets.flatMap(ofPackets)];
  return limits.toSorted((left, right) => (orderOf(left) < orderOf(right) ? -1 : 1));
}

/** Neutron's burst where none is said: four fifths of a second. 0 kbps is no limit. */
function ofBandwidth({ direction, max_kbps: rate, max_burst_kbps: burst }: BandwidthLimit): Limit[] {
  if (rate === 0) return [];
  const bytes = Math.ceil((burst === 0 ? rate * 0.8 : burst) * BYTES_PER_KILOBIT);
  return [{ direction, unit: "bytes", per_second: rate * BYTES_PER_KILOBIT, burst: Math.max(bytes, LEAST_BURST_BYTES) }];
}

/** A tenth of a second where no burst is said. */
function ofPackets({ direction, max_kpps: rate, max_burst_kpps: burst }: PacketRateLimit): Limit[] {
  if (rate === 0) return [];
  const packets = burst === 0 ? rate * 100 : burst * 1000;
  return [{ direction, unit: "packets", per_second: rate * 1000, burst: Math.max(packets, LEAST_BURST_PACKETS) }];
}

function orderOf({ direction, unit }: Limit): string {
  return `${direction} ${unit}`;
}
