/**
 * Who may send what: interface, MAC and address are checked together, before anything else is asked of a packet. Packets
 * of taps that nobody told us of end here. The same in ARP: a VM speaks for its own addresses, and the host's proxy ARP
 * never answers for them, so that a VM which looks for its own address (RFC 5227) finds it free wherever the route points.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { rangesOf } from "../datacenter/ranges.ts";
import type { Endpoint } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft, NftElement } from "../kinds/nft.ts";
import { bitsOf, familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { BFD_PORTS } from "./bfd.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { perValue, perValueAnd } from "./memo.ts";
import { METADATA_CALLED, NOT_METADATA4 } from "./metadata.ts";
import { anyOf, arp, inet, ports, quoted, TAPS } from "./nft-parts.ts";
import { outermost } from "./policy-host.ts";
import { pairChains } from "./pairs.ts";
import { refused, REFUSALS } from "./refusal.ts";
import { TUNNEL_PORTS, tunnelGuard } from "./tunnels.ts";

interface Site {
  readonly dc: DataCenter;
  /** The host's interfaces there. */
  readonly fabric: readonly string[];
}

/** What all endpoints share. */
export function antiSpoof({ dc, fabric }: Site, endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  return [...frame(dc, fabric), ...pairChains(endpoints)];
}

const frame = perValueAnd((dc: DataCenter, fabric: readonly string[]) =>
  caused(BY_DATACENTER, [...REFUSALS, ...tunnelGuard(dc), ...NEWCOMERS, ...INET, ...prerouting(dc, fabric), ...ARP]),
);
/** An endpoint's own: who it is. */
export const senderOf = perValue((each: Endpoint) => caused<Nft>([ports(each)], elements(each)));

const UNNAMED = "{ nd-router-solicit, mld-listener-report, mld2-listener-report }";

/**
 * A VM chooses its link-local addresses itself, and each that it sends from becomes a neighbour of the host, of which Linux has room for a
 * thousand (gc_thresh3): so a few of them, and some more every now and then.
 */
const NEWCOMERS: readonly Nft[] = [
  inet.set("link-locals", "type ifname . ipv6_addr; size 65536; flags dynamic,timeout; timeout 10m;"),
  inet.set("newcomers", "type ifname; size 4096; flags dynamic,timeout; timeout 10m;"),
  inet.chain("link-local", [
    "iifname . ip6 saddr @link-locals return",
    `update @newcomers { iifname limit rate over 10/minute burst 16 packets } ${refused("newcomer")}`,
    "add @link-locals { iifname . ip6 saddr } return",
    refused("newcomer"),
  ]),
];

/**
 * Of a tap that goes by another name nobody can tell that it is one; but the addresses of VMs come from taps and from the fabric, and from
 * nowhere else.
 */
function prerouting(dc: DataCenter, fabric: readonly string[]): readonly Nft[] {
  const of = (family: Family) => rangesOf(dc).filter((range) => familyOf(range) === family);
  const closed = ([4, 6] as const).flatMap((family) => {
    const ranges = outermost(of(family));
    return ranges.length === 0 ? [] : [`${family === 4 ? "ip" : "ip6"} saddr ${anyOf(ranges)} ${refused("stranger")}`];
  });
  const heard = `iifname ${anyOf(fabric.map(quoted))} udp dport ${BFD_PORTS} fib daddr type local notrack`;
  // One comparison for each costs less than a look into a set of two.
  const open = [...(dc.fabric.bfd === undefined ? [] : [heard]), ...fabric.map((name) => `iifname ${quoted(name)} accept`)];
  return [
    inet.chain("of-tap", ["jump from-tap", ...METADATA_CALLED]),
    inet.chain(
      "prerouting",
      [...open, ...ORDINARY, 'iifname "lo" accept', `iifname ${TAPS} goto of-tap`, ...closed],
      "type filter hook prerouting priority raw; policy accept;",
    ),
  ];
}

/** Where DHCP clients listen, and the far ends of tunnels. */
const SPECIAL_PORTS = `{ ${[68, 546, ...TUNNEL_PORTS].join(", ")} }`;

/**
 * What makes up most of the traffic and has no part in anything else that is forbidden, or goes to metadata: it is asked for its sender
 * alone, and is done with here. First, as each look at a packet costs every packet. (The family is said, for nft would look for it in the
 * link-layer header.)
 */
const ORDINARY: readonly string[] = [
  `udp dport != ${SPECIAL_PORTS} meta nfproto ipv4 iifname . ether saddr . ip saddr @sources4 accept`,
  `meta l4proto 6 ${NOT_METADATA4} iifname . ether saddr . ip saddr @sources4 accept`,
  `udp dport != ${SPECIAL_PORTS} meta nfproto ipv6 iifname . ether saddr . ip6 saddr @sources6 accept`,
  "meta l4proto 6 meta nfproto ipv6 iifname . ether saddr . ip6 saddr @sources6 accept",
];

/** What a neighbour advertisement, or a solicitation, is about (RFC 4861, 4.3, 4.4); nft 1.0.6 has no name for it. */
const TARGET = "@th,64,128";
const TARGET_IS_LINK_LOCAL = "@th,64,10 0x3fa";

