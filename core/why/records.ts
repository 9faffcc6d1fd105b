/**
 * What the cloud knows of one port or one address, in one answer: the beginning of the chain from an API object to what the kernel
 * holds. An address may be a port's own, a floating IP, an allowed address pair, a gateway's, or nobody's.
 */
import type { EndpointState } from "../feed/item.ts";
import type { Ip } from "../net/address.ts";
import { hostPrefix } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";

export interface Records {
  /** As it was asked. */
  readonly asked: string;
  /** RFC 3339, UTC, seconds. */
  readonly now: string;
  /** Null: a port was asked for. */
  readonly address: AddressRecord | null;
  /** Null: the address leads to none. */
  readonly port: PortRecord | null;
  /** Of the port's host; null: it has never been heard of, or there is no host. */
  readonly agent: AgentRecord | null;
  /** Machines at which BGP can be asked about the address besides the port's host. */
  readonly fabric: readonly { readonly name: string; readonly role: "tor" | "reflector" | "gateway" }[];
}

export interface AddressRecord {
  readonly ip: Ip;
  readonly role: "fixed" | "floating" | "pair" | "gateway" | "unassigned";
  /** Subnets that it lies in, of whatever network. */
  readonly subnets: readonly SubnetRecord[];
  /** The declared range that it lies in; null: it is no address of this data centre. */
  readonly range: Cidr | null;
  /** Until when it is given to nobody unasked, after its last port; null: it is not in quarantine. */
  readonly released_until: string | null;
  readonly floating: FloatingRecord | null;
  /** Ports that may send from it besides their own. */
  readonly pairs: readonly string[];
}

export interface SubnetRecord {
  readonly id: string;
  readonly name: string;
  readonly cidr: Cidr;
  readonly gateway_ip: Ip | null;
  readonly enable_dhcp: boolean;
  readonly network: string;
}

export interface FloatingRecord {
  readonly id: string;
  readonly ip: Ip;
  /** The port's address that it stands for as a whole. */
  readonly stands_for: Ip | null;
  /** Ports that it forwards. */
  readonly forwards: number;
}

export interface PortRecord {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** Where its VM is, also before the binding says so; empty: nowhere. */
  readonly host: string;
  readonly vif_type: string;
  readonly tap: string;
  readonly admin_state_up: boolean;
  readonly port_security: boolean;
  readonly device_owner: string;
  readonly addresses: readonly { readonly ip: Ip; readonly subnet: SubnetRecord | null }[];
  readonly pairs: readonly string[];
  /** Addresses of pairs that lead to it, as it is the one that took them last. */
  readonly holds: readonly Ip[];
  readonly groups: readonly { readonly id: string; readonly name: string; readonly rules: number }[];
  readonly floating: readonly FloatingRecord[];
}

export interface AgentRecord {
  readonly host: string;
  readonly admin_state_up: boolean;
  readonly alive: boolean;
  /** When it was last heard. */
  readonly heard: string;
  /** Does it listen to this controller at this moment? */
  readonly connected: boolean;
  /** Of its last report; null: none since it connected. */
  readonly revision: number | null;
  /** What it reported of this port last; null: nothing. */
  readonly endpoint: EndpointState | null;
}

/** The single addresses that the fabric should know. */
export function prefixesOf({ address, port }: Pick<Records, "address" | "port">): readonly string[] {
  const all: readonly Ip[] =
    port === null ? [] : [...port.addresses.map(({ ip }) => ip), ...port.holds, ...port.floating.map(({ ip }) => ip)];
  return [...new Set(address === null ? all : [address.ip])].map(hostPrefix);
}

/** As an agent names it as the cause of objects. */
export function causeOf({ id }: Pick<PortRecord, "id">): string {
  return `port/${id}`;
}
