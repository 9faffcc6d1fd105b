/**
 * The data centre as declared, read and checked: what `datacenter.yaml` means. Everything else (networks, sessions,
 * filters, the lab) follows from it by function; nothing is written twice.
 */
import type { Ip } from "../net/address.ts";
import type { Cidr, InterfaceAddress } from "../net/prefix.ts";

export interface DataCenter {
  readonly name: string;
  readonly ranges: Ranges;
  /** The two shared networks: what is plugged into `external` is reachable from outside over IPv4. */
  readonly networks: { readonly external: NetworkPlan; readonly internal: NetworkPlan };
  /** Name servers that VMs are told, and the MTU of their networks. */
  readonly dns: readonly Ip[];
  /** Whom the hosts ask for names that VMs ask them for; absent: nobody. */
  readonly resolvers?: readonly Ip[];
  readonly mtu: number;
  /** May VMs send tunnels that carry packets in the clear (VXLAN, GENEVE, GRE, IPIP)? Absent: no. */
  readonly tunnels?: "open";
  /** How the private range is translated on its way out; absent: as usual. */
  readonly pnat?: Translation;
  readonly fabric: Fabric;
  readonly controllers: readonly Machine[];
  readonly reflectors: readonly Machine[];
  /** Absent: none; all hosts are on the core segment. */
  readonly racks?: readonly Rack[];
  readonly hosts: readonly Host[];
  readonly gateways: readonly Gateway[];
  /** What the lab puts outside; no part of a real data centre. */
  readonly lab: LabPlan;
}

export interface RangesOfKinds {
  readonly public?: Cidr;
  readonly private?: Cidr;
  readonly ipv6?: Range6;
}

export interface Ranges extends RangesOfKinds {
  /** Those that others replace: who has an address of one keeps it, and nobody is given another. Absent: none. */
  readonly retiring?: RangesOfKinds;
}

export interface Range6 {
  readonly whole: Cidr;
  readonly external: Cidr;
  readonly internal: Cidr;
  /** What of it is announced outside (`exportsOf`); absent: the whole. */
  readonly announced?: "external half";
}

export interface NetworkPlan {
  readonly name: string;
  readonly subnets: readonly SubnetPlan[];
}

export interface SubnetPlan {
  /** The network's name and the family: `external4`. */
  readonly name: string;
  readonly cidr: Cidr;
  readonly gateway: Ip;
  /** Where addresses are given; of a range that retires, where they may still be had. */
  readonly pools: readonly { readonly start: Ip; readonly end: Ip }[];
  readonly retiring?: true;
}

/** A segment, and the interface by which machines are on it. */
export interface Link {
  readonly interface: string;
  readonly ipv4?: Cidr;
  readonly ipv6?: Cidr;
}

/** The core segment: controllers, reflectors, gateways and top-of-rack routers are on it, and hosts that are in no rack. */
export interface Fabric extends Link {
  readonly asn: number;
  /** Another segment that all of them are on as well, each at the same place as on the first. */
  readonly second?: Link;
  /** Where hosts have addresses of their own that are on no link: those of unnumbered racks, and those with several uplinks. */
  readonly loopbacks4?: Cidr;
  readonly loopbacks6?: Cidr;
  /** Do hosts and gateways peer with the reflectors, the gateways with every host, or all with all? */
  readonly peering: Peering;
  /** Sessions of this peering stand as well, while one takes the place of the other; no part of the file. */
  readonly beside?: Peering;
  /** How soon a machine that is gone is noticed; absent: when BGP's hold time is over. */
  readonly bfd?: Bfd;
  readonly guard?: Guard;
}

export type Peering = "reflectors" | "direct" | "mesh";

/** What keeps others from a session. */
export interface Guard {
  /** GTSM (RFC 5082): what comes from farther than one hop away is nobody's we speak with. */
  readonly ttl_security?: true;
  /** A file on each machine, absolute, that root alone reads: BIRD's statement `password "…";` (RFC 2385). It is never read by Margay, nor told to anybody. */
  readonly password_file?: string;
}

