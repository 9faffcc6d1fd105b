/**
 * The two networks and their subnets, as they follow from the ranges: `external` has the public range and the lower half
 * of the IPv6 range, `internal` the private range and the upper half. The file may set names, gateway IPs and pools.
 */
import type { Family, Ip } from "../net/address.ts";
import { addressAt, contains, halvesOf, sizeOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { edgeName, isEdge } from "./check-addresses.ts";
import type { DataCenter, NetworkPlan, SubnetPlan } from "./data-center.ts";
import type { Declared, DeclaredRanges } from "./layout.ts";
import type { Path, Source } from "./source.ts";
import { meet, showSpan, without, within } from "./span.ts";
import type { Span } from "./span.ts";

type Side = "external" | "internal";

/** A subnet that follows from a range, and where the file speaks of it. */
interface Wanted {
  readonly side: Side;
  readonly family: Family;
  readonly range: Path;
  readonly cidr: Cidr | undefined;
}

/** Of these ranges: of both networks, in order. */
function wantedOf(declared: Declared, path: Path, ranges: DeclaredRanges | undefined): readonly Wanted[] {
  const halves = ranges?.ipv6 && halvesOf(ranges.ipv6);
  const upper = declared.networks?.internal?.ipv6 === "none" ? undefined : halves?.[1];
  return [
    { side: "external", family: 4, range: [...path, "public"], cidr: ranges?.public },
    { side: "external", family: 6, range: [...path, "ipv6"], cidr: halves?.[0] },
    { side: "internal", family: 4, range: [...path, "private"], cidr: ranges?.private },
    { side: "internal", family: 6, range: [...path, "ipv6"], cidr: upper },
  ];
}

/** Blames what cannot be; the answer only counts if nothing was blamed. */
export function networksOf(declared: Declared, source: Source): DataCenter["networks"] {
  const { ranges, networks } = declared;
  const wanted = wantedOf(declared, ["ranges"], ranges);
  const retiring = wantedOf(declared, ["ranges", "retiring"], ranges?.retiring);
  const network = (side: Side): NetworkPlan => ({
    name: networks?.[side]?.name ?? side,
    subnets: [
      ...wanted.flatMap((each) => (each.side === side ? (subnetOf(declared, source, each) ?? []) : [])),
      ...retiring.flatMap((each) => (each.side === side ? retiringSubnet(declared, source, each) : [])),
    ],
  });
  const made = { external: network("external"), internal: network("internal") };
  if (made.external.name === made.internal.name) {
    const side = networks?.internal?.name === undefined ? "external" : "internal";
    source.blame(["networks", side, "name"], "the name of the other network; `--network` could mean either");
  }
  return made;
}

function subnetOf(declared: Declared, source: Source, { side, family, range, cidr }: Wanted): SubnetPlan | undefined {
  const set = declared.networks?.[side];
  const path = (key: string): Path => ["networks", side, `${key}${family}`];
  const [gateway, pools] = family === 4 ? [set?.gateway4, set?.pools4] : [set?.gateway6, set?.pools6];
  if (cidr === undefined || sizeOf(cidr) < 4n) {
    if (cidr === undefined && !source.blamed(range)) {
      for (const at of [path("gateway"), path("pools")].filter((at) => source.at(at) !== undefined))
        source.blame(at, `the network has no IPv${family} range`);
    }
    return undefined;
  }
  const at = gateway ?? addressAt(cidr, 1n);
  checkGateway({ cidr, gateway: at, path: path("gateway") }, source);
  const given = checkPools({ cidr, gateway: at, path: path("pools") }, pools ?? [], source);
  const spans = (given.length > 0 ? given : [usableOf(cidr)]).flatMap((span) => without(span, { start: at, end: at }));
  const left = withoutPnat(declared, family, { gateway: at, spans }, source);
  if (left.length === 0) source.blame(given.length > 0 ? path("pools") : range, NONE_LEFT);
  return { name: `${set?.name ?? side}${family}`, cidr, gateway: at, pools: left };
}

const NONE_LEFT = "no address is left for VMs after the gateway IP and pnat";

interface Cut {
  readonly gateway: Ip;
  readonly spans: readonly Span[];
}

function withoutPnat(declared: Declared, family: Family, { gateway, spans }: Cut, source: Source): readonly Span[] {
  const pools = pnatsOf(declared, family);
  for (const pnat of pools) {
    if (meet(pnat.span, { start: gateway, end: gateway })) source.blame(pnat.path, `holds the gateway IP ${gateway}`);
  }
  return pools.reduce<readonly Span[]>((rest, hole) => rest.flatMap((span) => without(span, hole.span)), spans);
}

/** Nobody is given another address of it. Its gateway IP is the usual one, unless VMs know it by another (`gatewaysKept`). */
function retiringSubnet(declared: Declared, source: Source, { side, family, cidr }: Wanted): readonly SubnetPlan[] {
  if (cidr === undefined || sizeOf(cidr) < 4n) return [];
  const gateway = addressAt(cidr, 1n);
  const spans = without(usableOf(cidr), { start: gateway, end: gateway });
  const pools = withoutPnat(declared, family, { gateway, spans }, source);
  return [{ name: `${declared.networks?.[side]?.name ?? side}${family}-retiring`, cidr, gateway, pools, retiring: true }];
}

/** VMs on a range that retires go on with the gateway IP that they know. */
export function gatewaysKept({ networks: before }: Pick<DataCenter, "networks">, next: DataCenter): DataCenter {
  const known = new Map(SIDES.flatMap((side) => before[side].subnets.map(({ cidr, gateway }) => [cidr, gateway] as const)));
  const keeping = (each: SubnetPlan): SubnetPlan => {
    const gateway = known.get(each.cidr);
    if (!each.retiring || gateway === undefined) return each;
    return { ...each, gateway, pools: each.pools.flatMap((span) => without(span, { start: gateway, end: gateway })) };
  };
  const kept = (side: Side): NetworkPlan => ({ ...next.networks[side], subnets: next.networks[side].subnets.map(keeping) });
  return { ...next, networks: { external: kept("external"), internal: kept("internal") } };
}

const SIDES = ["external", "internal"] as const;

interface InSubnet {
  readonly cidr: Cidr;
  readonly gateway: Ip;
  readonly path: Path;
}

function checkGateway({ cidr, gateway, path }: InSubnet, source: Source): void {
  if (!contains(cidr, gateway)) source.blame(path, `outside its range ${cidr}`);
  else if (isEdge(cidr, gateway)) source.blame(path, `${edgeName(gateway)} of ${cidr}`);
}

/** The pools that can be read, each checked: inside what is usable, apart from the gateway IP and from each other. */
function checkPools({ cidr, gateway, path }: InSubnet, pools: readonly (Span | undefined)[], source: Source): readonly Span[] {
  const usable = usableOf(cidr);
  for (const [index, pool] of pools.entries()) {
    const at = [...path, index];
    if (pool === undefined) continue;
    const hit = pools.slice(0, index).find((other) => other !== undefined && meet(pool, other));
    if (!within(cidr, pool)) source.blame(at, `outside its range ${cidr}`);
    else if (without(pool, usable).length > 0) source.blame(at, `goes beyond the usable addresses ${showSpan(usable)}`);
    else if (meet(pool, { start: gateway, end: gateway })) source.blame(at, `holds the gateway IP ${gateway}`);
    else if (hit !== undefined) source.blame(at, `overlaps the pool ${showSpan(hit)}`);
  }
  return pools.flatMap((pool) => pool ?? []);
}

/**
 * Neither the first nor the last address of either family. Guests with the subnet's mask take an IPv4 .255 for
 * broadcast, and Neutron refuses it as a pool's end.
 */
function usableOf(cidr: Cidr): Span {
  return { start: addressAt(cidr, 1n), end: addressAt(cidr, sizeOf(cidr) - 2n) };
}

/** Addresses that gateways translate into are no VM's, should they lie in a range. */
function pnatsOf(declared: Declared, family: Family): readonly { readonly path: Path; readonly span: Span }[] {
  const pools = (declared.gateways ?? []).map((gateway, index) => ({ path: ["gateways", index, "pnat"], span: gateway?.pnat }));
  return family === 4 ? pools.flatMap(({ path, span }) => (span === undefined ? [] : [{ path, span }])) : [];
}
