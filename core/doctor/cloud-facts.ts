/** What the cloud's rows say, as far as it is judged: the answer of `GET /margay/v1/doctor`. */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Span } from "../datacenter/span.ts";
import type { EndpointState } from "../feed/item.ts";
import type { Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";

export interface CloudFacts {
  /** RFC 3339, UTC, seconds. */
  readonly now: string;
  /** As it was applied last; null: none has been. */
  readonly datacenter: DataCenter | null;
  /** For how long a released address rests. */
  readonly quarantine_seconds: number;
  /** The two networks of the data centre as they stand; null: gone. */
  readonly networks: readonly { readonly name: string; readonly is: NetworkRow | null }[];
  readonly subnets: readonly SubnetUse[];
  /** Addresses that lead somewhere, or should. */
  readonly addresses: readonly ServedAddress[];
  /** Addresses that rest. */
  readonly resting: readonly Ip[];
  readonly agents: readonly AgentRow[];
  /** Ports by the host that they are bound to. */
  readonly hosts: readonly { readonly host: string; readonly ports: number }[];
  /** Limits of the data centre's own kind, of projects that have others. */
  readonly quotas: readonly { readonly project: string; readonly limits: Readonly<Record<string, number>> }[];
  /** Ports that may send as anybody. */
  readonly unguarded: readonly { readonly port: string; readonly host: string; readonly why: string }[];
  /** Groups that let everybody in, of whatever protocol or on whatever port. */
  readonly open_groups: readonly OpenGroup[];
  readonly largest_group: { readonly id: string; readonly name: string; readonly members: number } | null;
  /** What `margay store check` finds. */
  readonly inconsistencies: readonly string[];
}

/** In the words of the plan, to be compared with it. */
export interface NetworkRow {
  readonly name: string;
  readonly "router:external": boolean;
  readonly shared: boolean;
  readonly mtu: number;
  readonly subnets: readonly SubnetRow[];
}

export interface SubnetRow {
  readonly name: string;
  readonly cidr: Cidr;
  readonly gateway_ip: Ip | null;
  readonly allocation_pools: readonly Span[];
  readonly enable_dhcp: boolean;
  readonly dns_nameservers: readonly Ip[];
}

export interface SubnetUse {
  readonly name: string;
  readonly network: string;
  readonly cidr: Cidr;
  readonly gateway_ip: Ip | null;
  /** Ports of VMs whose address is the gateway's. */
  readonly claims_gateway: readonly string[];
  /** In its pools; beyond 2^53 not exact to the last digit. */
  readonly total: number;
  readonly used: number;
  readonly resting: number;
}

export interface ServedAddress {
  readonly ip: Ip;
  readonly port: string;
  /** Where its VM is. */
  readonly host: string;
  readonly status: string;
  readonly admin_state_up: boolean;
  /** Is another host making it ready, or about to give it up? */
  readonly moving: boolean;
}

export interface AgentRow {
  readonly host: string;
  readonly role: string;
  readonly alive: boolean;
  readonly connected: boolean;
  /** When it was last heard. */
  readonly heard: string;
  readonly failed: readonly { readonly port: string; readonly state: EndpointState }[];
}

export interface OpenGroup {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly rules: number;
  readonly ports: number;
}
