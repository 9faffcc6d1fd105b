/**
 * Anchors: links that stand in for taps towards dnsmasq. One is enough as long as addresses are given by DHCP: a router
 * advertisement then only says "ask". Where guests make their own addresses (SLAAC), the advertisement names the prefix to make
 * them of, so each such network has an anchor of its own, with its taps listed.
 */
import type { Endpoint, SubnetFact } from "../feed/item.ts";
import { OWN_LINK_PREFIX } from "../kinds/link.ts";

export interface Anchor {
  readonly name: string;
  readonly subnets: readonly SubnetFact[];
  /** Names or patterns of interfaces; never empty. */
  readonly taps: readonly string[];
}

/** Does a guest make its own address in this subnet? */
export function isSelfMade({ ipv6_mode, enable_dhcp }: SubnetFact): boolean {
  return enable_dhcp && (ipv6_mode === "slaac" || ipv6_mode === "dhcpv6-stateless");
}

/** The common anchor first; of the others, those with taps here. */
export function anchorsOf(subnets: readonly SubnetFact[], endpoints: readonly Endpoint[]): Anchor[] {
  const apart = new Set(subnets.filter(isSelfMade).map(({ network_id }) => network_id));
  const common = { name: `${OWN_LINK_PREFIX}0`, subnets: subnets.filter(({ network_id }) => !apart.has(network_id)), taps: ["tap*"] };
  const own = [...apart].toSorted().map((network) => ({
    // With the prefix, 14 of the 15 characters that Linux allows.
    name: `${OWN_LINK_PREFIX}${network.slice(0, 8)}`,
    subnets: subnets.filter(({ network_id }) => network_id === network),
    taps: endpoints.filter(({ network_id }) => network_id === network).map(({ tap }) => tap),
  }));
  return [common, ...own.filter(({ taps }) => taps.length > 0)].filter((anchor) => anchor.subnets.length > 0);
}
