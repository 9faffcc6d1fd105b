/**
 * A route that each neighbour on the fabric tells a gateway for as long as they speak with one another: as long as a gateway hears it of
 * anybody it can deliver, VMs or none, and is announced outside. It is told to gateways alone, and leads nowhere.
 *
 * The prefix is nobody's address anywhere: the dummy address of RFC 7600, and one of the block for discarding of RFC 6666.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { peersBy } from "../datacenter/peering.ts";
import type { Family } from "../net/address.ts";
import { hostPrefix } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Ip } from "../net/address.ts";
import type { Channel } from "./bgp-channel.ts";
import { block } from "./bgp-text.ts";

type InFamily = Pick<Channel, "family">;

/** By this address a gateway looks up whether it hears of anybody. */
export const BEACON: Readonly<Record<Family, Ip>> = { 4: "192.0.0.8" as Ip, 6: "100::8" as Ip };

export const beaconPrefix = (family: Family): Cidr => hostPrefix(BEACON[family]);

/** Do hosts and the routers of racks speak with the gateways themselves? Else it is the reflectors who tell them. */
export function edgesTellGateways(dc: DataCenter): boolean {
  return peersBy(dc, "direct") || peersBy(dc, "mesh");
}

/** The route itself, at whoever tells it. */
export function beaconRoute({ family, name }: Pick<Channel, "family" | "name">): string {
  return block(`protocol static beacon${family}`, [`${name};`, `route ${beaconPrefix(family)} unreachable;`]);
}

/** As conditions: one's own; and one that somebody told. */
export const isOwnBeacon = ({ family }: InFamily) => `proto = "beacon${family}"`;
export const isBeacon = ({ family }: InFamily) => `net = ${beaconPrefix(family)}`;
