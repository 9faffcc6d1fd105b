/**
 * What passes a gateway, and what is translated there. Every list is a positive one: a range that nobody mentioned is
 * neither announced, nor translated, nor let through.
 *
 * Only what is translated may be tracked. With two gateways, a flow of a public or IPv6 address may leave by one and
 * return by the other; a tracker that sees half a conversation calls it invalid.
 */
import { exportsOf } from "../datacenter/exports.ts";
import type { Bfd, DataCenter, Gateway, Translation } from "../datacenter/data-center.ts";
import { untranslatedTowards } from "../datacenter/pnat-scope.ts";
import { machinePrefixes } from "../datacenter/racks.ts";
import { ipv6Ranges, privateRanges, publicRanges } from "../datacenter/ranges.ts";
import { coreInterfaces } from "../datacenter/segments.ts";
import type { NftChain, NftSet } from "../kinds/nft.ts";
import { familyOf } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import { BFD_PORTS } from "./bfd.ts";
import { BY_CONE, translationChains, translationMaps } from "./pnat-nft.ts";
import type { Translated } from "./pnat-nft.ts";
import { addressesOf, insidePublic, poolOf } from "./pnat-pool.ts";
import type { Pool } from "./pnat-pool.ts";

/** In place of all these chains: nothing passes. */
export function closed(): readonly NftChain[] {
  const hook = "type filter hook forward priority filter; policy drop;";
  return [{ object: "chain", family: "inet", name: "forward", hook, rules: ["counter drop"], uses: [] }];
}

/** A hook, and the rules there; an absent rule has no cause in this data centre. */
interface Draft {
  readonly name: string;
  readonly hook: string;
  readonly rules: readonly (string | undefined)[];
}

/** The chains of table `inet margay` on this gateway. */
export function gatewayNft(dc: DataCenter, gateway: Gateway): readonly NftChain[] {
  const site = siteOf(dc, gateway);
  const chains = [untracked(site), untrackedOwn(site), input(site), forward(site)].map(chainOf);
  return [...chains, ...(site.translated === undefined ? [] : translationChains(site.translated)), chainOf(leaks(site))];
}

/** The maps that they use. */
export function gatewayMaps(dc: DataCenter, gateway: Gateway): readonly NftSet[] {
  return poolOf(dc, gateway) === undefined ? [] : translationMaps(dc.pnat ?? AS_USUAL);
}

function chainOf({ name, hook, rules }: Draft): NftChain {
  return { object: "chain", family: "inet", name, hook, rules: rules.filter((rule) => rule !== undefined), uses: [] };
}

const AS_USUAL: Translation = { untranslated: [] };

/** The data centre as the rules name it: interfaces quoted, addresses as nft's sets. Undefined: there is none. */
interface Site {
  readonly fabric: string;
  readonly uplink: string;
  readonly publics: readonly Cidr[];
  readonly public4: string | undefined;
  readonly private4: string | undefined;
  readonly whole6: string | undefined;
  /** What the outside is told of it: nothing else may go there. */
  readonly announced: readonly Cidr[];
  readonly announced6: string | undefined;
  /** Addresses of the machines themselves. */
  readonly machines4: string | undefined;
  readonly machines6: string | undefined;
  /** All of the data centre's own addresses. */
  readonly inside4: string | undefined;
  readonly inside6: string | undefined;
  /** All of the VMs' addresses. */
  readonly cloud4: string | undefined;
  readonly pool: PoolText | undefined;
  readonly translated: Translated | undefined;
  /** All destinations that see VMs' own addresses; and those of them that are outside. */
  readonly kept4: string | undefined;
  readonly untranslated4: string | undefined;
  /** May anybody answer to a VM's port outside? */
  readonly cone: "full cone" | undefined;
  readonly local4: string | undefined;
  readonly local6: string | undefined;
  readonly peer4: string | undefined;
  readonly peer6: string | undefined;
  /** Of the provider. */
  readonly bfd: Bfd | undefined;
}

interface PoolText {
  readonly span: string;
  /** Is the uplink's own address one of the pool? Then our own connections share its ports. */
  readonly shared: boolean;
  readonly insidePublic: boolean;
}

