/**
 * What routers mean for the ports that tie them to networks. Such a port is the one record of the tie, so it is made, moved
 * and ended through the router alone, whose rules would be passed by otherwise.
 */
import { familyOf } from "../net/address.ts";
import { isAdmin } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import type { Refusal } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { FLOATING_OWNER } from "./floating-ip.ts";
import type { FixedIp } from "./port-types.ts";
import type { NewPort, Port } from "./port.ts";
import { isTrusted } from "./port-security.ts";
import { clash } from "./router-clash.ts";
import { isInterface, isLink, linksOf } from "./router-links.ts";
import * as refusal from "./router-refusals.ts";
import { interfaceNeeded } from "./router-uses.ts";

type Device = Pick<Port, "device_owner" | "device_id" | "project_id">;

/** 409 ServicePortInUse: a port that the server made for something that is still there. */
export function heldByService(cloud: Cloud, { id, device_owner: owner, device_id: device }: Port): Refusal | undefined {
  const holder =
    owner === FLOATING_OWNER ? cloud.get("floatingip", device) : isLink({ device_owner: owner }) && cloud.get("router", device);
  return holder === undefined || holder === false ? undefined : refusal.servicePortInUse(id, owner);
}

/** Clients say of a new port that it ties a router, or is a floating IP's: 409 DeviceIDNotOwnedByTenant of another project's. */
export function wrongDevice(cloud: Cloud, port: Device | NewPort, who: Who): Refusal | undefined {
  const floating = port.device_owner === FLOATING_OWNER ? cloud.get("floatingip", port.device_id) : undefined;
  if (floating !== undefined)
    return isAdmin(who) || floating.project_id === port.project_id
      ? refusal.addressOfFloatingIp(floating.id)
      : refusal.notYourDevice(port.device_id);
  const router = isLink(port) ? cloud.get("router", port.device_id) : undefined;
  if (router === undefined) return undefined;
  const own = isAdmin(who) || router.project_id === port.project_id;
  return own ? refusal.linkOfRouter(router.id) : refusal.notYourDevice(port.device_id);
}

/** The same of a change: what it ties stays, and nothing becomes a tie. */
export function wrongDeviceChange(
  cloud: Cloud,
  { before, after }: { readonly before: Port; readonly after: Device },
  who: Who,
): Refusal | undefined {
  if (before.device_owner === after.device_owner && before.device_id === after.device_id) return undefined;
  return wrongDevice(cloud, after, who) ?? wrongDevice(cloud, before, who);
}

/** 409 UnsupportedPortDeviceOwner: devices of the network are known by their MAC. */
export function wrongMacChange({ id, device_owner: owner }: Port): Refusal | undefined {
  return isTrusted(owner) ? refusal.macStays(id, owner) : undefined;
}

/**
 * Whether the address of a router's interface may change: never in IPv4 (400 IPAddressChangeNotAllowed); in IPv6, subnets
 * may come and go as if they were connected and taken off.
 */
export function wrongInterfaceChange(cloud: Cloud, port: Port, next: readonly FixedIp[]): Refusal | undefined {
  if (!isInterface(port) || cloud.get("router", port.device_id) === undefined) return undefined;
  const lost = without(port.fixed_ips, next);
  const won = without(next, port.fixed_ips);
  if ([...lost, ...won].some(({ ip_address: address }) => familyOf(address) === 4)) return refusal.addressesStay(port.id);
  const others = linksOf(cloud, port.device_id).map((each) =>
    each.id === port.id ? { ...each, fixed_ips: without(each.fixed_ips, lost) } : each,
  );
  const needed = lost.map(({ subnet_id: id }) => interfaceNeeded(cloud, port.device_id, id)).find((wrong) => wrong !== undefined);
  return (
    needed ??
    clash(
      cloud,
      others,
      won.flatMap(({ subnet_id: id }) => cloud.get("subnet", id) ?? []),
    )
  );
}

function without(addresses: readonly FixedIp[], others: readonly FixedIp[]): readonly FixedIp[] {
  return addresses.filter(({ ip_address: address }) => !others.some((other) => other.ip_address === address));
}
