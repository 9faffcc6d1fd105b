/**
 * What a compute host must hold: for each endpoint a route, a neighbour, its policy and its floating IPs; the packet filter
 * around them; DHCP, router advertisements and metadata; BGP.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { fabricInterfaces } from "../datacenter/racks.ts";
import { ipv6Ranges, rangesOf } from "../datacenter/ranges.ts";
import type { Endpoint, View } from "../feed/item.ts";
import type { Ref, Wanted } from "../kinds/kind.ts";
import type { Ip } from "../net/address.ts";
import type { Nft } from "../kinds/nft.ts";
import type { Route } from "../kinds/route.ts";
import type { Sysctl } from "../kinds/sysctl.ts";
import type { Cidr } from "../net/prefix.ts";
import { antiSpoof, senderOf } from "./anti-spoof.ts";
import { computeBgp } from "./bgp-compute.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { settle } from "./contest.ts";
import { adverts } from "./dhcp-adverts.ts";
import { dhcpClientOf } from "./dhcp-guard.ts";
import { dhcp } from "./dhcp.ts";
import { endpoint } from "./endpoint.ts";
import { floating, waysOutOf } from "./floating.ts";
import { callersOf, metadata, metadataAddressOf } from "./metadata.ts";
import { merge } from "./intent.ts";
import type { Intent, Part } from "./intent.ts";
import { perValue, perValueAnd } from "./memo.ts";
import { NAME_SETS, nameCallers, names, nameServers } from "./names.ts";
import { elementRefs, elementsOf, ports, standing } from "./nft-parts.ts";
import { OFFLOADING, offloadOn, PLAIN, slowPathOf, takesSlowPath } from "./offload.ts";
import type { Machine } from "./offload.ts";
import { limitsOf, pace } from "./pace.ts";
import { isFiltered, policy, verdictElements, verdicts } from "./policy.ts";
import { hostGuard } from "./policy-host.ts";
import { memberParts } from "./policy-sets.ts";
import { anyWay, severalWays } from "./several-ways.ts";

/** So large that an aggregate is what is left when nobody else has the address. */
export const AGGREGATE_METRIC = 1 << 20;

/** `host` is this host's name, `machine` what its kernel can do. */
export function compileCompute(view: View, host: string, machine: Machine = PLAIN): Intent {
  return merge(computeParts(view, host, machine));
}

/** What a change leaves as it was stays the very value that it was: endpoint by endpoint, and members a few at a time. */
export function computeParts(view: View, host: string, machine: Machine = PLAIN): readonly Part[] {
  const dc = view.datacenter;
  if (dc === undefined) return [];
  const settled = settle(
    [...view.endpoints.values()].map((each) => translatedHere(each, host)),
    host,
  );
  const { endpoints } = settled;
  const contests = [...settled.contests].flatMap(([port, lost]) => caused([`port/${port}`], lost));
  const served = endpoints.filter(isServed);
  const fabric = interfacesOf(dc, host);
  const nft = [
    ...hostGuard(view, dc),
    ...antiSpoof({ dc, fabric }, endpoints),
    ...pace(endpoints),
    ...policy(view, endpoints, host, machine),
    ...floating(dc, served),
    ...metadata(dc).nft,
    ...adverts(view, dc, served),
    ...NAME_SETS,
  ];
  const [around, among] = [aroundAll(dc, standing(nft)), elementsOf(nft)];
  const [toward, asked] = [verdicts(view, endpoints), nameServers(view, served)];
  const isSlow = (each: Endpoint) => machine.offload && takesSlowPath(view, each, host);
  const own = endpoints.map((each) => filterOf(each, toward.egress(each), toward.ingress(each), asked(each), isSlow(each)));
  return [
    ground(dc, fabric),
    { links: metadata(dc).links, nft, contests },
    ...memberParts(view, endpoints.filter(isFiltered)),
    ...own,
    ...endpoints.flatMap((each, at) =>
      isServed(each) ? [endpointPart(each, dc, host, around, own[at]?.refs ?? [], among.get(ports(each)) ?? [])] : [],
    ),
    dhcp(view, dc, served),
    names(view, dc, served),
    bgpPart(dc, host, view.assignments),
    ...(machine.offload ? [byFabric(dc, fabric), ...served.map(tapOffload)] : []),
  ];
}

