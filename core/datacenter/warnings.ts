/**
 * What is allowed and still worth a word before it is built: each says what follows from the file that its writer may not
 * have meant. A warning never stops anything.
 */
import { hostPrefix, sizeOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { DataCenter } from "./data-center.ts";
import { exportsOf } from "./exports.ts";
import { attachedTo, coreHosts, racksOf } from "./racks.ts";
import { privateRanges, publicRanges } from "./ranges.ts";
import { finding } from "./source.ts";
import type { Finding } from "./source.ts";
import { showSpan, spanSize, within } from "./span.ts";
import { notGlobalBecause } from "./special.ts";
import type { Special } from "./special.ts";

export function warningsOf(datacenter: DataCenter): readonly Finding[] {
  return [range4, range6, retiring, internalReach, machines, peering, racks, asNumbers, uplinks, translation].flatMap((look) =>
    look(datacenter),
  );
}

/** What happens to a range that is to be reached from outside and is not the Internet's to carry. */
const UNREACHED: Readonly<Record<Special, string>> = {
  private: "only networks that agree with you on it can reach VMs here; the Internet's routers drop it",
  shared: "only networks that agree with you on it can reach VMs here; the Internet's routers drop it",
  documentation: "good for a lab; providers drop it, so nothing outside answers",
  benchmarking: "good for a test bed; providers drop it, so nothing outside answers",
  ula: "it has no route from outside, so VMs have no reachable IPv6 address",
  transition: "it belongs to whoever has the IPv4 address inside it; nothing outside answers",
  "not global unicast": "the Internet does not route it, so nothing outside answers",
};

export function range4({ ranges }: DataCenter): readonly Finding[] {
  const [open, closed] = [ranges.public, ranges.private];
  const special = open && notGlobalBecause(open);
  const translated = closed && notGlobalBecause(closed);
  return [
    ...(special === undefined ? [] : [finding(["ranges", "public"], open, `${special.name}; ${UNREACHED[special.use]}`)]),
    ...(closed === undefined || translated !== undefined
      ? []
      : [
          finding(
            ["ranges", "private"],
            closed,
            "global address space: VMs cannot reach whoever really has it; use RFC 1918 or RFC 6598 space",
          ),
        ]),
  ];
}

export function range6({ ranges }: DataCenter): readonly Finding[] {
  const { ipv6 } = ranges;
  const special = ipv6 && notGlobalBecause(ipv6.whole);
  return special === undefined ? [] : [finding(["ranges", "ipv6"], ipv6?.whole, `${special.name}; ${UNREACHED[special.use]}`)];
}

/** What is on its way out. */
export function retiring({ ranges }: DataCenter): readonly Finding[] {
  const { public: open, private: closed, ipv6 } = ranges.retiring ?? {};
  return Object.entries({ public: open, private: closed, ipv6: ipv6?.whole }).flatMap(([kind, range]) =>
    range === undefined
      ? []
      : [finding(["ranges", "retiring", kind], range, "nobody is given another address of it; margay apply says who has one")],
  );
}

/** Over IPv6 both networks are reached from outside, unless the file says otherwise. */
export function internalReach({ ranges, networks }: DataCenter): readonly Finding[] {
  const { ipv6 } = ranges;
  if (ipv6 === undefined || !exportsOf({ ranges }).includes(ipv6.whole)) return [];
  return [
    finding(
      ["ranges", "ipv6"],
      ipv6.whole,
      `VMs on ${networks.internal.name} are reachable from outside over IPv6 (${ipv6.internal}); only their security groups guard them. ` +
        "networks.internal.ipv6: unadvertised keeps that half in, none leaves it out",
    ),
  ];
}

export function machines({ hosts, reflectors, gateways, fabric }: DataCenter): readonly Finding[] {
  const alone = (list: string, consequence: string) => finding([list], undefined, `only one, so no redundancy: ${consequence}`);
  return [
    ...(hosts.length === 0 ? [finding(["hosts"], undefined, "none; there is nowhere to run a VM")] : []),
    ...(fabric.peering === "reflectors" && reflectors.length === 1
      ? [alone("reflectors", "without it, hosts and gateways hear no news of VMs' addresses")]
      : []),
    ...(gateways.length === 0 ? [finding(["gateways"], undefined, "none; nothing leads outside")] : []),
    ...(gateways.length === 1 ? [alone("gateways", "without it, nothing leads outside")] : []),
  ];
}

/** Beyond this many sessions of one speaker, reflectors carry the load better; Calico's guides draw the line for meshes here too. */
const MANY_PEERS = 100;

export function peering(dc: DataCenter): readonly Finding[] {
  const { fabric, gateways } = dc;
  if (fabric.peering === "reflectors") return [];
  const found = (reason: string) => [finding(["fabric", "peering"], fabric.peering, reason)];
  const [hosts, routers] = [coreHosts(dc).length, racksOf(dc).length];
  const edges = [...(hosts > 0 ? [`${hosts} hosts`] : []), ...(routers > 0 ? [`${routers} top-of-rack routers`] : [])].join(" and ");
  const [peers, session] =
    fabric.peering === "mesh"
      ? [hosts + routers + gateways.length, "each other"]
      : [hosts + routers, `each of ${gateways.length} gateways`];
  return [
    ...(peers > MANY_PEERS ? found(`${edges} peer with ${session}; beyond ${MANY_PEERS}, use reflectors`) : []),
    ...(fabric.peering === "direct" && gateways.length === 0 && hosts + routers > 1
      ? found("without a gateway or reflector, hosts never hear of each other's VMs")
      : []),
  ];
}

/** A rack without hosts is more often a mistyped name. */
export function racks(dc: DataCenter): readonly Finding[] {
  return racksOf(dc).flatMap((rack, index) =>
    attachedTo(dc, rack).length === 0 ? [finding(["racks", index], rack.name, "no host is in it")] : [],
  );
}

/** Documentation AS numbers: RFC 5398. */
export function asNumbers(dc: DataCenter): readonly Finding[] {
  const { fabric, gateways } = dc;
  const numbers = [
    { path: ["fabric", "asn"], asn: fabric.asn },
    ...racksOf(dc).flatMap(({ asn }, index) => (asn === undefined ? [] : [{ path: ["racks", index, "asn"], asn }])),
    ...gateways.map(({ upstream }, index) => ({ path: ["gateways", index, "upstream", "asn"], asn: upstream.asn })),
  ];
  const documentation = (asn: number) => (asn >= 64496 && asn <= 64511) || (asn >= 65536 && asn <= 65551);
  return numbers.flatMap(({ path, asn }) =>
    documentation(asn) ? [finding(path, asn, "for documentation (RFC 5398); no provider has it")] : [],
  );
}

/** A range that is meant to be reached, and no gateway that speaks its family with a provider. */
export function uplinks({ ranges, gateways }: DataCenter): readonly Finding[] {
  if (gateways.length === 0) return [];
  const silent = (key: "public" | "ipv6", family: "ipv4" | "ipv6", cidr: Cidr | undefined) =>
    cidr === undefined || gateways.some(({ upstream }) => upstream[family] !== undefined)
      ? []
      : [finding(["ranges", key], cidr, `no gateway has upstream.${family}, so it is not reachable from outside`)];
  return [...silent("public", "ipv4", ranges.public), ...silent("ipv6", "ipv6", ranges.ipv6?.whole)];
}

/** Ports that one address has for connections to one destination: 1024 to 65535. */
const PORTS = 64_512n;
/** A rule of thumb for carrier NATs; gives each VM 252 connections at a time to one destination. */
const VMS_PER_ADDRESS = 256n;

export function translation(dc: DataCenter): readonly Finding[] {
  const { gateways } = dc;
  const closed = privateRanges(dc);
  if (closed.length === 0) return [];
  const pools = gateways.flatMap(({ pnat }, index) => (pnat === undefined ? [] : [{ pnat, path: ["gateways", index, "pnat"] }]));
  return pools.flatMap(({ pnat, path }) => {
    const [vms, size] = [closed.reduce((sum, range) => sum + sizeOf(range), 0n), spanSize(pnat)];
    const special = notGlobalBecause(hostPrefix(pnat.start));
    const inside = publicRanges(dc).some((range) => within(range, pnat));
    const found = (reason: string) => finding(path, showSpan(pnat), reason);
    return [
      ...(vms > size * VMS_PER_ADDRESS ? [found(scarcity(vms, size))] : []),
      ...(special === undefined || inside ? [] : [found(`${special.name}; ${UNANSWERED}`)]),
    ];
  });
}

const UNANSWERED = "outside, replies to it get lost unless the provider translates again";

function scarcity(vms: bigint, size: bigint): string {
  const share = (size * PORTS) / vms;
  return (
    `${size} ${size === 1n ? "address" : "addresses"} for up to ${vms} VMs: with all of them up, ${share} connections each at a time ` +
    `to one destination; one address per ${VMS_PER_ADDRESS} VMs gives ${PORTS / VMS_PER_ADDRESS}`
  );
}
