/** The words of the derived policies: which prefixes there are, and the colours by which routes are told apart. */
import { exportsOf } from "../datacenter/exports.ts";
import type { DataCenter, Host, Rack } from "../datacenter/data-center.ts";
import { attachedTo, hasLoopback, machinePrefixes, racksOf } from "../datacenter/racks.ts";
import { beaconPrefix } from "../intent/beacon.ts";
import { channelsOf } from "../intent/bgp-channel.ts";
import type { Channel } from "../intent/bgp-channel.ts";
import { perValue } from "../intent/memo.ts";
import { sharedPool } from "../intent/pnat-pool.ts";
import { familyOf, widthOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import { hostPrefix, lengthOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Condition, PrefixRange, PrefixSet, Term } from "./policy.ts";

export const exactly = (prefix: Cidr): PrefixRange => ({ prefix, least: lengthOf(prefix), most: lengthOf(prefix) });
const whole = (prefix: Cidr): PrefixRange => ({ prefix, least: lengthOf(prefix), most: widthOf(familyOf(prefix)) });
const single = (prefix: Cidr): PrefixRange => ({ prefix, least: widthOf(familyOf(prefix)), most: widthOf(familyOf(prefix)) });

export const setName = (what: string, family: Family): string => `${what}-IPV${family}`;

/** Every set that the policies of a router may name. */
export const vocabularyOf = perValue((dc: DataCenter): readonly PrefixSet[] => {
  const pools = dc.gateways.map((gateway) => poolSet(gateway.name, sharedPool(dc, gateway)));
  return [...channelsOf(dc).flatMap((channel) => [...setsOf(channel), ...rackSets(dc, channel)]), ...pools].filter(
    ({ ranges }) => ranges.length > 0,
  );
});

export const placesName = (tor: string, family: Family): string => setName(`PLACES-OF-${tor}`, family);
export const segmentName = (tor: string, family: Family): string => setName(`SEGMENT-OF-${tor}`, family);
export const loopbackName = (host: string, family: Family): string => setName(`LOOPBACK-OF-${host}`, family);

/** Where a rack's machines are: its segment as a whole, its hosts' loopbacks one by one. */
export function placesOf(dc: DataCenter, rack: Rack, family: Family): readonly Cidr[] {
  const segment = family === 4 ? rack.ipv4 : rack.ipv6;
  return [...(segment === undefined ? [] : [segment]), ...attachedTo(dc, rack).flatMap(({ host }) => loopbackOf(host, family))];
}

function loopbackOf(host: Host, family: Family): readonly Cidr[] {
  const ip = family === 4 ? host.ipv4 : host.ipv6;
  return ip === undefined || !hasLoopback(host) ? [] : [hostPrefix(ip)];
}

function rackSets(dc: DataCenter, { family, machines }: Channel): readonly PrefixSet[] {
  if (machines.length === 0) return [];
  const loopbacks = family === 4 ? dc.fabric.loopbacks4 : dc.fabric.loopbacks6;
  const everywhere = machinePrefixes(dc, family).map((prefix) => (prefix === loopbacks ? single(prefix) : exactly(prefix)));
  return [
    { name: setName("MACHINES", family), family, ranges: everywhere, about: "segments of machines, and single loopbacks" },
    ...racksOf(dc).map((rack): PrefixSet => {
      const ranges = [...new Set(placesOf(dc, rack, family))].map(exactly);
      return { name: placesName(rack.tor.name, family), family, ranges, about: `where machines behind ${rack.tor.name} are` };
    }),
    ...racksOf(dc).map((rack): PrefixSet => {
      const segment = family === 4 ? rack.ipv4 : rack.ipv6;
      const ranges = segment === undefined ? [] : [exactly(segment)];
      return { name: segmentName(rack.tor.name, family), family, ranges, about: "the segment of its own hosts" };
    }),
    ...dc.hosts.map((host): PrefixSet => {
      return {
        name: loopbackName(host.name, family),
        family,
        ranges: loopbackOf(host, family).map(exactly),
        about: `the address of ${host.name} itself`,
      };
    }),
  ];
}

export const poolName = (gateway: string): string => setName(`POOL-OF-${gateway}`, 4);

function poolSet(gateway: string, pool: readonly Cidr[]): PrefixSet {
  return { name: poolName(gateway), family: 4, ranges: pool.map(exactly), about: `PNAT pool of ${gateway}` };
}

function setsOf({ family, anywhere, ranges, announced, pools }: Channel): readonly PrefixSet[] {
  const set = (what: string, entries: readonly PrefixRange[], about: string): PrefixSet => ({
    name: setName(what, family),
    family,
    ranges: entries,
    about,
  });
  return [
    set("ANYWHERE", [exactly(anywhere)], "the default route"),
    set("ANNOUNCED", announced.map(exactly), "what the outside may hear, whole and nothing longer"),
    set("POOLS", pools.map(exactly), "PNAT pools inside the public range"),
    set("POOL-PARTS", pools.map(whole), "no endpoint has an address of a pool"),
    set("ENDPOINTS", ranges.map(single), "single addresses of endpoints"),
    set("BEACON", [exactly(beaconPrefix(family))], "told to gateways by whoever they hear"),
  ];
}

/** By what each kind of route is known within a router. */
export type Colour = "announced" | "internal" | "pool" | "from-provider" | "from-fabric" | "from-rack" | "segment" | "beacon";

const COLOURS: readonly Colour[] = ["announced", "internal", "pool", "from-provider", "from-fabric", "from-rack", "segment", "beacon"];

/**
 * A community of our own AS; of AS_TRANS (RFC 6793) where that has more than 16 bits. What comes from others loses theirs on its way in, and what
 * goes outside loses ours.
 */
export function colourOf(dc: DataCenter, colour: Colour): string {
  const { asn } = dc.fabric;
  return `${asn > 0xffff ? 23456 : asn}:${COLOURS.indexOf(colour) + 1}`;
}

export function coloursOf(dc: DataCenter): readonly { readonly name: Colour; readonly value: string }[] {
  return COLOURS.map((name) => ({ name, value: colourOf(dc, name) }));
}

/** Terms that take endpoints, and those alone: an address of a pool is none. */
export function endpointTerms(
  { family, pools }: Channel,
  term: Omit<Term, "name" | "when" | "verdict">,
  when: readonly Condition[] = [],
): readonly Term[] {
  const cut: Term = { name: "pool-parts", when: [{ prefixes: setName("POOL-PARTS", family) }], verdict: "reject" };
  const endpoints: Term = { ...term, name: "endpoints", when: [{ prefixes: setName("ENDPOINTS", family) }, ...when], verdict: "accept" };
  return pools.length > 0 ? [cut, endpoints] : [endpoints];
}

/** What ends here for want of an endpoint: every range, and what is announced of them. */
export function aggregatesOf(dc: DataCenter, { family, ranges }: Channel): readonly { readonly prefix: Cidr; readonly colour: Colour }[] {
  const announced = exportsOf(dc).filter((prefix) => familyOf(prefix) === family);
  const rest = ranges.filter((range) => !announced.includes(range));
  return [
    ...announced.map((prefix) => ({ prefix, colour: "announced" as const })),
    ...rest.map((prefix) => ({ prefix, colour: "internal" as const })),
  ];
}
