/**
 * Single addresses of allowed address pairs: whom they lead to. Several ports may claim one (VRRP); it leads to the one whose VM showed
 * the latest sign of life with it, or to the only one there is. Prefixes lead nowhere: they may be sent from.
 */
import { meets, ownAddresses } from "../datacenter/own-addresses.ts";
import { familyOf, widthOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import { firstOf, hostPrefix, readCidr } from "../net/prefix.ts";
import type { Cloud } from "./cloud.ts";
import { isHostOf } from "./ipam.ts";
import { isBound, presentHost } from "./port-binding.ts";
import type { AddressPair } from "./port-types.ts";
import type { Port } from "./port.ts";

/** One address that a port claims. */
export interface PairClaim {
  readonly ip: Ip;
  /** The MACs that it claims it with. */
  readonly macs: readonly Mac[];
  /** The one that it is reached at. */
  readonly mac: Mac;
  /** How often it has been taken over, by whomever; 0: nobody has shown a sign of life with it. */
  readonly turn: number;
  /** Does it lead to this port? */
  readonly held: boolean;
}

/** A VM has shown a sign of life with an address that its port claims. */
export interface Taking {
  readonly ip: Ip;
  readonly mac: Mac;
  /** How often it had been taken over by then. */
  readonly turn: number;
}

/** The single addresses that a port may send from, whether or not they may lead to it. */
export function pairedAddresses({ allowed_address_pairs: pairs }: Pick<Port, "allowed_address_pairs">): ReadonlySet<Ip> {
  return new Set(pairs.flatMap((pair) => singleOf(pair) ?? []));
}

function singleOf({ ip_address: reach }: AddressPair): Ip | undefined {
  const prefix = readCidr(reach);
  // What is no prefix was read as an address.
  if (prefix === undefined) return reach as Ip;
  return hostPrefix(firstOf(prefix)) === prefix ? firstOf(prefix) : undefined;
}

/** Ports with a pair of this very address. */
export function* claimantsOf(cloud: Cloud, ip: Ip): Generator<Port> {
  const seen = new Set<string>();
  for (const text of [ip, `${ip}/${widthOf(familyOf(ip))}`])
    for (const port of cloud.by("port", "allowed_address_pairs", `ip_address=${text}`)) {
      if (!seen.has(port.id)) yield port;
      seen.add(port.id);
    }
}

/** What a port claims, by address: what cannot lead to it is not among it. */
export function claimsOf(cloud: Cloud, port: Port): readonly PairClaim[] {
  if (port.allowed_address_pairs.length === 0) return [];
  return [...pairedAddresses(port)].toSorted().flatMap((ip) => {
    if (!canLead(cloud, port, ip)) return [];
    const macs = port.allowed_address_pairs.flatMap((pair) => (singleOf(pair) === ip ? (pair.mac_address ?? port.mac_address) : []));
    const { holder, turn } = standing(cloud, ip);
    const shown = port.holds.find((each) => each.ip_address === ip)?.mac_address;
    const mac = shown !== undefined && macs.includes(shown) ? shown : macs[0];
    return mac === undefined ? [] : [{ ip, macs, mac, turn, held: holder === port.id }];
  });
}

interface Standing {
  /** The id of its port. */
  readonly holder: string | undefined;
  readonly turn: number;
}

function standing(cloud: Cloud, ip: Ip): Standing {
  const claimants = [...claimantsOf(cloud, ip)].filter((port) => canLead(cloud, port, ip));
  const turnOf = ({ holds }: Port) => holds.find((each) => each.ip_address === ip)?.turn ?? 0;
  const turn = Math.max(0, ...claimants.map(turnOf));
  const [only, ...others] = claimants;
  const holder = turn > 0 ? claimants.find((port) => turnOf(port) === turn) : others.length === 0 ? only : undefined;
  return { holder: holder?.id, turn };
}

/**
 * An address of one of its network's subnets that nobody else has: no machine or gateway, no floating IP, and no bound port for its
 * own. One that is kept by a port without a host (for just this purpose) may lead to whoever claims it.
 */
function canLead(cloud: Cloud, port: Port, ip: Ip): boolean {
  if (!isBound(port) || !port.admin_state_up || cloud.addresses.gatewaysAt(ip) > 0) return false;
  if (![...cloud.by("subnet", "network_id", port.network_id)].some(({ cidr }) => isHostOf(cidr, ip))) return false;
  const owners = [...cloud.by("port", "fixed_ips", `ip_address=${ip}`)];
  if (owners.some((owner) => owner.network_id !== port.network_id || isBound(owner) || owner.device_owner.startsWith("network:")))
    return false;
  const applied = cloud.get("datacenter", "this");
  return applied === undefined || !ownAddresses(applied).some((own) => meets(own, { start: ip, end: ip }));
}

/** The port after a VM on this host has shown a sign of life with what it claims; the very same where that says nothing new. */
export function taken(cloud: Cloud, port: Port, host: string, { ip, mac, turn }: Taking): Port {
  const claim = presentHost(port) === host ? claimsOf(cloud, port).find((each) => each.ip === ip) : undefined;
  if (claim === undefined || !claim.macs.includes(mac) || claim.turn !== turn) return port;
  const others = port.holds.filter((each) => each.ip_address !== ip);
  return { ...port, holds: [...others, { ip_address: ip, mac_address: mac, turn: turn + 1 }] };
}

/** What it has taken over and claims no more is forgotten. */
export function stillHolds<R extends Pick<Port, "holds" | "allowed_address_pairs">>(port: R): R {
  const paired = pairedAddresses(port);
  return port.holds.every(({ ip_address: ip }) => paired.has(ip))
    ? port
    : { ...port, holds: port.holds.filter(({ ip_address: ip }) => paired.has(ip)) };
}
