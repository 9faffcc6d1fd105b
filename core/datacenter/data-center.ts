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
  readonly fabric: Fabric;
  readonly controllers: readonly Machine[];
  readonly reflectors: readonly Machine[];
  readonly hosts: readonly Machine[];
  readonly gateways: readonly Gateway[];
  /** What the lab puts outside; no part of a real data centre. */
  readonly lab: LabPlan;
}

export interface Ranges {
  readonly public?: Cidr;
  readonly private?: Cidr;
  readonly ipv6?: {
    readonly whole: Cidr;
    readonly external: Cidr;
    readonly internal: Cidr;
    /** What of it is announced outside (`exportsOf`); absent: the whole. */
    readonly announced?: "external half";
  };
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
  readonly pools: readonly { readonly start: Ip; readonly end: Ip }[];
}

/** One flat segment that all machines are on. */
export interface Fabric {
  readonly asn: number;
  readonly ipv4?: Cidr;
  readonly ipv6?: Cidr;
  /** Do hosts and gateways peer with the reflectors, or the gateways with every host? */
  readonly peering: "reflectors" | "direct";
  /** The machines' interface on the fabric. */
  readonly interface: string;
}

/** A machine of the fabric, with its address there in each family that the fabric has. */
export interface Machine {
  readonly name: string;
  readonly ipv4?: Ip;
  readonly ipv6?: Ip;
}

export interface Gateway extends Machine {
  readonly upstream: Upstream;
  /** Addresses that stand in for the private range outside; absent when there is no private range. */
  readonly pnat?: { readonly start: Ip; readonly end: Ip };
}

/** The provider's router, and our address on the link to it, per family. */
export interface Upstream {
  readonly asn: number;
  readonly interface: string;
  readonly ipv4?: UpstreamSession;
  readonly ipv6?: UpstreamSession;
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
