/**
 * QoS: how fast an endpoint may send and receive. A chain per endpoint and direction, so that each has buckets of its own;
 * what comes faster is dropped, which TCP takes as a sign to slow down. Packets are paced before they are tracked, established
 * or not, and those with a forged sender do not count. Where nobody is limited in a direction nothing is looked at; where somebody is,
 * the others cost one look into a map.
 */
import type { Endpoint, Limit } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { perValue } from "./memo.ts";
import { inet, ports, quoted } from "./nft-parts.ts";

type Direction = Limit["direction"];

/** By direction as the VM sees it: the map from tap to chain. */
const MAPS: Readonly<Record<Direction, string>> = { egress: "pace-egress", ingress: "pace-ingress" };

const FRAMES: Readonly<Record<Direction, readonly Nft[]>> = {
  // After the senders have been checked (raw), before connection tracking.
  egress: [
    inet.map(MAPS.egress, "type ifname : verdict;"),
    inet.chain("pace-sent", [`iifname vmap @${MAPS.egress}`], "type filter hook prerouting priority raw + 10; policy accept;"),
  ],
  // The last that happens to a packet, whoever sends it: another VM, the fabric, the host.
  ingress: [
    inet.map(MAPS.ingress, "type ifname : verdict;"),
    inet.chain("pace-received", [`oifname vmap @${MAPS.ingress}`], "type filter hook postrouting priority srcnat + 200; policy accept;"),
  ],
};

/** What all endpoints share. */
export function pace(endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  const limited = (["egress", "ingress"] as const).filter((direction) =>
    endpoints.some(({ limits }) => limits.some((limit) => limit.direction === direction)),
  );
  return caused(
    BY_DATACENTER,
    limited.flatMap((direction) => FRAMES[direction]),
  );
}

/** An endpoint's own. */
export const limitsOf = perValue((endpoint: Endpoint) => {
  const objects = (["egress", "ingress"] as const).flatMap((direction): Nft[] => {
    const limits = endpoint.limits.filter((limit) => limit.direction === direction);
    if (limits.length === 0) return [];
    const chain = inet.chain(`${MAPS[direction]}-${endpoint.port_id}`, limits.map(dropping));
    return [chain, inet.element(MAPS[direction], [quoted(endpoint.tap)], { value: `goto ${chain.name}` })];
  });
  return caused([ports(endpoint)], objects);
});

/**
 * In nft's words; it counts what IP sees: headers and data, not the frame. A bucket of bytes holds one second's worth whatever is said,
 * and the burst on top of that (Linux, nft_limit_init); a bucket of packets holds the burst alone.
 */
function dropping({ unit, per_second: rate, burst }: Limit): string {
  if (unit === "packets") return `limit rate over ${rate}/second burst ${burst} packets counter drop`;
  const more = burst > rate ? ` burst ${burst - rate} bytes` : "";
  return `limit rate over ${rate} bytes/second${more} counter drop`;
}
