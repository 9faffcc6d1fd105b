/**
 * What is believed of whom, by whoever hears it first hand; the same as BIRD does (core/intent/bgp-believed.ts). The next hop is part of
 * what is checked: who names another as the way to an address would draw its traffic there.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { attachedTo, racksOf } from "../datacenter/racks.ts";
import { HOST_ROUTES } from "../intent/bgp.ts";
import { addressOn } from "../intent/bgp-channel.ts";
import type { Channel } from "../intent/bgp-channel.ts";
import { sharedPool } from "../intent/pnat-pool.ts";
import { machineNamed } from "./peers.ts";
import type { Peer } from "./peers.ts";
import type { Condition, Term } from "./policy.ts";
import { colourOf, endpointTerms, placesName, placesOf, poolName, setName } from "./vocabulary.ts";

type More = Pick<Term, "set">;

/** Percent of a maximum beyond which the router warns. */
export const WARN = 80;

/** What a neighbour on the core segment says of itself. */
export function believedOf(dc: DataCenter, channel: Channel, { role, other }: Peer, more: More = {}): readonly Term[] {
  const machine = machineNamed(dc, other.name);
  const itself: readonly Condition[] = machine === undefined ? [] : [{ nextHop: [addressOn(machine, channel.family)] }];
  if (role === "gateway") return ofGateway(dc, channel, other.name, { more, itself });
  const places: Term = {
    name: "places",
    when: [{ prefixes: placesName(other.name, channel.family) }, ...itself],
    verdict: "accept",
    ...more,
  };
  return [...(role === "tor" && hasPlaces(dc, channel, other.name) ? [places] : []), ...endpointTerms(channel, more, itself)];
}

interface Way {
  readonly more: More;
  readonly itself: readonly Condition[];
}

function ofGateway(dc: DataCenter, { family }: Channel, name: string, { more, itself }: Way): readonly Term[] {
  const gateway = dc.gateways.find((each) => each.name === name);
  const owns = family === 4 && gateway !== undefined && sharedPool(dc, gateway).length > 0;
  const pool: Term = { name: "its-pool", when: [{ prefixes: poolName(name) }, ...itself], verdict: "accept", ...more };
  return [
    { name: "default", when: [{ prefixes: setName("ANYWHERE", family) }, ...itself], verdict: "accept", ...more },
    ...(owns ? [pool] : []),
  ];
}

function hasPlaces(dc: DataCenter, { family }: Channel, tor: string): boolean {
  const rack = racksOf(dc).find((each) => each.tor.name === tor);
  return rack !== undefined && placesOf(dc, rack, family).length > 0;
}

/** How many endpoint routes it may announce. */
export function maximumOf(dc: DataCenter, { role, other }: Peer): { readonly prefixes: number; readonly warn: number } {
  const rack = role === "tor" ? racksOf(dc).find(({ tor }) => tor.name === other.name) : undefined;
  return { prefixes: HOST_ROUTES * Math.max(1, rack === undefined ? 1 : attachedTo(dc, rack).length), warn: WARN };
}

/** What gateways are told by whoever they hear. */
export function ownBeacon(dc: DataCenter, { family }: Channel): Term {
  return { name: "beacon", when: [{ prefixes: setName("BEACON", family) }, { community: colourOf(dc, "beacon") }], verdict: "accept" };
}

/** And what they believe of it: it comes from the neighbour itself. */
export function heardBeacon({ family }: Channel, more: More = {}, itself: readonly Condition[] = []): Term {
  return { name: "beacon", when: [{ prefixes: setName("BEACON", family) }, ...itself], verdict: "accept", ...more };
}

/** What everybody may hear of others: endpoints, and where machines are. */
export function heardTerms(channel: Channel, more: More = {}, when: readonly Condition[] = []): readonly Term[] {
  const machines: Term = {
    name: "machines",
    when: [{ prefixes: setName("MACHINES", channel.family) }, ...when],
    verdict: "accept",
    ...more,
  };
  return [...(channel.machines.length > 0 ? [machines] : []), ...endpointTerms(channel, more, when)];
}
