/**
 * What a host is told of the cloud: the items of its feed. An item has a key and a value; only its last state counts.
 * The values say what the host needs and nothing more: no names, no projects, nothing of ports elsewhere but the
 * addresses that its rules speak of.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Family, Ip } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Cidr } from "../net/prefix.ts";

/** A port that is bound to this host. */
export interface Endpoint {
  readonly port_id: string;
  readonly network_id: string;
  /** `tap` and the first 11 characters of the port's id, as Nova names it. */
  readonly tap: string;
  readonly mac: Mac;
  readonly addresses: readonly { readonly ip: Ip; readonly subnet_id: string }[];
  /** What it may send from besides its own addresses (allowed address pairs). */
  readonly pairs: readonly { readonly prefix: Cidr; readonly mac: Mac }[];
  /** Sorted ids; with none, and port_security on, the endpoint is closed both ways. */
  readonly groups: readonly string[];
  readonly port_security: boolean;
  readonly admin_state_up: boolean;
  /** Host name that DHCP hands out. */
  readonly hostname: string;
  readonly dhcp_options: readonly { readonly name: string; readonly value: string; readonly family: Family }[];
}

/** Every subnet of every network, so that the set of DHCP ranges does not change with each port. */
export interface SubnetFact {
  readonly id: string;
  readonly network_id: string;
  readonly cidr: Cidr;
  readonly gateway_ip: Ip | null;
  readonly enable_dhcp: boolean;
  readonly dns_nameservers: readonly Ip[];
  readonly host_routes: readonly { readonly destination: Cidr; readonly nexthop: Ip }[];
  readonly ipv6_mode: "slaac" | "dhcpv6-stateful" | "dhcpv6-stateless" | null;
  readonly mtu: number;
  readonly dns_domain: string;
}

/** One direction, one family; null means any. */
export interface GroupRule {
  readonly direction: "ingress" | "egress";
  readonly family: Family;
  /** IP protocol number. */
  readonly protocol: number | null;
  /** Of tcp, udp, sctp, dccp, udplite: destination ports. Of ICMP: type and code. */
  readonly port_range_min: number | null;
  readonly port_range_max: number | null;
  readonly remote: null | { readonly prefix: Cidr } | { readonly group: string };
}

/** A security group of an endpoint here. Rules are sorted, so that equal groups are equal text. */
export interface Group {
  readonly id: string;
  readonly stateful: boolean;
  readonly rules: readonly GroupRule[];
}

/** An address of a group that a rule here names as its remote. */
export interface Member {
  readonly group_id: string;
  readonly ip: Ip;
}

/** Item values by the first part of their key. */
export interface Items {
  /** `datacenter/this`: absent until one has been applied. */
  readonly datacenter: DataCenter;
  readonly endpoint: Endpoint;
  readonly subnet: SubnetFact;
  readonly group: Group;
  /** `member/GROUP ADDRESS` */
  readonly member: Member;
}

export type ItemKind = keyof Items;
export type ItemKey = `${ItemKind}/${string}`;

/** All that one host has been told. */
export interface View {
  readonly datacenter: DataCenter | undefined;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly subnets: ReadonlyMap<string, SubnetFact>;
  readonly groups: ReadonlyMap<string, Group>;
  /** Addresses by group id. */
  readonly members: ReadonlyMap<string, ReadonlySet<Ip>>;
}

/** What travels to a host, in order. `synced` says: you have heard everything up to this revision. */
export type FeedMessage =
  | { readonly op: "put"; readonly key: ItemKey; readonly value: Items[ItemKind] }
  | { readonly op: "gone"; readonly key: ItemKey }
  | { readonly op: "synced"; readonly revision: number };

export type Role = "compute" | "gateway" | "reflector";

/** The first message of an agent. */
export interface Hello {
  readonly op: "hello";
  readonly host: string;
  readonly role: Role;
  readonly started_at: string;
}

/** State of one endpoint after a round on a complete view. */
export type EndpointState =
  | { readonly state: "up" }
  /** Waits for something that is expected to come: `link/tap…` mostly. */
  | { readonly state: "waiting"; readonly for: string }
  | { readonly state: "failed"; readonly reason: string };

/** What an agent says of itself; only the last report of a host counts. */
export interface Report {
  readonly op: "report";
  /** The revision of the view that the round was made for. */
  readonly revision: number;
  readonly endpoints: Readonly<Record<string, EndpointState>>;
  /** Objects that failed or are held, in words: `route/10.65.0.5/32 metric 1024: …`. */
  readonly troubles: readonly string[];
}
