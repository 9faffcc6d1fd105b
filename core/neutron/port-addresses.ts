/** Which addresses a port gets: those that it asks for, or one of each family; and those that follow from its MAC. */
import { meets, ownAddresses } from "../datacenter/own-addresses.ts";
import { retiringRanges } from "../datacenter/ranges.ts";
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
import { INTERFACE_OWNER, isInterface } from "./router-links.ts";
import type { Subnet } from "./subnet.ts";

/** A port that wants addresses. */
export interface Applicant {
  readonly id: string;
  readonly network_id: string;
  readonly mac_address: Mac;
  readonly device_owner: string;
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
  const serving = servingSubnets(subnets, port);
  const giving: Giving = { cloud, port, subnets, serving, fresh, claimed: new Set(), given: [] };
  const refusedOne = wishes === undefined ? giveOfEachFamily(giving) : giveWished(giving, wishes);
  if (!refusedOne.ok) return refusedOne;
  for (const subnet of serving) {
    if (!isFromMac(port, subnet) || giving.given.some(({ subnet_id }) => subnet_id === subnet.id)) continue;
    const taken = take(giving, subnet, eui64(subnet.cidr, port.mac_address));
    if (!taken.ok) return taken;
  }
  return ok(giving.given);
}

/** Those that give addresses to such a device unasked: the ones for its kind first, then those for any. */
function servingSubnets(subnets: readonly Subnet[], { device_owner: owner }: Applicant): readonly Subnet[] {
  const forAny = subnets.filter(({ service_types: types }) => types.length === 0);
  return [...subnets.filter(({ service_types: types }) => types.includes(owner)), ...forAny];
}

/** A router's interface has the address that it is given: the gateway's, as a rule. */
export function isFromMac({ device_owner: owner }: Pick<Applicant, "device_owner">, subnet: Subnet): boolean {
  return isAutomatic(subnet) && owner !== INTERFACE_OWNER;
}

/** One application while it is worked on. */
interface Giving {
  readonly cloud: Cloud;
  readonly port: Applicant;
  readonly subnets: readonly Subnet[];
  /** Of these, in this order, those that the port may have addresses of without naming them. */
  readonly serving: readonly Subnet[];
  readonly fresh: Fresh;
  readonly claimed: Set<Ip>;
  readonly given: FixedIp[];
}

const DONE = ok(undefined);

function take(giving: Giving, subnet: Subnet, address: Ip): Result<undefined> {
  const { cloud, claimed, given } = giving;
  // The gateway of another subnet, wherever its block is: hosts answer for it.
  if (address !== subnet.gateway_ip && cloud.addresses.gatewaysAt(address) > 0)
    return refused(refusal.addressInUse(subnet.network_id, address));
  const applied = cloud.get("datacenter", "this");
  const itself = { start: address, end: address };
  if (applied !== undefined && ownAddresses(applied).some((own) => meets(own, itself)))
    return refused(refusal.addressOfDataCenter(subnet.network_id, itself));
  const leaving = applied && retiringRanges(applied).find((range) => contains(range, address));
  if (leaving !== undefined && !giving.port.has.some(({ ip_address: own }) => own === address))
    return refused(refusal.addressRetires(address, leaving));
  if (claimed.has(address) || isTaken(giving, subnet, address)) return refused(refusal.addressTaken(address, subnet.id));
  claimed.add(address);
  given.push({ subnet_id: subnet.id, ip_address: address });
  return DONE;
}

/** Where blocks overlap, their gateways may be one address, which routers on each of them stand for: hosts answer for it, not ports. */
function isTaken({ cloud, port }: Giving, subnet: Subnet, address: Ip): boolean {
  const others = [...cloud.by("port", "fixed_ips", `ip_address=${address}`)].filter(({ id }) => id !== port.id);
  if (!isInterface(port) || address !== subnet.gateway_ip) return others.length > 0;
  return others.some((other) => !isInterface(other) || other.network_id === subnet.network_id);
}

/** From the first subnet of each family that has one left. */
function giveOfEachFamily(giving: Giving): Result<undefined> {
  const { port, subnets, serving } = giving;
  if (serving.length === 0 && subnets.length > 0) return refused(refusal.noSubnetFor(port.network_id, port.device_owner));
  for (const family of [4, 6]) {
    const candidates = serving.filter((subnet) => subnet.ip_version === family && !isFromMac(port, subnet));
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
  const fits = isHostOf(subnet.cidr, address) || standsForGateway(giving.port, subnet, address);
  return fits ? giveNamed(giving, subnet, address) : refused(refusal.notOnSubnet(address));
}

/** The first address of an IPv6 block is its routers' own (RFC 4291), so a router's interface may have it. */
function standsForGateway({ device_owner: owner }: Applicant, { cidr, gateway_ip: gateway }: Subnet, address: Ip): boolean {
  return owner === INTERFACE_OWNER && address === gateway && contains(cidr, address);
}

function giveSomewhere(giving: Giving, address: Ip): Result<undefined> {
  if (giving.subnets.length === 0) return refused(refusal.noSubnets);
  const subnet = giving.subnets.find(({ cidr }) => contains(cidr, address));
  if (subnet === undefined || !isHostOf(subnet.cidr, address)) return refused(refusal.notOnNetwork(address));
  return giveNamed(giving, subnet, address);
}

function giveNamed(giving: Giving, subnet: Subnet, address: Ip): Result<undefined> {
  const other = isFromMac(giving.port, subnet) && address !== eui64(subnet.cidr, giving.port.mac_address);
  return other ? refused(refusal.automaticAddress(address, subnet.id)) : take(giving, subnet, address);
}

/** Some address of the subnet: the one that it has, the one of its MAC, or a free one. */
function giveFrom(giving: Giving, subnet: Subnet): Result<undefined> {
  if (isFromMac(giving.port, subnet)) return take(giving, subnet, eui64(subnet.cidr, giving.port.mac_address));
  const kept = giving.port.has.find(({ subnet_id: of, ip_address: address }) => of === subnet.id && !giving.claimed.has(address));
  if (kept !== undefined) return take(giving, subnet, kept.ip_address);
  return giveFree(giving, subnet) ? DONE : refused(refusal.noAddressLeft(giving.port.network_id));
}
