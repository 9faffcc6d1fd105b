/**
 * Racks as drawn: the segment of a numbered rack is a bridge on its router, as the routed interface of a switch is; in an unnumbered
 * one each host has a cable to a port of its own. What an operator has to set by hand stands here as well: the way by which a host
 * reaches its controller before BGP has told it any, and how a controller finds back.
 */
import type { DataCenter, Host, Rack, Tor } from "#core/datacenter/data-center.ts";
import { attachedTo, hasLoopback, HOST_LINK_LOCAL, rackNamed, racksOf, TOR_LINK_LOCAL } from "#core/datacenter/racks.ts";
import { familyOf, widthOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { hostPrefix, lengthOf } from "#core/net/prefix.ts";
import type { Cidr } from "#core/net/prefix.ts";
import type { NodeAddress, NodeRoute, Plug } from "./topology.ts";

const ANYWHERE = { 4: "0.0.0.0/0", 6: "::/0" } as const;

/** Any route of BGP's is better. */
const LAST_RESORT = 5000;

export function torAddresses(center: DataCenter, { ipv4, ipv6, tor, ...rack }: Rack): readonly NodeAddress[] {
  const { fabric } = center;
  const ports = attachedTo(center, { ...rack, tor }).flatMap(({ uplink }) => uplink.port ?? []);
  return [
    ...on(tor.uplink, tor.ipv4, fabric.ipv4),
    ...on(tor.uplink, tor.ipv6, fabric.ipv6),
    ...on(tor.interface, tor.rack4, ipv4),
    ...on(tor.interface, tor.rack6, ipv6),
    ...ports.map((dev) => ({ dev, ip: TOR_LINK_LOCAL, length: 64 })),
  ];
}

/** On its links, and on its loopback where it has one. */
export function hostAddresses(center: DataCenter, host: Host): readonly NodeAddress[] {
  const own = [host.ipv4, host.ipv6].filter((ip) => ip !== undefined);
  const loopback = hasLoopback(host) ? own.map((ip) => ({ dev: "lo", ip, length: widthOf(familyOf(ip)) })) : [];
  const links = (host.uplinks ?? []).flatMap((uplink) => {
    const rack = rackNamed(center, uplink.rack);
    return [...on(uplink.interface, uplink.ipv4, rack.ipv4), ...on(uplink.interface, uplink.ipv6, rack.ipv6)];
  });
  const ports = (host.uplinks ?? []).filter(({ port }) => port !== undefined);
  return [...loopback, ...links, ...ports.map((uplink) => ({ dev: uplink.interface, ip: HOST_LINK_LOCAL, length: 64 }))];
}

function on(dev: string | undefined, ip: Ip | undefined, network: Cidr | undefined): readonly NodeAddress[] {
  return dev === undefined || ip === undefined || network === undefined ? [] : [{ dev, ip, length: lengthOf(network) }];
}

/** Host and router, the router's end on its bridge or a port of its own. `port` names a bridge's port after the machine on it. */
export function rackCables(center: DataCenter, port: (machine: string, index: number) => string): readonly (readonly [Plug, Plug])[] {
  return racksOf(center).flatMap((rack) =>
    attachedTo(center, rack).map(({ host, uplink }, index) => {
      const own = { node: host.name, dev: uplink.interface };
      if (uplink.port !== undefined) return [own, { node: rack.tor.name, dev: uplink.port }] as const;
      return [own, { node: rack.tor.name, dev: port(host.name, index), ...bridgeOf(rack.tor) }] as const;
    }),
  );
}

export function bridgeOf({ interface: bridge }: Tor): { readonly bridge?: string } {
  return bridge === undefined ? {} : { bridge };
}

/** By all its routers, in each family that it has an address of. */
export function lastResorts(center: DataCenter, host: Host): readonly NodeRoute[] {
  const { uplinks } = host;
  if (uplinks === undefined) return [];
  return ([4, 6] as const).flatMap((family) => {
    const own = family === 4 ? host.ipv4 : host.ipv6;
    if (own === undefined) return [];
    const hops = uplinks.map((uplink) => ({ dev: uplink.interface, via: routerOn(rackNamed(center, uplink.rack), family) }));
    return [{ to: ANYWHERE[family], hops, metric: LAST_RESORT, ...(hasLoopback(host) && { source: own }) }];
  });
}

/**
 * By which a router that is no BIRD finds a host before BGP has told of it, which cannot before its agent has heard from a controller. A BIRD
 * has them itself.
 */
export function firstSteps(center: DataCenter, rack: Rack): readonly NodeRoute[] {
  if (rack.peering !== "unnumbered" || (rack.tor.platform ?? "bird") === "bird") return [];
  return attachedTo(center, rack).flatMap(({ host, uplink }) =>
    [host.ipv4, host.ipv6].flatMap((ip) =>
      ip === undefined || uplink.port === undefined
        ? []
        : [{ to: hostPrefix(ip), hops: [{ via: HOST_LINK_LOCAL, dev: uplink.port }], metric: LAST_RESORT }],
    ),
  );
}

function routerOn({ peering, tor }: Rack, family: Family): Ip {
  const own = family === 4 ? tor.rack4 : tor.rack6;
  return peering === "unnumbered" || own === undefined ? TOR_LINK_LOCAL : own;
}

/** For machines of the core segment that speak no BGP: to the racks' segments, and to each loopback by all its routers. */
export function routesToRacks(center: DataCenter): readonly NodeRoute[] {
  const segments = racksOf(center).flatMap(({ ipv4, ipv6, tor }) => [...by(ipv4, [tor.ipv4]), ...by(ipv6, [tor.ipv6])]);
  const loopbacks = center.hosts.filter(hasLoopback).flatMap((host) => {
    const routers = (host.uplinks ?? []).map((uplink) => rackNamed(center, uplink.rack).tor);
    return [
      ...by(
        host.ipv4 && hostPrefix(host.ipv4),
        routers.map(({ ipv4 }) => ipv4),
      ),
      ...by(
        host.ipv6 && hostPrefix(host.ipv6),
        routers.map(({ ipv6 }) => ipv6),
      ),
    ];
  });
  return [...segments, ...loopbacks];
}

function by(to: Cidr | undefined, routers: readonly (Ip | undefined)[]): readonly NodeRoute[] {
  const hops = routers.filter((via) => via !== undefined).map((via) => ({ via }));
  return to === undefined || hops.length === 0 ? [] : [{ to, hops }];
}