function siteOf(dc: DataCenter, gateway: Gateway): Site {
  const [open, closed, wholes] = [publicRanges(dc), privateRanges(dc), ipv6Ranges(dc).map(({ whole }) => whole)];
  const told6 = exportsOf(dc).filter((prefix) => familyOf(prefix) === 6);
  const [public4, private4] = [oneOrAny(open), oneOrAny(closed)];
  const { upstream } = gateway;
  const pool = poolOf(dc, gateway);
  const how = dc.pnat ?? AS_USUAL;
  const uplink = JSON.stringify(upstream.interface);
  const kept4 = anyOf(untranslatedTowards(dc));
  const text = pool && poolText(dc, gateway, pool);
  return {
    translated:
      pool && text && private4 && kept4
        ? { uplink, sources: closed, source: private4, except: kept4, pool, span: text.span, how }
        : undefined,
    kept4,
    untranslated4: anyOf(how.untranslated),
    cone: how.filtering,
    bfd: upstream.bfd,
    fabric: oneOrAny(coreInterfaces(dc).map((name) => JSON.stringify(name))) ?? "",
    uplink,
    publics: open,
    public4,
    private4,
    whole6: oneOrAny(wholes),
    announced: told6,
    announced6: oneOrAny(told6),
    machines4: oneOrAny(machinePrefixes(dc, 4)),
    machines6: oneOrAny(machinePrefixes(dc, 6)),
    inside4: anyOf([...open, ...closed, ...machinePrefixes(dc, 4)]),
    inside6: anyOf([...wholes, ...machinePrefixes(dc, 6)]),
    cloud4: anyOf([...open, ...closed]),
    pool: text,
    local4: upstream.ipv4?.local.ip,
    local6: upstream.ipv6?.local.ip,
    peer4: upstream.ipv4?.peer,
    peer6: upstream.ipv6?.peer,
  };
}

function poolText(dc: DataCenter, gateway: Gateway, pool: Pool): PoolText {
  const own = gateway.upstream.ipv4?.local.ip;
  return {
    span: pool.start === pool.end ? pool.start : `${pool.start}-${pool.end}`,
    shared: addressesOf(pool).some((ip) => ip === own),
    insidePublic: insidePublic(dc, pool),
  };
}

/** nft's anonymous set of those that exist. */
function anyOf(values: readonly (Cidr | string | undefined)[]): string | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length > 0 ? `{ ${present.join(", ")} }` : undefined;
}

/** One stands for itself. */
function oneOrAny(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : anyOf(values);
}

/** A rule that needs a fact: none without the fact. */
function given(fact: string | undefined, rule: (fact: string) => string): string | undefined {
  return fact === undefined ? undefined : rule(fact);
}

/** Errors about a packet, sent by whoever could not deliver it. */
const ERRORS4 = "icmp type { destination-unreachable, time-exceeded, parameter-problem }";
const ERRORS6 = "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }";

/** First of all: our own addresses do not come from outside. Then, what is tracked: flows to be translated, and errors about them. */
function untracked({ fabric, uplink, inside4, kept4, inside6, private4, machines4, pool }: Site): Draft {
  return {
    name: "raw-prerouting",
    hook: "type filter hook prerouting priority raw; policy accept;",
    rules: [
      given(inside4, (own) => `iifname ${uplink} ip saddr ${own} counter drop`),
      given(inside6, (own) => `iifname ${uplink} ip6 saddr ${own} counter drop`),
      pool && `ip daddr ${pool.span} accept`,
      pool && given(private4, (own) => `iifname ${fabric} ip saddr ${own} ip daddr != ${kept4} accept`),
      pool && given(machines4, (own) => `iifname ${fabric} ip saddr ${own} ${ERRORS4} accept`),
      "notrack",
    ],
  };
}

/**
 * What the gateway itself says is not tracked, unless it shares an address with the pool. An error about a translated packet is part of
 * its flow all the same (icmp_glue_bits() in the kernel), so the packet that it quotes is translated too.
 */
function untrackedOwn({ pool }: Site): Draft {
  return {
    name: "raw-output",
    hook: "type filter hook output priority raw; policy accept;",
    rules: [pool?.shared ? `ip saddr ${pool.span} accept` : undefined, "notrack"],
  };
}

