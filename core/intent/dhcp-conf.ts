/**
 * dnsmasq.conf: what dnsmasq reads at its start only. It changes when networks come to the host and go, with ports that have options of their own, and
 * with those whose taps are listed; not with others, nor with what subnets say.
 */
import type { Endpoint, SubnetFact } from "../feed/item.ts";
import { METADATA4 } from "../metadata/place.ts";
import { familyOf, ipOf } from "../net/address.ts";
import { firstOf, lengthOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { isCommon, isWithoutRouter, mtuOf } from "./dhcp-anchors.ts";
import type { Anchor } from "./dhcp-anchors.ts";
import { portTag, subnetTag } from "./dhcp-options.ts";

/** Seconds. Neutron's default: a VM keeps its address over a day without a server. */
const LEASE4 = 86_400;
/**
 * A rebuilt VM asks with another DUID, and dnsmasq refuses it the address until the lease of the former one has run out. Nothing is
 * lost by a short one: without router advertisements IPv6 ends after half an hour anyway.
 */
const LEASE6 = 600;

/**
 * Router advertisements say the MTU that the anchor's own IPv6 has at that moment, so that a new one needs nothing of dnsmasq. Only more than
 * the link itself has must be said here.
 */
export const LINK_MTU = 1500;

/**
 * Seconds for which a router is one. What the common anchor advertises of its own accord dnsmasq sends to all taps, even where another
 * anchor stands in for them; those are told a second more by theirs, or that it is none, and what says this much is kept from them.
 */
export const COMMON_LIFETIME = 1800;

/** A server identity that is the same on all hosts, so that a VM that moved renews at once. 32473 is the enterprise number for examples (RFC 5612). */
const DUID = "dhcp-duid=32473,6d:61:72:67:61:79";

const FIXED = [
  // DHCP and router advertisements only: name servers are those of the subnets.
  "port=0",
  "no-hosts",
  "no-resolv",
  "no-ping",
  "leasefile-ro",
  "dhcp-authoritative",
  // A guest that tells another's identifier is not the other: the packet filter lets it tell its own MAC alone.
  "dhcp-ignore-clid",
  // An answer to the guest's new address would make dnsmasq put a neighbour entry in place of our permanent one.
  "dhcp-broadcast",
  "dhcp-lease-max=1000000",
  "bind-dynamic",
  "except-interface=lo",
  "interface=margay*",
  "interface=tap*",
  "enable-ra",
  "quiet-ra",
  DUID,
];

export interface Served {
  readonly anchors: readonly Anchor[];
  /** Subnets with DHCP, in order of their ids. */
  readonly served: readonly SubnetFact[];
  readonly endpoints: readonly Endpoint[];
}

export function confOf({ anchors, served, endpoints }: Served): string {
  const withOptions = endpoints.filter(({ dhcp_options }) => dhcp_options.length > 0);
  return [
    "# Written by Margay; changes made here are lost.",
    ...FIXED,
    // dnsmasq asks the last line first: the common anchor, which has every tap, must come before those with some.
    ...anchors.map(({ name, taps }) => `bridge-interface=${[name, ...taps].join(",")}`),
    ...anchors.filter((anchor) => !isCommon(anchor) || mtuOf(anchor) > LINK_MTU).map(advertised),
    ...served.map(rangeOf),
    ...served.filter(isWithoutGateway4).map(({ cidr }) => `shared-network=${METADATA4},${firstOf(cidr)}`),
    ...withOptions.map(({ port_id, mac }) => `dhcp-mac=set:${portTag(port_id)},${mac}`),
    "",
  ].join("\n");
}

/**
 * Then dnsmasq knows the subnet by an address that every host has, and calls itself by it: its guests are told a way there
 * (dhcp-options.ts), so they can renew their leases.
 */
function isWithoutGateway4({ cidr, gateway_ip }: SubnetFact): boolean {
  return gateway_ip === null && familyOf(cidr) === 4;
}

/** How often: as it is without being said. */
function advertised(anchor: Anchor): string {
  const mtu = mtuOf(anchor) > LINK_MTU ? `mtu:${mtuOf(anchor)},` : "";
  return `ra-param=${anchor.name},${mtu}0,${isCommon(anchor) ? COMMON_LIFETIME : isWithoutRouter(anchor.subnets) ? 0 : COMMON_LIFETIME + 1}`;
}

/** `static`: only hosts that we name get an address. `off-link`: guests send everything to the router, for nothing is on-link. */
function rangeOf({ id, cidr, ipv6_mode }: SubnetFact): string {
  const start = `dhcp-range=set:${subnetTag(id)},${firstOf(cidr)}`;
  if (familyOf(cidr) === 4) return `${start},static,${netmask(cidr)},${LEASE4}s`;
  // A subnet of which nothing is said is served like one with DHCP: a routed network has no other router that could.
  const mode = ipv6_mode === "slaac" ? "ra-only" : ipv6_mode === "dhcpv6-stateless" ? "ra-stateless" : "static";
  return `${start},${mode},off-link,${lengthOf(cidr)},${LEASE6}s`;
}

/** Of IPv4. */
function netmask(cidr: Cidr): string {
  const host = BigInt(32 - lengthOf(cidr));
  return ipOf(4, (0xffff_ffffn >> host) << host);
}
