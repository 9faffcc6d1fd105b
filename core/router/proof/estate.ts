/** What the data centre has, asked of prefixes as numbers: the proof asks millions of times. */
import type { DataCenter } from "../../datacenter/data-center.ts";
import { rangesOf } from "../../datacenter/ranges.ts";
import { hasLoopback, machinePrefixes } from "../../datacenter/racks.ts";
import { beaconPrefix } from "../../intent/beacon.ts";
import { sharedPools } from "../../intent/pnat-pool.ts";
import { FAMILIES, familyOf, widthOf } from "../../net/address.ts";
import { hostPrefix, lengthOf } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { memberOf } from "../evaluate.ts";
import type { Place } from "../evaluate.ts";
import { exactly } from "../vocabulary.ts";
import type { PrefixRange } from "../policy.ts";

export type Asked = (place: Place) => boolean;

export interface Estate {
  /** Single addresses that endpoints may have: of the ranges, but not of the PNAT pools in them. */
  readonly endpoint: Asked;
  /** Whole pools that lie in the public range. */
  readonly pool: Asked;
  /** The core segment and those of racks, whole. */
  readonly segment: Asked;
  /** Addresses on the loopbacks of hosts; and all that such might be. */
  readonly loopback: Asked;
  readonly anyLoopback: Asked;
  /** What gateways are told by whoever they hear. */
  readonly beacon: Asked;
}

export function estateOf(dc: DataCenter): Estate {
  const pools = sharedPools(dc);
  const [inRange, inPool] = [among(rangesOf(dc).map(single)), among(pools.map(inside))];
  const loopbacks = dc.hosts
    .filter(hasLoopback)
    .flatMap(({ ipv4, ipv6: other }) => [ipv4, other].flatMap((ip) => (ip === undefined ? [] : [hostPrefix(ip)])));
  return {
    endpoint: (place) => inRange(place) && !inPool(place),
    pool: among(pools.map(exactly)),
    segment: among(machinePrefixes(dc).map(exactly)),
    loopback: hasAny(loopbacks),
    anyLoopback: among([dc.fabric.loopbacks4, dc.fabric.loopbacks6].flatMap((range) => (range === undefined ? [] : [single(range)]))),
    beacon: among(FAMILIES.map((family) => exactly(beaconPrefix(family)))),
  };
}

const single = (prefix: Cidr): PrefixRange => ({ prefix, least: widthOf(familyOf(prefix)), most: widthOf(familyOf(prefix)) });
const inside = (prefix: Cidr): PrefixRange => ({ prefix, least: lengthOf(prefix), most: widthOf(familyOf(prefix)) });

function among(ranges: readonly PrefixRange[]): Asked {
  const members = FAMILIES.map((family) =>
    memberOf({ name: "", family, ranges: ranges.filter(({ prefix }) => familyOf(prefix) === family) }),
  );
  return (place) => members.some((member) => member(place));
}

/** Many single addresses. */
function hasAny(addresses: readonly Cidr[]): Asked {
  if (addresses.length === 0) return () => false;
  const members = new Map(
    FAMILIES.map((family) => [family, among(addresses.filter((address) => familyOf(address) === family).map(exactly))]),
  );
  return (place) => place.length === widthOf(place.family) && members.get(place.family)?.(place) === true;
}