/** The gateway itself: from outside only BGP with the provider's router, ICMP and neighbour discovery; from VMs only ICMP. */
function input({ fabric, uplink, cloud4, whole6, local4, local6, peer4, peer6, bfd }: Site): Draft {
  const bgp = (ends: string) => [
    `iifname ${uplink} ${ends} tcp dport 179 accept`,
    `iifname ${uplink} ${ends} tcp sport 179 accept`,
    ...(bfd === undefined ? [] : [`iifname ${uplink} ${ends} udp dport ${BFD_PORTS} accept`]),
  ];
  return {
    name: "input",
    hook: "type filter hook input priority filter; policy accept;",
    rules: [
      // ICMP of both families by number: nft looks names up in /etc/protocols, which a small Debian does not have.
      "meta l4proto { 1, 58 } accept",
      given(cloud4, (own) => `iifname ${fabric} ip saddr ${own} counter drop`),
      given(whole6, (own) => `iifname ${fabric} ip6 saddr ${own} counter drop`),
      ...(peer4 === undefined ? [] : bgp(`ip saddr ${peer4} ip daddr ${local4}`)),
      ...(peer6 === undefined ? [] : bgp(`ip6 saddr ${peer6} ip6 daddr ${local6}`)),
      `iifname ${uplink} counter drop`,
    ],
  };
}

function forward({
  fabric,
  uplink,
  public4,
  private4,
  whole6,
  announced6,
  machines4,
  machines6,
  cloud4,
  pool,
  untranslated4,
  cone,
}: Site): Draft {
  return {
    name: "forward",
    hook: "type filter hook forward priority filter; policy drop;",
    rules: [
      // Before "invalid": an error about an untracked packet belongs to no flow. `leaks` hides the machine that sent it.
      given(machines4, (own) => `iifname ${fabric} oifname ${uplink} ip saddr ${own} ${ERRORS4} accept`),
      given(machines6, (own) => `iifname ${fabric} oifname ${uplink} ip6 saddr ${own} ${ERRORS6} accept`),
      "ct state established,related accept",
      "ct state invalid counter drop",
      pool && cone && `iifname ${uplink} oifname ${fabric} ${BY_CONE}`,
      given(untranslated4, (known) => `iifname ${uplink} oifname ${fabric} ip saddr ${known} ip daddr ${private4} accept`),
      given(untranslated4, (known) => `iifname ${fabric} oifname ${uplink} ip saddr ${private4} ip daddr ${known} accept`),
      given(private4, (own) => `iifname ${uplink} ip daddr ${own} counter drop`),
      given(public4, (own) => `iifname ${uplink} oifname ${fabric} ip daddr ${own} accept`),
      given(announced6, (own) => `iifname ${uplink} oifname ${fabric} ip6 daddr ${own} accept`),
      given(public4, (own) => `iifname ${fabric} oifname ${uplink} ip saddr ${own} accept`),
      given(announced6, (own) => `iifname ${fabric} oifname ${uplink} ip6 saddr ${own} accept`),
      pool && given(private4, (own) => `iifname ${fabric} oifname ${uplink} ip saddr ${own} ct state new accept`),
      given(cloud4, (own) => `iifname ${fabric} oifname ${fabric} ip daddr ${own} accept`),
      given(whole6, (own) => `iifname ${fabric} oifname ${fabric} ip6 daddr ${own} accept`),
      "counter drop",
    ],
  };
}

/**
 * The last look at what leaves. Errors of the data centre's own machines (traceroute, path MTU) come from the gateway, as far as the
 * outside can tell; whatever else has a source that the outside does not know us by is a leak, dropped and counted.
 */
function leaks({ uplink, publics, private4, announced, machines4, machines6, pool, local4, local6, untranslated4 }: Site): Draft {
  const own4 = anyOf([...publics, pool?.insidePublic ? undefined : pool?.span, pool?.shared ? undefined : local4]);
  return {
    name: "leak",
    hook: "type filter hook postrouting priority srcnat + 10; policy accept;",
    rules: [
      `oifname != ${uplink} accept`,
      given(untranslated4, (known) => `ip saddr ${private4} ip daddr ${known} accept`),
      given(private4, (own) => `ip saddr ${own} counter drop`),
      given(machines4 && local4, () => `ip saddr ${machines4} ${ERRORS4} ip saddr set ${local4} accept`),
      given(machines6 && local6, () => `ip6 saddr ${machines6} ${ERRORS6} ip6 saddr set ${local6} accept`),
      given(own4, (own) => `ip saddr ${own} accept`),
      `ip6 saddr ${anyOf([...announced, local6, "fe80::/10", "::"])} accept`,
      "counter drop",
    ],
  };
}
