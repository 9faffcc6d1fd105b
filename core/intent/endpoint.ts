/**
 * One endpoint on its host: how its tap behaves, that its addresses are reached there, and at which MAC. The tap itself
 * has no address: the host answers ARP for everything that it has a route for elsewhere (proxy_arp), and is the IPv6
 * router by its link-local address.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { ipv6Ranges } from "../datacenter/ranges.ts";
import type { Endpoint } from "../feed/item.ts";
import type { Ref } from "../kinds/kind.ts";
import type { Neighbour } from "../kinds/neighbour.ts";
import { UNANNOUNCED_METRIC } from "../kinds/route.ts";
import type { Route } from "../kinds/route.ts";
import type { Sysctl } from "../kinds/sysctl.ts";
import type { Ip } from "../net/address.ts";
import { hostPrefix } from "../net/prefix.ts";
import { caused } from "./caused.ts";
import type { Intent } from "./intent.ts";

/** Linux's default for IPv6 routes made by hand, and a value for both families; BGP prefers the smaller of two hosts'. */
export const ENDPOINT_METRIC = 1024;

/** So many moves are told apart. BIRD writes what it learns with a smaller metric (32) than any of them. */
const MOVES = 512;

/**
 * Each move makes the metric smaller by one, as does each time that somebody takes an address of a pair over. So whoever has a VM
 * last is believed at once, while the host that it came from, or one that died, still announces it; and neither has to change its
 * route afterwards. (Of every 512th move, once the other withdraws.)
 */
export function metricAfter(moves: number): number {
  return ENDPOINT_METRIC - (moves % MOVES);
}

export interface Around {
  readonly dc: DataCenter;
  /** This host's name. */
  readonly host: string;
  /** What must stand before the endpoint is reachable. */
  readonly after: readonly Ref[];
}

/**
 * The route of a VM that is still elsewhere is not announced, and used by nobody while that other host announces it: what BIRD learns
 * from there it writes with a smaller metric. Once it is withdrawn, this host's own VMs find theirs at once.
 */
function metricOf(endpoint: Endpoint, host: string, turn: number): number {
  return endpoint.host === host ? metricAfter(endpoint.moves + turn) : UNANNOUNCED_METRIC + ENDPOINT_METRIC;
}

export function endpoint(each: Endpoint, { dc, host, after }: Around): Partial<Intent> {
  const { port_id, tap, mac, addresses, claims, floating } = each;
  const because = [`port/${port_id}`];
  const ips = addresses.map(({ ip }) => ip);
  const held = claims.filter((claim) => claim.held);
  const neighbour = (ip: Ip): Neighbour => ({ dev: tap, ip, lladdr: mac });
  const route = (ip: Ip, turn = 0): Route => ({ prefix: hostPrefix(ip), to: { dev: tap }, metric: metricOf(each, host, turn), after });
  return {
    links: caused(because, [{ name: tap }]),
    sysctls: caused(because, [...settings4(tap), ...(ipv6Ranges(dc).length === 0 ? [] : settings6(tap))]),
    neighbours: caused(because, [...ips.map(neighbour), ...held.map(({ ip, mac: lladdr }) => ({ dev: tap, ip, lladdr }))]),
    routes: [
      ...caused(because, [...ips.map((ip) => route(ip)), ...held.map(({ ip, turn }) => route(ip, turn))]),
      // Nothing is sent by these: what comes for a floating IP is translated first. They are there to be announced.
      ...floating.map(({ id, ip }) => ({ value: route(ip), because: [...because, `floatingip/${id}`] })),
    ],
  };
}

/** proxy_delay 0: an answer after up to 0.8 s would be no protection here, only a slow start. Without route_localnet, the host's own 127/8 stays its own. */
function settings4(tap: string): readonly Sysctl[] {
  const conf = (name: string, value: string): Sysctl => ({ path: `net/ipv4/conf/${tap}/${name}`, value });
  return [
    conf("proxy_arp", "1"),
    { path: `net/ipv4/neigh/${tap}/proxy_delay`, value: "0" },
    conf("forwarding", "1"),
    conf("rp_filter", "0"),
    conf("route_localnet", "0"),
    conf("send_redirects", "0"),
    conf("accept_redirects", "0"),
  ];
}

/**
 * The VM can take nobody's address but its own on this link, so the host's link-local address is not asked for first (accept_dad 0):
 * router advertisements start a second earlier. There is no proxy_ndp: nothing is on-link in IPv6, so nobody is asked for.
 */
function settings6(tap: string): readonly Sysctl[] {
  const conf = (name: string, value: string): Sysctl => ({ path: `net/ipv6/conf/${tap}/${name}`, value });
  return [conf("forwarding", "1"), conf("accept_ra", "0"), conf("accept_redirects", "0"), conf("accept_dad", "0")];
}