/** Of a VM that is still elsewhere, that other host translates the floating IPs: two translations of one flow would not agree. */
const translatedHere = perValueAnd((endpoint: Endpoint, host: string): Endpoint =>
  endpoint.host === host ? endpoint : { ...endpoint, floating: [] },
);

/** What is an endpoint's own in the packet filter, and what it waits for of that. */
const filterOf = perValueAnd((each: Endpoint, egress: string, ingress: string, asked: readonly Ip[], isSlow: boolean) => {
  const seen = isSlow ? slowPathOf(each) : [];
  const always = [...senderOf(each), ...seen, ...limitsOf(each), ...verdictElements(each, egress, ingress)];
  const nft: readonly Wanted<Nft>[] = isServed(each)
    ? [...always, ...waysOutOf(each), ...callersOf(each), ...dhcpClientOf(each), ...nameCallers(each, asked)]
    : always;
  return { nft, refs: elementRefs(nft) };
});

/** The very value that it was as long as it says the same. */
const aroundAll = perValueAnd((_dc: DataCenter, refs: readonly Ref[]) => refs);

/** An endpoint is unreachable until the whole filter stands, and its own elements in it. */
const endpointPart = perValueAnd(
  (each: Endpoint, dc: DataCenter, host: string, around: readonly Ref[], own: readonly Ref[], among: readonly Ref[]): Part => ({
    ...endpoint(each, { dc, host, after: [...around, ...own, ...among] }),
    addresses: metadataAddressOf(each, dc),
  }),
);
const bgpPart = perValueAnd(computeBgp);

const tapOffload = perValue(({ tap }: Endpoint): Part => ({ offloads: [offloadOn(tap)] }));
const byFabric = perValueAnd((_dc: DataCenter, fabric: readonly string[]): Part => ({ nft: OFFLOADING, offloads: fabric.map(offloadOn) }));

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
  sysctls: caused(BY_DATACENTER, [...routing(dc), ...(fabric.length > 1 ? [...anyWay(fabric), ...severalWays(fabric)] : [])]),
  routes: caused(BY_DATACENTER, rangesOf(dc).map(aggregate)),
}));

/**
 * The kernel takes the stronger of `all` and the interface for these two, so `all` must be 0 for a tap to be. Sources are checked by
 * nftables, together with the MAC and on every tap. Neighbour table limits are left alone: permanent entries do not count (Linux 5.0).
 */
function routing(dc: DataCenter): readonly Sysctl[] {
  const four = [
    { path: "net/ipv4/ip_forward", value: "1" },
    { path: "net/ipv4/conf/all/rp_filter", value: "0" },
    { path: "net/ipv4/conf/all/send_redirects", value: "0" },
    // A VM that comes from another host brings TCP connections with it: they are taken up midway.
    { path: "net/netfilter/nf_conntrack_tcp_loose", value: "1" },
  ];
  return ipv6Ranges(dc).length === 0 ? four : [...four, { path: "net/ipv6/conf/all/forwarding", value: "1" }];
}

/** A host that nobody knows is taken to be on the core segment. */
function interfacesOf(dc: DataCenter, host: string): readonly string[] {
  return fabricInterfaces(dc, dc.hosts.find(({ name }) => name === host) ?? { name: host });
}

/** Traffic for an address of ours that nobody has ends here, instead of going round between gateway and host. */
function aggregate(prefix: Cidr): Route {
  return { prefix, to: "unreachable", metric: AGGREGATE_METRIC, after: [] };
}
