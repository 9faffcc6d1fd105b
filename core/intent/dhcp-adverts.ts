/**
 * What dnsmasq advertises of its own accord for the common anchor it sends to all taps. It does not get to those that another anchor stands in
 * for: they hear of their own network from that one.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Endpoint, View } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { anchorsOf, isCommon, subnetsOf } from "./dhcp-anchors.ts";
import { COMMON_LIFETIME } from "./dhcp-conf.ts";
import { perValue } from "./memo.ts";
import { inet, ports, quoted } from "./nft-parts.ts";

/** Of endpoints that are served. */
export function adverts(view: View, dc: DataCenter, endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  const anchors = anchorsOf(subnetsOf(view.subnets), endpoints, dc.mtu).filter((anchor) => !isCommon(anchor));
  const apart = new Set(anchors.flatMap(({ taps }) => taps));
  const own = endpoints.filter(({ tap }) => apart.has(tap));
  return [...caused(BY_DATACENTER, FRAME), ...own.flatMap(apartOf)];
}

const apartOf = perValue((each: Endpoint) => caused([ports(each)], [inet.element("advertised-apart", [quoted(each.tap)])]));

const FRAME: readonly Nft[] = [
  inet.set("advertised-apart", "type ifname;"),
  inet.chain(
    "to-tap",
    // The lifetime of a router, in the sixth octet of its advertisement (RFC 4861, 4.2).
    [`oifname @advertised-apart icmpv6 type nd-router-advert @th,48,16 ${COMMON_LIFETIME} counter drop`],
    "type filter hook output priority filter; policy accept;",
  ),
];
