/** Which addresses a port gets: those that it asks for, or one of each family; and those that follow from its MAC. */
import type { Ip } from "../net/address.ts";
import { eui64 } from "../net/mac.ts";
import type { Mac } from "../net/mac.ts";
import { contains } from "../net/prefix.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh } from "./decision.ts";
import { freeAddress, isAutomatic, isHostOf } from "./ipam.ts";
import type { FixedIp, Wish } from "./port-types.ts";
import * as refusal from "./refusals.ts";
import type { Subnet } from "./subnet.ts";

/** A port that wants addresses. */
export interface Applicant {
  readonly id: string;
  readonly network_id: string;
  readonly mac_address: Mac;
  /** What it has now. */
  readonly has: readonly FixedIp[];
}

/** `wishes` undefined: whatever the network gives. */
export interface Application {
  readonly port: Applicant;
  readonly wishes: readonly Wish[] | undefined;
  readonly fresh: Fresh;
}

export function addressesFor(cloud: Cloud, { port, wishes, fresh }: Application): Result<readonly FixedIp[]> {
  const subnets = [...cloud.by("subnet", "network_id", port.network_id)];
  const giving: Giving = { cloud, port, subnets, fresh, claimed: new Set(), given: [] };
  const refusedOne = wishes === undefined ? giveOfEachFamily(giving) : giveWished(giving, wishes);
  if (!refusedOne.ok) return refusedOne;
  for (const subnet of subnets) {
    if (!isAutomatic(subnet) || giving.given.some(({ subnet_id }) => subnet_id === subnet.id)) continue;
    const taken = take(giving, subnet, eui64(subnet.cidr, port.mac_address));
    if (!taken.ok) return taken;
  }
  return ok(giving.given);
}

/** One application while it is worked on. */
interface Giving {
  readonly cloud: Cloud;
  readonly port: Applicant;
  readonly subnets: readonly Subnet[];
  readonly fresh: Fresh;
  readonly claimed: Set<Ip>;
  readonly given: FixedIp[];
}

const DONE = ok(undefined);

function take({ cloud, port, claimed, given }: Giving, subnet: Subnet, address: Ip): Result<undefined> {
  const owner = cloud.addresses.ownerOf(address);
  if (claimed.has(address) || (owner !== undefined && owner !== port.id)) return refused(refusal.addressTaken(address, subnet.id));
  claimed.add(address);
  given.push({ subnet_id: subnet.id, ip_address: address });
  return DONE;
}

/** From the first subnet of each family that has one left. */
function giveOfEachFamily(giving: Giving): Result<undefined> {
  for (const family of [4, 6]) {
    const candidates = giving.subnets.filter((subnet) => subnet.ip_version === family && !isAutomatic(subnet));
    if (candidates.length > 0 && !candidates.some((subnet) => giveFree(giving, subnet)))
      return refused(refusal.noAddressLeft(giving.port.network_id));
  }
  return DONE;
}

/** Did the subnet have one left? */
function giveFree(giving: Giving, subnet: Subnet): boolean {
  const address = freeAddress(giving.cloud, subnet, giving);
  return address !== undefined && take(giving, subnet, address).ok;
}

/** Addresses that are named come first, so that no choice for another wish takes them. */
function giveWished(giving: Giving, wishes: readonly Wish[]): Result<undefined> {
  const named = wishes.filter((wish) => wish.ip_address !== undefined);
  const open = wishes.filter((wish) => wish.ip_address === undefined);
  for (const wish of [...named, ...open]) {
    const given = giveOne(giving, wish);
    if (!given.ok) return given;
  }
  return DONE;
}

function giveOne(giving: Giving, wish: Wish): Result<undefined> {
  const { ip_address: address, subnet_id: id } = wish;
  if (id === undefined) return address === undefined ? refused(refusal.emptyWish) : giveSomewhere(giving, address);
  const subnet = giving.cloud.get("subnet", id);
  if (subnet === undefined) return refused(refusal.subnetNotFound(id));
  if (subnet.network_id !== giving.port.network_id) return refused(refusal.subnetElsewhere(giving.port.network_id, id));
  if (address === undefined) return giveFrom(giving, subnet);
  return isHostOf(subnet.cidr, address) ? giveNamed(giving, subnet, address) : refused(refusal.notOnSubnet(address));
}

function giveSomewhere(giving: Giving, address: Ip): Result<undefined> {
  if (giving.subnets.length === 0) return refused(refusal.noSubnets);
  const subnet = giving.subnets.find(({ cidr }) => contains(cidr, address));
  if (subnet === undefined || !isHostOf(subnet.cidr, address)) return refused(refusal.notOnNetwork(address));
  return giveNamed(giving, subnet, address);
}

function giveNamed(giving: Giving, subnet: Subnet, address: Ip): Result<undefined> {
  const other = isAutomatic(subnet) && address !== eui64(subnet.cidr, giving.port.mac_address);
  return other ? refused(refusal.automaticAddress(address, subnet.id)) : take(giving, subnet, address);
}

/** Some address of the subnet: the one that it has, the one of its MAC, or a free one. */
function giveFrom(giving: Giving, subnet: Subnet): Result<undefined> {
  if (isAutomatic(subnet)) return take(giving, subnet, eui64(subnet.cidr, giving.port.mac_address));
  const kept = giving.port.has.find(({ subnet_id: of, ip_address: address }) => of === subnet.id && !giving.claimed.has(address));
  if (kept !== undefined) return take(giving, subnet, kept.ip_address);
  return giveFree(giving, subnet) ? DONE : refused(refusal.noAddressLeft(giving.port.network_id));
}
