/**
 * Channels: what BIRD calls the part of a session that carries one address family. The data centre has one per family
 * that has both a range and a fabric to travel on; each knows which routes may be in it at all.
 */
import { exportsOf } from "../datacenter/exports.ts";
import { machinePrefixes, racksOf } from "../datacenter/racks.ts";
import { rangesOf } from "../datacenter/ranges.ts";
import type { Segment } from "../datacenter/segments.ts";
import { carriedFamilies } from "../datacenter/sessions.ts";
import type { DataCenter, Machine } from "../datacenter/data-center.ts";
import type { Family, Ip } from "../net/address.ts";
import { familyOf, widthOf } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import { block, netIsAny, prefixSet, settable } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { sharedPools } from "./pnat-pool.ts";

export interface Channel {
  readonly family: Family;
  /** BIRD's keyword. */
  readonly name: "ipv4" | "ipv6";
  /** The default route. */
  readonly anywhere: Cidr;
  /** Where endpoints' addresses come from. */
  readonly ranges: readonly Cidr[];
  /** What the outside is told of them. */
  readonly announced: readonly Cidr[];
  /** PNAT pools inside the public range: addresses of gateways, never of endpoints. */
  readonly pools: readonly Cidr[];
  /** Where machines are, as BIRD's patterns: segments as a whole, loopbacks one by one. None without racks: all are neighbours. */
  readonly machines: readonly string[];
}

export function channelsOf(dc: DataCenter): readonly Channel[] {
  return carriedFamilies(dc).map((family) => (family === 4 ? channel4(dc) : channel6(dc)));
}

function channel4(dc: DataCenter): Channel {
  return {
    family: 4,
    name: "ipv4",
    anywhere: "0.0.0.0/0" as Cidr,
    ranges: rangesOf(dc).filter((range) => familyOf(range) === 4),
    announced: announced(dc, 4),
    pools: sharedPools(dc),
    machines: machinePatterns(dc, 4),
  };
}

function channel6(dc: DataCenter): Channel {
  return {
    family: 6,
    name: "ipv6",
    anywhere: "::/0" as Cidr,
    ranges: rangesOf(dc).filter((range) => familyOf(range) === 6),
    announced: announced(dc, 6),
    pools: [],
    machines: machinePatterns(dc, 6),
  };
}

function machinePatterns(dc: DataCenter, family: Family): readonly string[] {
  if (racksOf(dc).length === 0) return [];
  const loopbacks = family === 4 ? dc.fabric.loopbacks4 : dc.fabric.loopbacks6;
  const one = widthOf(family);
  return machinePrefixes(dc, family).map((prefix) => (prefix === loopbacks ? `${prefix}{${one},${one}}` : prefix));
}

function announced(dc: DataCenter, family: Family): readonly Cidr[] {
  return exportsOf(dc).filter((prefix) => familyOf(prefix) === family);
}

/** The filters' vocabulary: which routes are an endpoint's, which lead to a gateway's PNAT pool. */
export function routeClasses({ family, ranges, pools, machines }: Channel): readonly Line[] {
  const single = ranges.map((range) => `${range}{${widthOf(family)},${widthOf(family)}}`);
  const [known, poolSet, machineSet] = [pools.length > 0, settable(pools), settable(machines)];
  return [
    `define ENDPOINTS${family} = ${prefixSet(single)};`,
    poolSet.length > 0 ? `define POOLS${family} = ${prefixSet(poolSet)};` : undefined,
    // A pool lies inside the public range and is cut out of it: no host may draw a gateway's translated traffic to itself.
    known ? `define POOL_PARTS${family} = ${prefixSet(pools.map((pool) => `${pool}+`))};` : undefined,
    block(`function endpoint${family}()`, [
      known ? `if net ~ POOL_PARTS${family} then return false;` : undefined,
      `return net ~ ENDPOINTS${family};`,
    ]),
    machineSet.length > 0 ? `define MACHINES${family} = ${prefixSet(machineSet)};` : undefined,
  ];
}

/** Conditions for what everybody on the fabric may hear: where an endpoint is, and where machines are if there is more than one segment. */
export function heardByAll({ family, machines }: Channel): readonly string[] {
  return [`endpoint${family}()`, ...netIsAny(machines, `MACHINES${family}`)];
}

/**
 * What is told on of others on a segment leads there: a next hop on the other one would outlive what is known of it. Nothing to ask where there is
 * but one.
 */
export function hopsOn(dc: DataCenter, { family }: Pick<Channel, "family">, segment: Segment): string {
  const prefix = family === 4 ? segment.ipv4 : segment.ipv6;
  return dc.fabric.second === undefined || prefix === undefined ? "" : ` && bgp_next_hop ~ ${prefix}`;
}

/** One session carries both families; it runs over IPv4 where the fabric has it. */
export function sessionFamily(dc: DataCenter): Family {
  return dc.fabric.ipv4 === undefined ? 6 : 4;
}

/** The machine's address on the fabric. */
export function addressOn(machine: Machine, family: Family): Ip {
  const address = family === 4 ? machine.ipv4 : machine.ipv6;
  if (address === undefined) throw new Error(`${machine.name} has no IPv${family} address on a fabric that has IPv${family}`);
  return address;
}
