/**
 * Who may send what: interface, MAC and address are checked together, before anything else is asked of a packet. Packets
 * of taps that nobody told us of end here. The same in ARP: a VM speaks for its own addresses, and the host's proxy ARP
 * never answers for them, so that a VM which looks for its own address (RFC 5227) finds it free wherever the route points.
 */
import type { Endpoint } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft, NftElement } from "../kinds/nft.ts";
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { lengthOf } from "../net/prefix.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { arp, contentNames, inet, ports, quoted, TAPS } from "./nft-parts.ts";

export function antiSpoof(endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  return [
    ...caused(BY_DATACENTER, [...INET, ...ARP]),
    ...pairChains(endpoints),
    ...endpoints.flatMap((each) => caused([ports(each)], elements(each))),
  ];
}

const UNNAMED = "{ nd-router-solicit, nd-neighbor-solicit, mld-listener-report, mld2-listener-report }";

/** From ::, duplicate address detection and multicast reports (RFC 4862, RFC 9777); DHCP from 0.0.0.0 (RFC 2131); all the rest with an address of its own. */
const INET: readonly Nft[] = [
  inet.map("senders", "type ifname : verdict;"),
  inet.map("pairs", "type ifname : verdict;"),
  inet.set("macs", "type ifname . ether_addr;"),
  inet.set("sources4", "type ifname . ether_addr . ipv4_addr;"),
  inet.set("sources6", "type ifname . ether_addr . ipv6_addr;"),
  inet.chain("own-source", [
    // Never from a VM, whatever its address: answers of a DHCP server, and advice about routes.
    "udp sport { 67, 547 } udp dport { 68, 546 } counter drop",
    "icmpv6 type { nd-router-advert, nd-redirect } counter drop",
    "icmp type redirect counter drop",
    "iifname . ether saddr . ip saddr @sources4 accept",
    "iifname . ether saddr . ip6 saddr @sources6 accept",
    "iifname . ether saddr @macs ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept",
    "iifname . ether saddr @macs ip6 saddr fe80::/10 ip6 daddr { fe80::/10, ff02::/16 } accept",
    `iifname . ether saddr @macs ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type ${UNNAMED} accept`,
    "iifname vmap @pairs",
    "counter drop",
  ]),
  inet.chain("from-tap", ["iifname vmap @senders", "counter drop"]),
  inet.chain("prerouting", [`iifname ${TAPS} goto from-tap`], "type filter hook prerouting priority raw; policy accept;"),
];

const ARP: readonly Nft[] = [
  arp.map("senders", "type ifname : verdict;"),
  arp.map("pairs", "type ifname : verdict;"),
  arp.set("macs", "type ifname . ether_addr;"),
  arp.set("sources", "type ifname . ether_addr . ipv4_addr;"),
  arp.set("own", "type ifname . ipv4_addr;"),
  arp.chain("own-source", [
    "iifname . arp saddr ether . arp saddr ip @sources accept",
    "iifname . arp saddr ether @macs arp saddr ip 0.0.0.0 accept",
    "iifname vmap @pairs",
    "counter drop",
  ]),
  arp.chain("from-tap", ["iifname vmap @senders", "counter drop"]),
  arp.chain("input", [`iifname ${TAPS} goto from-tap`], "type filter hook input priority filter; policy accept;"),
  arp.chain("output", ["oifname . arp saddr ip @own counter drop"], "type filter hook output priority filter; policy accept;"),
];

function elements(endpoint: Endpoint): NftElement[] {
  const tap = quoted(endpoint.tap);
  const value = verdictOf(endpoint);
  const senders = [inet, arp].map((family) => family.element("senders", [tap], { value }));
  return value === "goto own-source" ? [...senders, ...identity(endpoint)] : senders;
}

function verdictOf({ admin_state_up, port_security }: Endpoint): string {
  if (!admin_state_up) return "drop";
  return port_security ? "goto own-source" : "accept";
}

function identity({ tap: name, mac, addresses, pairs }: Endpoint): NftElement[] {
  const tap = quoted(name);
  const ips = addresses.map(({ ip }) => ip);
  const [four, six] = [ips.filter(isFour), ips.filter((ip) => !isFour(ip))];
  const macs = [...new Set([mac, ...pairs.map((pair) => pair.mac)])].toSorted();
  return [
    ...macs.flatMap((each) => [inet.element("macs", [tap, each]), arp.element("macs", [tap, each])]),
    ...four.flatMap((ip) => [
      inet.element("sources4", [tap, mac, ip]),
      arp.element("sources", [tap, mac, ip]),
      arp.element("own", [tap, ip]),
    ]),
    ...six.map((ip) => inet.element("sources6", [tap, mac, ip])),
  ];
}

function isFour(ip: Ip): boolean {
  return familyOf(ip) === 4;
}

/** Allowed address pairs hold prefixes; few ports have any, so each distinct list is a chain of its own. */
function pairChains(endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  const owners = endpoints.filter(({ pairs, port_security, admin_state_up }) => pairs.length > 0 && port_security && admin_state_up);
  return [inet, arp].flatMap((family) => {
    const content = (endpoint: Endpoint) => (family === inet ? inetPairs : arpPairs)(endpoint).join("\n");
    const names = contentNames("pairs", owners.map(content));
    const chains = [...names].map(([text, name]) => ({
      value: family.chain(name, [...text.split("\n"), "counter drop"]),
      because: owners.filter((owner) => content(owner) === text).map(ports),
    }));
    const jumps = owners.map((owner) => ({
      value: family.element("pairs", [quoted(owner.tap)], { value: `goto ${names.get(content(owner)) ?? ""}` }),
      because: [ports(owner)],
    }));
    return [...chains, ...jumps];
  });
}

function inetPairs({ pairs }: Endpoint): string[] {
  return pairs
    .map(({ prefix, mac }) => {
      const four = familyOf(prefix) === 4;
      const source = lengthOf(prefix) === 0 ? `meta nfproto ipv${four ? 4 : 6}` : `${four ? "ip" : "ip6"} saddr ${prefix}`;
      return `ether saddr ${mac} ${source} accept`;
    })
    .toSorted();
}

/** The last word is `drop`: without an IPv4 pair nothing more is let through. */
function arpPairs({ pairs }: Endpoint): string[] {
  const four = pairs.filter(({ prefix }) => familyOf(prefix) === 4);
  const rules = four.map(({ prefix, mac }) => `arp saddr ether ${mac}${lengthOf(prefix) === 0 ? "" : ` arp saddr ip ${prefix}`} accept`);
  return rules.length > 0 ? rules.toSorted() : ["counter drop"];
}
