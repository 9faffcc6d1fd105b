/**
 * What a VM may ask of the host it runs on: an address, a router, its metadata, and whether the gateway is alive. Everything else that
 * a host has open is not for VMs. The other way round, host to VM, nothing is filtered.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { machinePrefixes } from "../datacenter/racks.ts";
import type { View } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { compareIp, familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { covers, hostPrefix } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { BFD_PORTS } from "./bfd.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { DHCP_CHAIN, DHCP_RULE } from "./dhcp-guard.ts";
import { METADATA_CLOSED, METADATA_RULE } from "./metadata.ts";
import { perValueAnd } from "./memo.ts";
import { NAME_RULES, namesClosed } from "./names.ts";
import { anyOf, inet, TAPS } from "./nft-parts.ts";
import { refused } from "./refusal.ts";

export function hostGuard(view: View, dc: DataCenter): Wanted<Nft>[] {
  return guard(dc, view.subnets);
}

const guard = perValueAnd((dc: DataCenter, subnets: View["subnets"]) =>
  caused<Nft>(BY_DATACENTER, [
    ...DHCP_CHAIN,
    inet.chain("to-host", [
      // What listens on the host's loopback trusts whoever comes, even where somebody lets these addresses in (`route_localnet`).
      `ip daddr 127.0.0.0/8 ${refused("host")}`,
      `ip saddr 127.0.0.0/8 ${refused("host")}`,
      `ip6 daddr ::1 ${refused("host")}`,
      `ip6 saddr ::1 ${refused("host")}`,
      DHCP_RULE,
      "ct state established,related accept",
      METADATA_RULE,
      ...NAME_RULES,
      "icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld-listener-done, mld2-listener-report } accept",
      ...pings({ subnets }),
      refused("host"),
    ]),
    inet.chain(
      "input",
      [`iifname ${TAPS} goto to-host`, ...METADATA_CLOSED, ...namesClosed(gatewaysOf(subnets))],
      "type filter hook input priority filter; policy accept;",
    ),
    ...(dc.fabric.bfd === undefined ? [] : [ownBfd()]),
    inet.chain(
      "to-machines",
      closedTo(dc).map(([family, prefixes]) => `${family} daddr ${anyOf(prefixes)} ${refused("machine")}`),
    ),
  ]),
);

/** A full connection tracker drops what it cannot track: the host would be taken for gone. What comes in is untracked in `prerouting`. */
function ownBfd(): Nft {
  return inet.chain("own-bfd", [`udp dport ${BFD_PORTS} notrack`], "type filter hook output priority raw; policy accept;");
}

function gatewaysOf(subnets: View["subnets"]): Ip[] {
  return [...subnets.values()].flatMap(({ gateway_ip }) => gateway_ip ?? []).toSorted(compareIp);
}

/** The gateway's addresses, and in IPv6 also the router's link-local one, which is what a guest has as its default router. */
function pings({ subnets }: Pick<View, "subnets">): string[] {
  const gateways = gatewaysOf(subnets);
  const four = gateways.filter((ip) => familyOf(ip) === 4);
  const six = ["fe80::/10", ...gateways.filter((ip) => familyOf(ip) === 6)];
  const limit = "limit rate 100/second burst 100 packets accept";
  return [
    ...(four.length > 0 ? [`ip daddr ${anyOf([...new Set(four)])} icmp type echo-request ${limit}`] : []),
    `ip6 daddr ${anyOf([...new Set(six)])} icmpv6 type echo-request ${limit}`,
  ];
}

type Closed = readonly [family: "ip" | "ip6", prefixes: readonly Cidr[]];

function closedTo(dc: DataCenter): readonly Closed[] {
  const all = machinesOf(dc);
  const of = (family: Family) => all.filter((prefix) => familyOf(prefix) === family);
  const both: readonly Closed[] = [
    ["ip", of(4)],
    ["ip6", of(6)],
  ];
  return both.filter(([, prefixes]) => prefixes.length > 0);
}

/**
 * Controllers and BGP speakers listen on the fabric and on the links to the provider: no VM opens a flow to them, whatever its
 * groups say. Link-local IPv4 would be forwarded by Linux, and must not leave the link (RFC 3927, 7).
 */
export function machinesOf(dc: DataCenter): readonly Cidr[] {
  const { gateways } = dc;
  const uplinks = gateways.flatMap(({ upstream }) => [upstream.ipv4?.local.ip, upstream.ipv6?.local.ip]).filter((ip) => ip !== undefined);
  return outermost(["169.254.0.0/16" as Cidr, ...machinePrefixes(dc), ...uplinks.map(hostPrefix)]);
}

/** Those that no other one covers, sorted: nft refuses overlapping intervals in one set. */
export function outermost(prefixes: readonly Cidr[]): Cidr[] {
  const distinct = [...new Set(prefixes)].toSorted();
  return distinct.filter((prefix) => !distinct.some((other) => other !== prefix && covers(other, prefix)));
}
