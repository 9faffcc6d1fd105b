/**
 * What a compute host must hold: for each endpoint a route, a neighbour, its policy and its floating IPs; the packet filter
 * around them; DHCP, router advertisements and metadata; BGP.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { fabricInterfaces } from "../datacenter/racks.ts";
import { rangesOf } from "../datacenter/ranges.ts";
import type { Endpoint, View } from "../feed/item.ts";
import type { Ref } from "../kinds/kind.ts";
import type { Route } from "../kinds/route.ts";
import type { Sysctl } from "../kinds/sysctl.ts";
import type { Cidr } from "../net/prefix.ts";
import { antiSpoof } from "./anti-spoof.ts";
import { computeBgp } from "./bgp-compute.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { settle } from "./contest.ts";
import { adverts } from "./dhcp-adverts.ts";
import { dhcp } from "./dhcp.ts";
import { endpoint } from "./endpoint.ts";
import { floating } from "./floating.ts";
import { metadata } from "./metadata.ts";
import { merge } from "./intent.ts";
import type { Intent, Part } from "./intent.ts";
import { perValueAnd } from "./memo.ts";
import { nameCallers, names } from "./names.ts";
import { elementsOf, ports, standing } from "./nft-parts.ts";
import { pace } from "./pace.ts";
import { isFiltered, policy } from "./policy.ts";
import { hostGuard } from "./policy-host.ts";
import { memberParts } from "./policy-sets.ts";
import { SHARING } from "./tor.ts";

/** So large that an aggregate is what is left when nobody else has the address. */
export const AGGREGATE_METRIC = 1 << 20;

export function compileCompute(view: View, host: string): Intent {
  return merge(computeParts(view, host));
}

/** What a change leaves as it was stays the very value that it was: endpoint by endpoint, and members a few at a time. */
export function computeParts(view: View, host: string): readonly Part[] {
  const dc = view.datacenter;
  if (dc === undefined) return [];
  const settled = settle(
    [...view.endpoints.values()].map((each) => translatedHere(each, host)),
    host,
  );
  const { endpoints } = settled;
  const contests = [...settled.contests].flatMap(([port, lost]) => caused([`port/${port}`], lost));
  const served = endpoints.filter(isServed);
  const described = metadata(dc, served);
  const fabric = interfacesOf(dc, host);
  const nft = [
    ...hostGuard(view, dc),
    ...antiSpoof({ dc, fabric }, endpoints),
    ...pace(endpoints),
    ...policy(view, endpoints, host),
    ...floating(dc, served),
    ...(described.nft ?? []),
    ...adverts(view, dc, served),
    ...nameCallers(view, served),
  ];
  // An endpoint is unreachable until the whole filter stands, and its own elements in it.
  const around = standing(nft);
  const own = elementsOf(nft);
  const parts = served.map((each) => endpointPart(each, dc, host, [...around, ...(own.get(ports(each)) ?? [])]));
  return [
    ground(dc, fabric),
    { ...described, nft, contests },
    ...memberParts(view, endpoints.filter(isFiltered)),
    ...parts,
    dhcp(view, dc, served),
    names(view, dc, served),
    bgpPart(dc, host),
  ];
}

/** Of a VM that is still elsewhere, that other host translates the floating IPs: two translations of one flow would not agree. */
const translatedHere = perValueAnd((endpoint: Endpoint, host: string): Endpoint =>
  endpoint.host === host ? endpoint : { ...endpoint, floating: [] },
);

const endpointPart = perValueAnd((each: Endpoint, dc: DataCenter, host: string, after: readonly Ref[]) =>
  endpoint(each, { dc, host, after }),
);
const bgpPart = perValueAnd(computeBgp);

/** A port that is administratively down is closed both ways: it has no address here. */
function isServed({ admin_state_up }: Endpoint): boolean {
  return admin_state_up;
}

/** What stands before any endpoint does. */
const ground = perValueAnd((dc: DataCenter, fabric: readonly string[]): Part => ({
  links: caused(
    BY_DATACENTER,
    fabric.map((name) => ({ name })),
  ),
  sysctls: caused(BY_DATACENTER, [...routing(dc), ...(fabric.length > 1 ? severalWays(fabric) : [])]),
  routes: caused(BY_DATACENTER, rangesOf(dc).map(aggregate)),
}));

/**
 * The kernel takes the stronger of `all` and the interface for these two, so `all` must be 0 for a tap to be. Sources are checked by
 * nftables, together with the MAC and on every tap. Neighbour table limits are left alone: permanent entries do not count (Linux 5.0).
 */
function routing({ ranges }: DataCenter): readonly Sysctl[] {
  const four = [
    { path: "net/ipv4/ip_forward", value: "1" },
    { path: "net/ipv4/conf/all/rp_filter", value: "0" },
    { path: "net/ipv4/conf/all/send_redirects", value: "0" },
    // A VM that comes from another host brings TCP connections with it: they are taken up midway.
    { path: "net/netfilter/nf_conntrack_tcp_loose", value: "1" },
  ];
  return ranges.ipv6 === undefined ? four : [...four, { path: "net/ipv6/conf/all/forwarding", value: "1" }];
}

/** A host that nobody knows is taken to be on the core segment. */
function interfacesOf(dc: DataCenter, host: string): readonly string[] {
  return fabricInterfaces(dc, dc.hosts.find(({ name }) => name === host) ?? { name: host });
}

/** What comes in by one link may go out by another, and what goes out is shared between them by flow. */
function severalWays(fabric: readonly string[]): readonly Sysctl[] {
  return [...fabric.map((name) => ({ path: `net/ipv4/conf/${name}/rp_filter`, value: "0" })), ...SHARING];
}

/** Traffic for an address of ours that nobody has ends here, instead of going round between gateway and host. */
function aggregate(prefix: Cidr): Route {
  return { prefix, to: "unreachable", metric: AGGREGATE_METRIC, after: [] };
}
