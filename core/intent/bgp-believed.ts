/**
 * What is believed of a neighbour on the core segment, by whoever hears it first hand: reflectors, gateways without reflectors, all in
 * a mesh. As conditions of BIRD's. The next hop is part of what is checked: who names another as the way to an address would draw its
 * traffic there.
 */
import type { DataCenter, Gateway, Machine, Rack } from "../datacenter/data-center.ts";
import { attachedTo, hasLoopback } from "../datacenter/racks.ts";
import { hostPrefix } from "../net/prefix.ts";
import { assignedTo } from "./assigned.ts";
import type { Believed } from "./assigned.ts";
import { addressOn } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { anyOf, netIsAny } from "./bgp-text.ts";
import { sharedPool } from "./pnat-pool.ts";

export interface HeardHost {
  readonly host: Machine;
  readonly believed: Believed;
  /** What it may say besides, as conditions. */
  readonly also?: readonly string[];
}

/** Of a host: single addresses inside the ranges that are assigned to it, reached by that host itself. */
export function believedOfHost(channel: Channel, { host, believed, also = [] }: HeardHost): string {
  const { family } = channel;
  const endpoints = `endpoint${family}()${assignedTo(channel, host.name, believed)}`;
  const known = also.length === 0 ? endpoints : anyOf([`(${endpoints})`, ...also]);
  return `${known} && bgp_next_hop = ${addressOn(host, family)}`;
}

export interface HeardRack {
  readonly rack: Rack;
  readonly believed: Believed;
  /** What its router may say besides, as conditions. */
  readonly also?: readonly string[];
}

/** Of a top-of-rack router: its hosts' endpoints, its segment and its hosts' loopbacks, reached by that router itself. */
export function believedOfTor(dc: DataCenter, channel: Channel, { rack, believed, also = [] }: HeardRack): string {
  const { family } = channel;
  const own = assignedTo(channel, rack.tor.name, believed);
  const endpoints = own === "" ? `endpoint${family}()` : `(endpoint${family}()${own})`;
  return `${anyOf([endpoints, ...placesOf(dc, channel, rack), ...also])} && bgp_next_hop = ${addressOn(rack.tor, family)}`;
}

/** Where a rack's machines are: its segment as a whole, its hosts' loopbacks one by one. */
export function placesOf(dc: DataCenter, { family }: Channel, rack: Rack): readonly string[] {
  const segment = family === 4 ? rack.ipv4 : rack.ipv6;
  const loopbacks = attachedTo(dc, rack).filter(({ host }) => hasLoopback(host));
  const places = [...(segment === undefined ? [] : [segment]), ...loopbacks.map(({ host }) => hostPrefix(addressOn(host, family)))];
  return netIsAny(places);
}

/** Of a gateway: the default route, and where its own pool is, reached by that gateway itself. */
export function believedOfGateway(dc: DataCenter, { family, anywhere }: Channel, gateway: Gateway): string {
  const own = family === 4 ? sharedPool(dc, gateway) : [];
  return `${anyOf([`net = ${anywhere}`, ...netIsAny(own)])} && bgp_next_hop = ${addressOn(gateway, family)}`;
}
