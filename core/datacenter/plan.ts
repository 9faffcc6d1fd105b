/**
 * Everything that follows from a data centre file, for people to read before it is made so and for programs to compare
 * with what is. In Neutron's words where it becomes Neutron's.
 */
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { covers } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { bfdPace, detectionTime } from "./bfd-pace.ts";
import type { Bfd, DataCenter, Gateway, NetworkPlan, SubnetPlan } from "./data-center.ts";
import { exportsOf } from "./exports.ts";
import { capacityOf } from "./pnat-capacity.ts";
import type { Capacity } from "./pnat-capacity.ts";
import { QUOTAS } from "./quotas.ts";
import { untranslatedTowards } from "./pnat-scope.ts";
import { machinePrefixes } from "./racks.ts";
import { ipv6Ranges, privateRanges, publicRanges } from "./ranges.ts";
import { sessionsOf } from "./sessions.ts";
import type { Session } from "./sessions.ts";
import type { Finding } from "./source.ts";
import type { Span } from "./span.ts";
import { tellsOf } from "./tells.ts";
import type { Tells } from "./tells.ts";
import { warningsOf } from "./warnings.ts";

export interface Plan {
  readonly name: string;
  readonly networks: readonly PlannedNetwork[];
  /** For every project. */
  readonly quotas: typeof QUOTAS;
  readonly reach: readonly Reach[];
  readonly sessions: readonly (Session & Tells)[];
  /** On every session of the fabric; absent: it is off, and BGP's hold time tells who is gone. */
  readonly bfd?: PlannedBfd;
  /** What the outside hears, exactly; and what it never does. */
  readonly announced: readonly Cidr[];
  readonly withheld: readonly Cidr[];
  readonly pnat: readonly PlannedPnat[];
  /** VXLAN, GENEVE, GRE, IPIP and their like, sent by VMs. */
  readonly tunnels: "closed" | "open";
  readonly warnings: readonly Finding[];
}

export interface PlannedNetwork {
  readonly name: string;
  readonly "router:external": boolean;
  readonly shared: true;
  readonly mtu: number;
  readonly subnets: readonly PlannedSubnet[];
}

export interface PlannedSubnet {
  readonly name: string;
  readonly cidr: Cidr;
  readonly gateway_ip: Ip;
  readonly allocation_pools: readonly Span[];
  readonly enable_dhcp: true;
  /** Of a range that retires, which has no pools any more: where addresses may still be had. */
  readonly retiring?: readonly Span[];
  readonly dns_nameservers: readonly Ip[];
}

/** What a VM on a subnet has of the outside. */
export interface Reach {
  readonly subnet: string;
  readonly from_outside: boolean;
  readonly to_outside: "as itself" | "by PNAT" | "no";
}

/** Times in milliseconds. */
export interface PlannedBfd extends Bfd {
  readonly gone_after: number;
  /** Of the machine that has most. */
  readonly sessions: number;
}

export interface PlannedPnat {
  readonly gateway: string;
  readonly from: readonly Cidr[];
  readonly to: Span;
  /** Destinations inside the data centre, which see the VM's own address. */
  readonly except: readonly Cidr[];
  readonly capacity: Capacity;
  /** As declared, or as it is where nothing is. */
  readonly filtering: "symmetric" | "full cone";
  readonly log: "nothing" | "connections";
}

export function plan(datacenter: DataCenter): Plan {
  const { name, networks, gateways } = datacenter;
  const subnets = [...networks.external.subnets, ...networks.internal.subnets];
  return {
    name,
    networks: plannedNetworks(datacenter),
    quotas: QUOTAS,
    reach: subnets.map((subnet) => reachOf(datacenter, subnet)),
    sessions: sessionsOf(datacenter).map((session) => ({ ...session, ...tellsOf(datacenter, session) })),
    ...bfdOf(datacenter),
    announced: exportsOf(datacenter),
    withheld: withheldOf(datacenter),
    pnat: gateways.flatMap((gateway) => pnatOf(datacenter, gateway)),
    tunnels: datacenter.tunnels ?? "closed",
    warnings: warningsOf(datacenter),
  };
}

/** The part of a plan that the cloud is made of. */
export function plannedNetworks(datacenter: DataCenter): readonly [external: PlannedNetwork, internal: PlannedNetwork] {
  const { external, internal } = datacenter.networks;
  return [networkOf(datacenter, external), networkOf(datacenter, internal)];
}

function networkOf({ networks, mtu, dns }: DataCenter, { name, subnets }: NetworkPlan): PlannedNetwork {
  return {
    name,
    "router:external": name === networks.external.name,
    shared: true,
    mtu,
    subnets: subnets.map(({ name, cidr, gateway, pools, retiring }) => ({
      name,
      cidr,
      gateway_ip: gateway,
      allocation_pools: retiring ? [] : pools,
      enable_dhcp: true,
      dns_nameservers: dns.filter((ip) => familyOf(ip) === familyOf(cidr)),
      ...(retiring && { retiring: pools }),
    })),
  };
}

function reachOf(datacenter: DataCenter, { name, cidr }: SubnetPlan): Reach {
  const out = datacenter.gateways.some(({ upstream }) => (familyOf(cidr) === 4 ? upstream.ipv4 : upstream.ipv6) !== undefined);
  const announced = exportsOf(datacenter).some((prefix) => covers(prefix, cidr));
  if (privateRanges(datacenter).includes(cidr)) return { subnet: name, from_outside: false, to_outside: out ? "by PNAT" : "no" };
  return { subnet: name, from_outside: out && announced, to_outside: out && announced ? "as itself" : "no" };
}

function bfdOf(datacenter: DataCenter): Pick<Plan, "bfd"> {
  const pace = bfdPace(datacenter);
  if (pace === undefined) return {};
  const ends = sessionsOf(datacenter).flatMap(({ kind, near, far }) => (kind === "customer" ? [] : [near.name, far.name]));
  const counts = [...Map.groupBy(ends, (name) => name).values()].map((own) => own.length);
  return { bfd: { ...pace, gone_after: detectionTime(pace), sessions: Math.max(0, ...counts) } };
}

function withheldOf(datacenter: DataCenter): readonly Cidr[] {
  const halves = ipv6Ranges(datacenter).flatMap(({ external, internal }) => [external, internal]);
  const inside = [...publicRanges(datacenter), ...privateRanges(datacenter), ...halves, ...machinePrefixes(datacenter)];
  return inside.filter((prefix) => !exportsOf(datacenter).some((whole) => covers(whole, prefix)));
}

function pnatOf(datacenter: DataCenter, { name, pnat }: Gateway): readonly PlannedPnat[] {
  const { pnat: how } = datacenter;
  const from = privateRanges(datacenter);
  if (from.length === 0 || pnat === undefined) return [];
  const except = untranslatedTowards(datacenter);
  const { filtering = "symmetric", log = "nothing", ports_per_vm: ports } = how ?? {};
  return [{ gateway: name, from, to: pnat, except, capacity: capacityOf(from, pnat, ports), filtering, log }];
}