/** Bidirectional Forwarding Detection (RFC 5880): a packet each `interval` milliseconds; when so many are missing, the other end is gone. */
export interface Bfd {
  readonly interval: number;
  readonly multiplier: number;
}

/** Hosts behind a router of their own, which is on the core segment. */
export interface Rack {
  readonly name: string;
  /** Of the rack with its router, which then speaks eBGP on the core segment; absent: it is part of the fabric's. */
  readonly asn?: number;
  /** Unnumbered: hosts and router speak by link-local addresses (RFC 8950), each host on a port of its own. */
  readonly peering: "numbered" | "unnumbered";
  /** The segment of a numbered rack. */
  readonly ipv4?: Cidr;
  readonly ipv6?: Cidr;
  readonly tor: Tor;
}

/** A top-of-rack router. */
export interface Tor extends Machine {
  /** Its interface on the core segment. */
  readonly uplink: string;
  /** Its interface on the segment of a numbered rack, and its addresses there. */
  readonly interface?: string;
  readonly rack4?: Ip;
  readonly rack6?: Ip;
}

/** A compute host. Its address is the one on its only link, or else on its loopback. */
export interface Host extends Machine {
  /** How it is connected to racks; absent: it is on the core segment. */
  readonly uplinks?: readonly Uplink[];
}

export interface Uplink {
  /** Name of the rack. */
  readonly rack: string;
  /** The host's interface there. */
  readonly interface: string;
  /** The host's address on the segment of a numbered rack. */
  readonly ipv4?: Ip;
  readonly ipv6?: Ip;
  /** The router's interface at the other end, in an unnumbered rack. */
  readonly port?: string;
}

/** A machine of the fabric, with its address there in each family that the fabric has. */
export interface Machine {
  readonly name: string;
  readonly ipv4?: Ip;
  readonly ipv6?: Ip;
  /** Of routers: whose words its configuration is written in (`margay render`). Absent: BIRD, run by Margay's own agent. */
  readonly platform?: RouterPlatform;
}

export const ROUTER_PLATFORMS = ["bird", "frr", "junos", "iosxe", "eos", "vyos", "srlinux"] as const;

export type RouterPlatform = (typeof ROUTER_PLATFORMS)[number];

export interface Gateway extends Machine {
  readonly upstream: Upstream;
  /** Taken out of service while the data centre runs; no part of the file. It still serves what comes its way, and all who are others' too. */
  readonly drained?: true;
  /** The others send on to it what belongs to flows that they know nothing of: it translates them until they end. No part of the file. */
  readonly relayed?: true;
  /** Addresses that stand in for the private range outside; absent when there is no private range. */
  readonly pnat?: { readonly start: Ip; readonly end: Ip };
}

/** Of all gateways alike. */
export interface Translation {
  /** Prefixes outside the fabric that are the data centre's all the same: they see VMs' own addresses, and have a way back to them. */
  readonly untranslated: readonly Cidr[];
  /** Ports that each VM has for itself; absent: whatever is free. */
  readonly ports_per_vm?: number;
  /** Who may answer to a VM's port outside: absent, whom it has talked to; else anybody. */
  readonly filtering?: "full cone";
  /** What is told to those who listen (NFLOG group 89); absent: nothing. */
  readonly log?: "connections";
}

/** The provider's router, and our address on the link to it, per family. */
export interface Upstream {
  readonly asn: number;
  readonly interface: string;
  readonly ipv4?: UpstreamSession;
  readonly ipv6?: UpstreamSession;
  /** Absent: the provider does not speak it. */
  readonly bfd?: Bfd;
  readonly guard?: Guard;
}

export interface UpstreamSession {
  readonly local: InterfaceAddress;
  readonly peer: Ip;
}

/** A host on the outside, one hop behind the provider. */
export interface LabPlan {
  readonly outside4: Cidr;
  readonly outside6: Cidr;
}
