/**
 * While a gateway is taken out of service, others are sent packets of flows that it translates. They know nothing of these, and a new
 * translation would end them; so they send them on as they are, and the one that knows them goes on translating until they end. What comes
 * back does so to its pool, as ever.
 *
 * Only TCP tells by its packets whether a flow has begun before: what is no SYN and belongs to no flow here. The kernel must not take such a
 * packet for the beginning of one (nf_conntrack_tcp_loose), on any gateway, so that what nobody knows ends instead of going round.
 */
import type { DataCenter, Gateway } from "../datacenter/data-center.ts";
import { machinePrefixes } from "../datacenter/racks.ts";
import { privateRanges, publicRanges } from "../datacenter/ranges.ts";
import { segmentsOf } from "../datacenter/segments.ts";
import type { NftChain } from "../kinds/nft.ts";
import type { Sysctl } from "../kinds/sysctl.ts";
import { poolOf } from "./pnat-pool.ts";

/** Who could have begun a flow that another is sent packets of. */
function translators(dc: DataCenter): readonly Gateway[] {
  return dc.gateways.filter((gateway) => poolOf(dc, gateway) !== undefined);
}

/** Do several gateways translate, and this one among them? */
export function mayRelay(dc: DataCenter, { name }: Gateway): boolean {
  const all = translators(dc);
  return all.length > 1 && all.some((each) => each.name === name);
}

/** One that is relayed to does not relay: nothing goes round. */
export function relayChains(dc: DataCenter, gateway: Gateway): readonly NftChain[] {
  const sources = privateRanges(dc);
  const to =
    gateway.relayed || !mayRelay(dc, gateway) ? [] : translators(dc).filter(({ relayed, name }) => relayed && name !== gateway.name);
  if (sources.length === 0 || to.length === 0) return [];
  const kept = [...publicRanges(dc), ...sources, ...machinePrefixes(dc, 4), ...(dc.pnat?.untranslated ?? [])];
  const between = `ip saddr { ${sources.join(", ")} } ip daddr != { ${kept.join(", ")} }`;
  return [
    {
      object: "chain",
      family: "ip",
      name: "relay",
      hook: "type filter hook prerouting priority mangle; policy accept;",
      rules: segmentsOf(dc).flatMap((segment) => {
        const link = JSON.stringify(segment.interface);
        // TCP by number: nft looks names up in /etc/protocols, which a small Debian does not have.
        const unknown = `iifname ${link} ${between} meta l4proto 6 ct state invalid`;
        // By the segment that it came by: each is a fabric by itself. Copies are not tracked here, and have a hop less to go.
        const copies = to.flatMap((other) => segment.at(other).ipv4 ?? []).map((ip) => `${unknown} dup to ${ip} device ${link}`);
        return [...copies, `${unknown} counter drop`];
      }),
      uses: [],
    },
  ];
}

export function relaySysctls(dc: DataCenter, gateway: Gateway): readonly Sysctl[] {
  if (!mayRelay(dc, gateway)) return [];
  return [{ path: "net/netfilter/nf_conntrack_tcp_loose", value: dc.gateways.some(({ relayed }) => relayed) ? "0" : "1" }];
}
