/**
 * What a host is told of the cloud: the items of its feed. An item has a key and a value; only its last state counts.
 * The values say what the host needs and nothing more: no names, and nothing of ports elsewhere but the addresses that its
 * rules speak of.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Role } from "../datacenter/roles.ts";
import type { Family, Ip } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Cidr } from "../net/prefix.ts";
import type { PairClaim, Taking } from "../neutron/pair-claims.ts";
import type { PortRange } from "../neutron/port-range.ts";
import type { Members } from "./members.ts";

/** A port that is bound to this host, or about to be. */
export interface Endpoint {
  readonly port_id: string;
  /** The host that serves it, and announces its addresses. To any other that is told of it its VM is about to move. */
  readonly host: string;
  /** How often another host began to serve it. */
  readonly moves: number;
  readonly network_id: string;
  /** `tap` and the first 11 characters of the port's id, as Nova names it. */
  readonly tap: string;
  readonly mac: Mac;
  readonly addresses: readonly { readonly ip: Ip; readonly subnet_id: string }[];
  /** What it may send from besides its own addresses (allowed address pairs). */
  readonly pairs: readonly { readonly prefix: Cidr; readonly mac: Mac }[];
  /** Single addresses of its pairs that may lead to it. */
  readonly claims: readonly PairClaim[];
  /** Sorted ids; with none, and port_security on, the endpoint is closed both ways. */
  readonly groups: readonly string[];
  readonly port_security: boolean;
  readonly admin_state_up: boolean;
  /** Whose metadata it may ask for: the server that it is a NIC of, and the project that Nova compares. Null: nobody said which. */
  readonly instance: { readonly id: string; readonly project: string } | null;
  /** Host name that DHCP hands out. */
  readonly hostname: string;
  readonly dhcp_options: readonly { readonly name: string; readonly value: string; readonly family: Family }[];
  /** How fast it may send and receive: at most one of each unit per direction. */
  readonly limits: readonly Limit[];
  /** Sorted by address. */
  readonly floating: readonly Floating[];
}

export type { PairClaim, Taking };

/** As the VM sees it: egress is what it sends. What comes at once may be a burst more. */
export interface Limit {
  readonly direction: "ingress" | "egress";
  readonly unit: "bytes" | "packets";
  readonly per_second: number;
  readonly burst: number;
}

/** An address from elsewhere that leads to an endpoint: as a whole (`stands_for`), or port by port (`forwards`), then perhaps to others too. */
export interface Floating {
  readonly id: string;
  readonly ip: Ip;
  /** The endpoint's own address that it stands for, both ways. */
  readonly stands_for: Ip | null;
  /** Sorted by protocol and port. */
  readonly forwards: readonly Forward[];
}

export interface Forward {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly external: PortRange;
  /** The address of a port, served here or elsewhere. */
  readonly to: Ip;
  /** One port for all, or as many as outside. */
  readonly internal: PortRange;
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
  readonly remote: null | { readonly prefix: Cidr } | { readonly group: string } | { readonly address_group: string };
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

/** An address group that a rule here names as its remote: sorted, of both families, inside each other at will. */
export interface Prefixes {
  readonly id: string;
  readonly prefixes: readonly Cidr[];
}

/** Addresses of a bound port, and the hosts that may announce them. Both sorted. */
export interface Assignment {
  readonly port_id: string;
  readonly hosts: readonly string[];
  readonly addresses: readonly Ip[];
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
  readonly address_group: Prefixes;
  readonly assignment: Assignment;
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
  readonly members: ReadonlyMap<string, Members>;
  /** By address group id. */
  readonly prefixes: ReadonlyMap<string, readonly Cidr[]>;
  /** By port id. Absent: nobody says who has which address, as on a machine without an agent. */
  readonly assignments?: ReadonlyMap<string, Assignment>;
}

/** What travels to a host, in order. `synced` says: you have heard everything up to this revision. */
export type FeedMessage =
  | { readonly op: "put"; readonly key: ItemKey; readonly value: Items[ItemKind] }
  | { readonly op: "gone"; readonly key: ItemKey }
  | Membership
  | { readonly op: "synced"; readonly revision: number };

/** Of several members at once what `put` and `gone` say of each: a group may have tens of thousands. */
export interface Membership {
  readonly op: "joined" | "left";
  readonly group: string;
  readonly ips: readonly Ip[];
}

export type { Role };

/** The first message of an agent. */
export interface Hello {
  readonly op: "hello";
  readonly host: string;
  readonly role: Role;
  readonly started_at: string;
  /** How it can be told of members. Agents of before say nothing, and are told of them one by one. */
  readonly members?: "together";
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
  /**
   * Ports whose VM has shown a sign of life here, though the feed has it on another host: how often they had moved by then. Where
   * the port has moved since, the sign counts no more.
   */
  readonly arrived: Readonly<Record<string, number>>;
  /**
   * By port: addresses of its pairs with which its VM has shown a sign of life here, though the feed has them elsewhere. Where somebody
   * has taken one over since, it counts no more.
   */
  readonly taken: Readonly<Record<string, readonly Taking[]>>;
  /** Objects that failed or are held, in words: `route/10.65.0.5/32 metric 1024: …`. */
  readonly troubles: readonly string[];
  /** BGP: how many sessions stand, and BIRD's names of those that do not. Absent: BIRD has not been asked. */
  readonly sessions?: Sessions;
}

export interface Sessions {
  readonly established: number;
  readonly down: readonly string[];
  /** Of a gateway that is drained: flows that it still translates. */
  readonly translated?: number;
}

/** The last report of a host's agent; undefined: it is not connected. */
export type Said = (host: string) => { readonly report: Report | undefined } | undefined;
