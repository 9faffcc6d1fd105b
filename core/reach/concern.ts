/** Whose flows a change of the packet filter may have opened or closed. */
import type { View } from "../feed/item.ts";
import type { Ref } from "../kinds/kind.ts";
import { readIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { addressesOf } from "./flow.ts";

/** An object of the packet filter that changed, and what it was there for. */
export interface Changed {
  readonly ref: Ref;
  readonly because: readonly string[];
  /** Of an object that stands for many things: those that came and went. */
  readonly moved?: readonly string[];
}

/** Elements by a tap, an address, or addresses in a group; sets of prefixes; and the chains that are there for everybody. */
const BY_CAUSE = /^nft\/inet (?:element (?:egress|ingress|stateless) |set addresses[46]-)/;
const BY_ADDRESS = /^nft\/inet element (?:members[46]-\S+|floating[46]|leaving[46]) (\S+)$/;
const BY_MEMBERS = /^nft\/inet share members[46]-/;
const BY_ALL = /^nft\/inet chain (?:to-machines|forward|known)$/;

/** What each packet of an established flow meets, unless it is offloaded: its tap's place on the slow path, its sender, and rules for all. */
const MET_BY_CAUSE = /^nft\/inet element slow-path /;
const MET_BY_ADDRESS = /^nft\/inet element sources[46] "[^"]*" \. \S+ \. (\S+)$/;
const MET_BY_ALL = /^nft\/inet chain (?:prerouting|of-tap|from-tap|own-source|any-source|no-role|no-tunnel)$/;

const ROUTE = /^route\/(\S+)\/(?:32|128) /;

/** Addresses that were given a route: what began before led elsewhere, and was asked about there. */
export function newcomersIn(created: Iterable<Changed>): ReadonlySet<Ip> {
  return new Set([...created].flatMap(({ ref }) => readIp(ROUTE.exec(ref)?.[1] ?? "") ?? []));
}

/** Addresses whose flows are to be looked at; `all`: whoever is here. */
export function concernOf(view: View, changed: Iterable<Changed>): ReadonlySet<Ip> | "all" {
  const concerned = new Set<Ip>();
  for (const { ref, because, moved = [] } of changed) {
    if (BY_ALL.test(ref)) return "all";
    const address = readIp(BY_ADDRESS.exec(ref)?.[1] ?? "");
    if (address !== undefined) concerned.add(address);
    else if (BY_MEMBERS.test(ref)) for (const ip of moved.flatMap((text) => readIp(text) ?? [])) concerned.add(ip);
    else if (BY_CAUSE.test(ref)) for (const ip of heldBy(view, because)) concerned.add(ip);
  }
  return concerned;
}

/** Addresses of which no flow may pass the packet filter by any longer, until it is offloaded anew. */
export function slowedIn(view: View, changed: Iterable<Changed & { readonly op: string }>): ReadonlySet<Ip> | "all" {
  const slowed = new Set<Ip>();
  for (const { ref, op, because } of changed) {
    if (op === "replace" && MET_BY_ALL.test(ref)) return "all";
    const address = op === "delete" ? readIp(MET_BY_ADDRESS.exec(ref)?.[1] ?? "") : undefined;
    if (address !== undefined) slowed.add(address);
    else if (op === "create" && MET_BY_CAUSE.test(ref)) for (const ip of heldBy(view, because)) slowed.add(ip);
  }
  return slowed;
}

function heldBy({ endpoints }: View, because: readonly string[]): readonly Ip[] {
  return because.flatMap((cause) => {
    const endpoint = cause.startsWith("port/") ? endpoints.get(cause.slice("port/".length)) : undefined;
    return endpoint === undefined ? [] : addressesOf(endpoint);
  });
}
