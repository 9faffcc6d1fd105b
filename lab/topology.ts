/**
 * The declared data centre as a drawing: which namespaces there are, what is plugged into what, and who has which
 * address. A function of the declaration alone.
 *
 * Around the declared machines stand three that the lab adds: `fabric`, the switch they are all plugged into;
 * `provider`, the router behind every gateway's uplink; `outside`, a host one hop behind the provider.
 */
import type { DataCenter, Gateway, LabPlan, Machine } from "#core/datacenter/data-center.ts";
import { coreHosts, racksOf, torsOf } from "#core/datacenter/racks.ts";
import { segmentsOf } from "#core/datacenter/segments.ts";
import type { Segment } from "#core/datacenter/segments.ts";
import { addressAt, contains, lengthOf, sizeOf } from "#core/net/prefix.ts";
import type { Cidr } from "#core/net/prefix.ts";
import type { Ip } from "#core/net/address.ts";
import { bridgeOf, firstSteps, hostAddresses, lastResorts, rackCables, routesToRacks, torAddresses } from "./racks.ts";

export type NodeKind = "switch" | "controller" | "reflector" | "tor" | "compute" | "gateway" | "provider" | "outside";

export interface NodeAddress {
  readonly dev: string;
  readonly ip: Ip;
  readonly length: number;
  /** It answers, and never asks from this address. */
  readonly passive?: true;
}

/** Over several hops, flows are shared between them. */
export interface NodeRoute {
  readonly to: Cidr | "0.0.0.0/0" | "::/0";
  /** Without `dev`, where the hop is a neighbour. IPv4 may go by way of an IPv6 address. */
  readonly hops: readonly { readonly via: Ip; readonly dev?: string }[];
  readonly metric?: number;
  /** What it speaks by that goes there; the kernel chooses if absent. */
  readonly source?: Ip;
}

export interface Node {
  readonly name: string;
  readonly kind: NodeKind;
  /** Its bridge: the switch, the segment behind the gateways, and a top-of-rack router's, are one each. */
  readonly bridge?: string;
  readonly addresses: readonly NodeAddress[];
  /** What is set by hand. */
  readonly routes: readonly NodeRoute[];
}

/** One end of a cable; a port of a bridge where `bridge` is set. */
export interface Plug {
  readonly node: string;
  readonly dev: string;
  readonly bridge?: string;
}

export interface Topology {
  readonly nodes: readonly Node[];
  readonly cables: readonly (readonly [Plug, Plug])[];
}

/** Interfaces of the provider: the segment that the gateways' uplinks are on, and the outside. */
export const PROVIDER = { name: "provider", uplinks: "uplinks", outside: "inet0" } as const;
export const OUTSIDE = { name: "outside", dev: "eth0" } as const;
/** One for each core segment. */
const SWITCHES = { 1: { name: "fabric", bridge: "br0" }, 2: { name: "fabric2", bridge: "br0" } } as const;
/** Names of the lab's own namespaces, and of directories beside those of the machines. */
const OWN = new Set<string>([...Object.values(SWITCHES).map(({ name }) => name), PROVIDER.name, OUTSIDE.name, "run", "log", "vm", "guest"]);

export function topologyOf(center: DataCenter): Topology {
  const machines = machinesOf(center);
  const taken = machines.map(({ machine }) => machine.name).find((name) => OWN.has(name) || name.startsWith("vm-"));
  if (taken !== undefined) throw new Error(`the lab cannot build a machine called "${taken}": it needs that name itself`);
  return {
    nodes: [
      ...segmentsOf(center).map(({ number }): Node => ({ ...SWITCHES[number], kind: "switch", addresses: [], routes: [] })),
      provider(center),
      outside(center),
      ...machines.map(({ kind, machine }) => machineNode(center, kind, machine)),
    ],
    cables: [
      ...segmentsOf(center).flatMap((segment) =>
        onCore(center, segment).map(({ machine, dev }, index) => {
          const { name, bridge } = SWITCHES[segment.number];
          return [
            { node: machine.name, dev },
            { node: name, dev: portName(machine.name, index), bridge },
          ] as const;
        }),
      ),
      ...rackCables(center, portName),
      ...center.gateways.map(
        (gateway, index) =>
          [
            { node: gateway.name, dev: gateway.upstream.interface },
            { node: PROVIDER.name, dev: portName(gateway.name, index), bridge: PROVIDER.uplinks },
          ] as const,
      ),
      [
        { node: OUTSIDE.name, dev: OUTSIDE.dev },
        { node: PROVIDER.name, dev: PROVIDER.outside },
      ],
    ],
  };
}