/** What the host says to all behind a tap comes back to it without a link-layer header, and no rule that looks into that matches. */
const HAS_SENDER = "ether saddr != 00:00:00:00:00:00";

/**
 * From ::, duplicate address detection and multicast reports (RFC 4862, RFC 9777); DHCP from 0.0.0.0 (RFC 2131); all the rest with an
 * address of its own: whoever is found to be himself returns.
 */
const INET: readonly Nft[] = [
  inet.map("senders", "type ifname : verdict;"),
  inet.map("pairs", "type ifname : verdict;"),
  inet.map("paired-targets", "type ifname : verdict;"),
  inet.set("macs", "type ifname . ether_addr;"),
  inet.set("sources4", "type ifname . ether_addr . ipv4_addr;"),
  inet.set("sources6", "type ifname . ether_addr . ipv6_addr;"),
  inet.set("targets6", `typeof iifname . ether saddr . ${TARGET};`),
  // Never from a VM, whatever its address: answers of a DHCP server, and advice about routes.
  inet.chain("no-role", [
    `udp sport { 67, 547 } udp dport { 68, 546 } ${refused("role")}`,
    `icmpv6 type { nd-router-advert, nd-redirect } ${refused("role")}`,
    `icmp type redirect ${refused("role")}`,
  ]),
  inet.chain("own-target", [
    `iifname . ether saddr . ${TARGET} @targets6 return`,
    `iifname . ether saddr @macs ${TARGET_IS_LINK_LOCAL} return`,
    "iifname vmap @paired-targets",
    refused("advert"),
  ]),
  inet.chain("own-source", [
    "meta l4proto { 1, 17, 58 } jump no-role",
    "jump no-tunnel",
    "icmpv6 type nd-neighbor-advert jump own-target",
    "iifname . ether saddr . ip saddr @sources4 return",
    "iifname . ether saddr . ip6 saddr @sources6 return",
    "iifname . ether saddr @macs ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 return",
    "iifname . ether saddr @macs ip6 saddr fe80::/10 ip6 daddr { fe80::/10, ff02::/16 } goto link-local",
    `iifname . ether saddr @macs ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type ${UNNAMED} return`,
    "ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type nd-neighbor-solicit jump own-target",
    "iifname . ether saddr @macs ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type nd-neighbor-solicit return",
    "iifname vmap @pairs",
    refused("forged"),
  ]),
  inet.chain("any-source", ["meta l4proto { 1, 17, 58 } jump no-role"]),
  inet.chain("from-tap", [`${HAS_SENDER} iifname vmap @senders`, `${HAS_SENDER} ${refused("stranger")}`, "drop"]),
];

const ARP: readonly Nft[] = [
  arp.map("senders", "type ifname : verdict;"),
  arp.map("pairs", "type ifname : verdict;"),
  arp.set("macs", "type ifname . ether_addr;"),
  arp.set("sources", "type ifname . ether_addr . ipv4_addr;"),
  arp.set("own", "type ifname . ipv4_addr;"),
  // Of pairs: whoever takes one over announces it, and would be told by the host that somebody has it.
  arp.set("announced", "type ifname . ipv4_addr . ipv4_addr;"),
  arp.chain("own-source", [
    "iifname . arp saddr ether . arp saddr ip @sources accept",
    "iifname . arp saddr ether @macs arp saddr ip 0.0.0.0 accept",
    "iifname vmap @pairs",
    "counter drop",
  ]),
  arp.chain("from-tap", ["iifname vmap @senders", "counter drop"]),
  arp.chain("input", [`iifname ${TAPS} goto from-tap`], "type filter hook input priority filter; policy accept;"),
  arp.chain(
    "output",
    ["oifname . arp saddr ip @own counter drop", "oifname . arp saddr ip . arp daddr ip @announced counter drop"],
    "type filter hook output priority filter; policy accept;",
  ),
];

function elements(endpoint: Endpoint): NftElement[] {
  const tap = quoted(endpoint.tap);
  const { admin_state_up: up, port_security: checked } = endpoint;
  if (!up) return [inet, arp].map((family) => family.element("senders", [tap], { value: "drop" }));
  if (!checked) return [inet.element("senders", [tap], { value: "goto any-source" }), arp.element("senders", [tap], { value: "accept" })];
  return [...[inet, arp].map((family) => family.element("senders", [tap], { value: "goto own-source" })), ...identity(endpoint)];
}

function identity({ tap: name, mac, addresses, claims, pairs }: Endpoint): NftElement[] {
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
    ...claims.filter(({ ip }) => isFour(ip)).map(({ ip }) => arp.element("announced", [tap, ip, ip])),
    ...six.flatMap((ip) => [inet.element("sources6", [tap, mac, ip]), inet.element("targets6", [tap, mac, hex(ip)])]),
  ];
}

/** An address as nft prints bits that it has no type for. */
function hex(ip: Ip): string {
  return `0x${bitsOf(ip).toString(16)}`;
}

function isFour(ip: Ip): boolean {
  return familyOf(ip) === 4;
}
