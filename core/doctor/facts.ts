/**
 * What the doctor judges: plain data that others have gathered. A fact that could not be gathered says why; nobody takes it for
 * a good one.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { BirdFacts } from "./bird-facts.ts";
import type { CloudFacts } from "./cloud-facts.ts";
import type { FilterFacts } from "./filter-facts.ts";

export type Known<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export function told<T>(value: T): Known<T> {
  return { known: true, value };
}

export function silent(why: string): { readonly known: false; readonly why: string } {
  return { known: false, why };
}

export interface Facts {
  /** As declared: the file where one is given, else what was applied last. */
  readonly center: Known<DataCenter>;
  readonly cloud: Known<CloudFacts>;
  /** Every machine that there should be, whether it could be asked or not. */
  readonly machines: readonly MachineFacts[];
}

/** `tor`: a top-of-rack router. */
export type Role = "controller" | "reflector" | "tor" | "compute" | "gateway";

/** One machine, as its kernel, its programs and its agent tell it. */
export interface MachineFacts {
  readonly name: string;
  readonly role: Role;
  /** By path below /proc/sys. */
  readonly sysctls: Known<Readonly<Record<string, string>>>;
  readonly links: Known<readonly LinkFact[]>;
  /** Of the main table, both families. */
  readonly routes: Known<readonly RouteFact[]>;
  readonly neighbours: Known<readonly NeighbourFact[]>;
  readonly filter: Known<FilterFacts>;
  /** Command lines of the machine's processes. */
  readonly processes: Known<readonly string[]>;
  readonly counters: Known<Counters>;
  /** What all network namespaces of a kernel share. */
  readonly kernel: Known<KernelFacts>;
  readonly bird: Known<BirdFacts>;
  readonly agent: Known<AgentFacts>;
  /** As it calls itself: `uname -n`. */
  readonly hostname: Known<string>;
  /** Seconds that its clock is ahead of the controller's. */
  readonly ahead: Known<number>;
  /** Packets that may not be split, sent to the gateways. */
  readonly paths: Known<readonly PathFact[]>;
  /** Interface by interface: what the network card, or the kernel in its place, does to packets. */
  readonly offloads: Known<Readonly<Record<string, Readonly<Record<string, string>>>>>;
  /** Of nova.conf: `section.key`. */
  readonly nova: Known<Readonly<Record<string, string>>>;
}

export interface LinkFact {
  readonly name: string;
  readonly mtu: number;
  /** `bridge`, `veth`, `tun`; empty for hardware. */
  readonly kind: string;
  readonly up: boolean;
  readonly addresses: readonly AddressFact[];
}

export interface AddressFact {
  readonly ip: string;
  readonly length: number;
  /** Somebody else has it (RFC 4862, 5.4). */
  readonly duplicate: boolean;
}

export interface RouteFact {
  /** A prefix; a default route is `0.0.0.0/0` or `::/0`. */
  readonly prefix: string;
  readonly type: string;
  readonly dev: string;
  /** Next hops; none: on-link. */
  readonly via: readonly string[];
  /** `kernel`, `bird`, `ra`, `88`. */
  readonly protocol: string;
  readonly metric: number;
}

export interface NeighbourFact {
  readonly ip: string;
  readonly dev: string;
  readonly lladdr: string;
  readonly states: readonly string[];
}

export interface Counters {
  /** Packets that the reverse path filter dropped. */
  readonly reverse_path_filter: number;
  /** Of connection tracking: packets dropped, entries that could not be inserted, entries thrown out early. */
  readonly conntrack: { readonly drop: number; readonly insert_failed: number; readonly early_drop: number };
  /** Packets of TCP that were refused for another password (RFC 2385), none, one where none is, or their distance (RFC 5082). */
  readonly guarded: Readonly<Record<"other_password" | "no_password" | "unasked_password" | "far", number>>;
}

export interface KernelFacts {
  /** `6.1.0-18-amd64` */
  readonly release: string;
  /** By family: the thresholds of the neighbour table, and how often it was full. */
  readonly neighbours: Readonly<Record<"4" | "6", { readonly thresholds: readonly number[]; readonly full: number }>>;
}

export interface AgentFacts {
  readonly host: string;
  readonly role: string;
  /** `connected`, or since when not, and why. */
  readonly controller: string;
  readonly troubles: readonly string[];
  readonly metadata: { readonly doors: Readonly<Record<string, string>>; readonly nova: string } | null;
}

export interface PathFact {
  readonly gateway: string;
  readonly ip: string;
  /** Of the whole packet, in bytes. */
  readonly size: number;
  readonly arrived: boolean;
  readonly says: string;
}

/** A machine that cannot be asked, and why not. */
export function unasked(name: string, role: Role, why: string): MachineFacts {
  const no = silent(why);
  return {
    name,
    role,
    sysctls: no,
    links: no,
    routes: no,
    neighbours: no,
    filter: no,
    processes: no,
    counters: no,
    kernel: no,
    bird: no,
    agent: no,
    hostname: no,
    ahead: no,
    paths: no,
    offloads: no,
    nova: no,
  };
}
