/**
 * Port-NAT of the private range. A VM goes out as one address of the pool, which follows from its own: by the kernel's hash of it
 * (`persistent`), or, with ports of its own, by its place in the range. Linux gives one source address and port one place outside for all
 * that it talks to (endpoint-independent mapping, RFC 4787); who may answer there is whom it has talked to (symmetric), or, as a full
 * cone, anybody: then each mapping is remembered as a way in for as long as it is used.
 */
import { blocksOf, vmsPerAddress } from "../datacenter/pnat-blocks.ts";
import type { Translation } from "../datacenter/data-center.ts";
import { nftRef } from "../kinds/nft.ts";
import type { NftChain, NftSet } from "../kinds/nft.ts";
import { ipOf } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Pool } from "./pnat-pool.ts";

/** The rules' words for what is translated, where. */
export interface Translated {
  readonly uplink: string;
  readonly sources: readonly Cidr[];
  /** nft's word for them. */
  readonly source: string;
  /** nft's set of destinations that see the true source. */
  readonly except: string;
  readonly pool: Pool;
  /** nft's word for it. */
  readonly span: string;
  readonly how: Translation;
}

const CONE = "cone";
const CONE_REF = nftRef("inet", "map", CONE);
/** TCP, UDP, SCTP: nft looks names up in /etc/protocols, which a small Debian does not have. */
const WITH_PORTS = "meta l4proto { 6, 17, 132 }";
const TCP_UDP = "meta l4proto { 6, 17 }";

export function translationChains(what: Translated): readonly NftChain[] {
  const { uplink, source, except, span, how } = what;
  const leaving = `oifname ${uplink} ip saddr ${source} ip daddr != ${except}`;
  const blocks = blockChains(what);
  return [
    chain(
      "pnat",
      [
        ...(how.log === undefined ? [] : [`${leaving} log prefix "margay-pnat " group ${LOG_GROUP}`]),
        blocks.length === 0 ? `${leaving} snat ip to ${span} persistent` : `${leaving} ip saddr & ${maskOf(how)} vmap ${choice(blocks)}`,
      ],
      { hook: "type nat hook postrouting priority srcnat; policy accept;", uses: blocks.map(({ name }) => nftRef("inet", "chain", name)) },
    ),
    ...blocks,
    ...(how.filtering === undefined ? [] : cone(what)),
  ];
}

/** Where new connections are told of (NFLOG). 88 is of what is refused. */
const LOG_GROUP = 89;

export function translationMaps({ filtering }: Translation): readonly NftSet[] {
  if (filtering === undefined) return [];
  const type = "type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 5m; size 1048576;";
  return [{ object: "map", family: "inet", name: CONE, type }];
}

/** Forwarding of what came back by such a way in. */
export const BY_CONE = "ct status dnat accept";

function cone({ uplink, span }: Translated): readonly NftChain[] {
  const key = "meta l4proto . ct reply ip daddr . ct reply proto-dst";
  const value = "ct original ip saddr . ct original proto-src";
  return [
    chain("cone", [`iifname ${uplink} ip daddr ${span} ${TCP_UDP} dnat ip to meta l4proto . ip daddr . th dport map @${CONE}`], {
      hook: "type nat hook prerouting priority dstnat; policy accept;",
      uses: [CONE_REF],
    }),
    chain("cone-learn", [`oifname ${uplink} ct status snat ${TCP_UDP} update @${CONE} { ${key} : ${value} }`], {
      hook: "type filter hook postrouting priority srcnat + 20; policy accept;",
      uses: [CONE_REF],
    }),
  ];
}

/** One for each place that a VM has among those of its address, in order. */
function blockChains({ how, sources, pool }: Translated): readonly NftChain[] {
  const { ports_per_vm: ports } = how;
  if (ports === undefined) return [];
  const addresses = `ip saddr map { ${blocksOf(sources, pool, ports)
    .map(({ vms, ip }) => `${vms} : ${ip}`)
    .join(", ")} }`;
  return Array.from({ length: vmsPerAddress(ports) }, (_, at) => {
    const first = 1024 + at * ports;
    return chain(`block-${at}`, [`${WITH_PORTS} snat ip to ${addresses} : ${first}-${first + ports - 1}`, `snat ip to ${addresses}`], {
      uses: [],
    });
  });
}

function maskOf({ ports_per_vm: ports = 1 }: Translation): string {
  return ipOf(4, BigInt(vmsPerAddress(ports) - 1));
}

function choice(blocks: readonly NftChain[]): string {
  return `{ ${blocks.map(({ name }, at) => `${ipOf(4, BigInt(at))} : goto ${name}`).join(", ")} }`;
}

function chain(name: string, rules: readonly string[], more: Pick<NftChain, "uses"> & Partial<Pick<NftChain, "hook">>): NftChain {
  return { object: "chain", family: "inet", name, rules, ...more };
}
