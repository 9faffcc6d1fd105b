/**
 * Anchors: links that stand in for taps towards dnsmasq. One is enough as long as addresses are given by DHCP and all networks have
 * one MTU: a router advertisement then only says "ask". Networks of another MTU share an anchor for that, with their taps listed. Where guests
 * make their own addresses (SLAAC), the advertisement names the prefix to make them of, so each such network has an anchor of its own; and so
 * have those for whose prefixes there is no room any more in an advertisement that is said to all, and those without a gateway, where the
 * advertisement says that nobody is a router.
 */
import type { Endpoint, SubnetFact, View } from "../feed/item.ts";
import { OWN_LINK_PREFIX } from "../kinds/link.ts";
import { familyOf } from "../net/address.ts";
import { perValue, perValueAnd } from "./memo.ts";

export interface Anchor {
  readonly name: string;
  readonly subnets: readonly SubnetFact[];
  /** Names or patterns of interfaces; never empty. */
  readonly taps: readonly string[];
}

/** In order of their ids. */
export const subnetsOf = perValue((subnets: View["subnets"]): readonly SubnetFact[] =>
  [...subnets.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1)),
);

/** Does a guest make its own address in this subnet? */
export function isSelfMade({ ipv6_mode, enable_dhcp }: SubnetFact): boolean {
  return enable_dhcp && (ipv6_mode === "slaac" || ipv6_mode === "dhcpv6-stateless");
}

/** Has none of a network's IPv6 subnets a gateway? */
export function isWithoutRouter(subnets: readonly SubnetFact[]): boolean {
  const six = subnets.filter(({ cidr }) => familyOf(cidr) === 6);
  return six.length > 0 && six.every(({ gateway_ip }) => gateway_ip === null);
}

/** An advertisement must not be in fragments (RFC 6980), and each IPv6 subnet takes 32 octets of it. */
const SHARING = 32;

/** The common anchor first; of the others, those with taps here. `usual` is the MTU of the common one. */
export const anchorsOf = perValueAnd((subnets: readonly SubnetFact[], endpoints: readonly Endpoint[], usual: number): readonly Anchor[] => {
  const byNetwork = [...Map.groupBy(subnets, ({ network_id }) => network_id)];
  const alone = byNetwork.filter(([, own]) => own.some(isSelfMade) || isWithoutRouter(own)).map(([network]) => network);
  const apart = new Set([...alone, ...crowdedOut(subnets, endpoints)]);
  const nameOf = ({ network_id, mtu }: SubnetFact) =>
    // With the prefix, 14 of the 15 characters that Linux allows.
    OWN_LINK_PREFIX + (apart.has(network_id) ? network_id.slice(0, 8) : mtu === usual ? "0" : `-${mtu}`);
  const byName = Map.groupBy(subnets, nameOf);
  const anchors = [...byName].map(([name, on]) => ({ name, subnets: on, taps: name === COMMON ? ["tap*"] : tapsOf(on, endpoints) }));
  const own = anchors.filter((anchor) => !isCommon(anchor) && anchor.taps.length > 0);
  return [...anchors.filter(isCommon), ...own.toSorted((left, right) => (left.name < right.name ? -1 : 1))];
});

export function isCommon({ name }: Pick<Anchor, "name">): boolean {
  return name === COMMON;
}

/** Networks with an endpoint here. */
export function networksOf(endpoints: readonly Endpoint[]): ReadonlySet<string> {
  return new Set(endpoints.map(({ network_id }) => network_id));
}

/**
 * Networks that dnsmasq is started with: all, as long as there is room for their prefixes, so that the first port of one is a port like any
 * other; else those with an endpoint here.
 */
export function knownNetworks(subnets: readonly SubnetFact[], endpoints: readonly Endpoint[]): ReadonlySet<string> {
  const six = subnets.filter((subnet) => familyOf(subnet.cidr) === 6 && !isSelfMade(subnet));
  return six.length > SHARING ? networksOf(endpoints) : new Set(subnets.map(({ network_id }) => network_id));
}

function crowdedOut(subnets: readonly SubnetFact[], endpoints: readonly Endpoint[]): string[] {
  const here = networksOf(endpoints);
  const six = subnets.filter((subnet) => familyOf(subnet.cidr) === 6 && here.has(subnet.network_id) && !isSelfMade(subnet));
  return [...new Set(six.map(({ network_id }) => network_id))].toSorted().slice(SHARING);
}

const COMMON = `${OWN_LINK_PREFIX}0`;

function tapsOf(subnets: readonly SubnetFact[], endpoints: readonly Endpoint[]): string[] {
  const networks = new Set(subnets.map(({ network_id }) => network_id));
  return endpoints.filter(({ network_id }) => networks.has(network_id)).map(({ tap }) => tap);
}

/** What router advertisements say. IPv6 needs 1280 (RFC 8200, 5). */
export function mtuOf({ subnets }: Anchor): number {
  return Math.max(1280, Math.min(...subnets.map(({ mtu }) => mtu)));
}