/** All declared machines with what they are, controllers first. */
export function machinesOf(center: DataCenter): { readonly kind: NodeKind; readonly machine: Machine }[] {
  const as = (kind: NodeKind, machines: readonly Machine[]) => machines.map((machine) => ({ kind, machine }));
  return [
    ...as("controller", center.controllers),
    ...as("reflector", center.reflectors),
    ...as("tor", torsOf(center)),
    ...as("compute", center.hosts),
    ...as("gateway", center.gateways),
  ];
}

/** Who is on a core segment, and by which interface. */
function onCore(center: DataCenter, segment: Segment): { readonly machine: Machine; readonly dev: string }[] {
  const { controllers, reflectors, gateways } = center;
  const by = (dev: string) => (machine: Machine) => ({ machine, dev });
  return [
    ...[...controllers, ...reflectors].map(by(segment.interface)),
    ...torsOf(center).map((tor) => ({ machine: tor, dev: tor.uplink })),
    ...[...coreHosts(center), ...gateways].map(by(segment.interface)),
  ];
}

/** Addresses of the outside host, one per family; those of the declared name servers that lie outside are its as well. */
export function outsideHost(plan: LabPlan): { readonly ipv4: Ip; readonly ipv6: Ip } {
  return { ipv4: hostOn(plan.outside4), ipv6: hostOn(plan.outside6) };
}

function routerOn(outside: Cidr): Ip {
  return addressAt(outside, 1n);
}

/** Far from the router's address, so that the two are told apart at a glance; next to it where there is no room. */
function hostOn(outside: Cidr): Ip {
  return addressAt(outside, sizeOf(outside) >= 16n ? 10n : 2n);
}

function machineNode(center: DataCenter, kind: NodeKind, machine: Machine): Node {
  const rack = racksOf(center).find(({ tor }) => tor.name === machine.name);
  if (rack !== undefined)
    return { name: machine.name, kind, ...bridgeOf(rack.tor), addresses: torAddresses(center, rack), routes: firstSteps(center, rack) };
  const host = center.hosts.find(({ name, uplinks }) => name === machine.name && uplinks !== undefined);
  if (host !== undefined) return { name: machine.name, kind, addresses: hostAddresses(center, host), routes: lastResorts(center, host) };
  const onCores = segmentsOf(center).flatMap(({ interface: dev, at, ipv4, ipv6 }) => {
    const on = (ip: Ip | undefined, network: Cidr | undefined) =>
      ip === undefined || network === undefined ? [] : [{ dev, ip, length: lengthOf(network) }];
    return [...on(at(machine).ipv4, ipv4), ...on(at(machine).ipv6, ipv6)];
  });
  const uplink = center.gateways.find(({ name }) => name === machine.name)?.upstream;
  const up = [uplink?.ipv4, uplink?.ipv6].flatMap((session) => (session ? [{ dev: uplink?.interface ?? "", ...session.local }] : []));
  return {
    name: machine.name,
    kind,
    addresses: [...onCores, ...up],
    routes: kind === "controller" ? routesToRacks(center) : [],
  };
}

/** The router that every uplink ends at: two gateways may declare the same peer address, or each its own. */
function provider(center: DataCenter): Node {
  const peers = new Map(center.gateways.flatMap(peersOf).map((peer) => [peer.ip, peer]));
  const { outside4, outside6 } = center.lab;
  const out = [outside4, outside6].map((prefix) => ({ dev: PROVIDER.outside, ip: routerOn(prefix), length: lengthOf(prefix) }));
  return { name: PROVIDER.name, kind: "provider", bridge: PROVIDER.uplinks, addresses: [...peers.values(), ...out], routes: [] };
}

function peersOf({ upstream }: Gateway): NodeAddress[] {
  return [upstream.ipv4, upstream.ipv6].flatMap((session) =>
    session === undefined ? [] : [{ dev: PROVIDER.uplinks, ip: session.peer, length: session.local.length }],
  );
}

function outside(center: DataCenter): Node {
  const { lab, dns } = center;
  const own = [lab.outside4, lab.outside6].flatMap((prefix) => {
    const servers = dns.filter((ip) => contains(prefix, ip));
    const [host, length] = [hostOn(prefix), lengthOf(prefix)];
    const others = servers.filter((ip) => ip !== host);
    return [{ dev: OUTSIDE.dev, ip: host, length }, ...others.map((ip) => ({ dev: OUTSIDE.dev, ip, length, passive: true as const }))];
  });
  return {
    name: OUTSIDE.name,
    kind: "outside",
    addresses: own,
    routes: [
      { to: "0.0.0.0/0", hops: [{ via: routerOn(lab.outside4) }] },
      { to: "::/0", hops: [{ via: routerOn(lab.outside6) }] },
    ],
  };
}

/** A switch's port is called like the machine on it; the kernel allows 15 characters. */
function portName(machine: string, index: number): string {
  return machine.length <= 15 ? machine : `${machine.slice(0, 10)}~${index}`;
}
