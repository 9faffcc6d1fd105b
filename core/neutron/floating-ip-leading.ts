/** Where a floating IP leads: which port, which of its addresses, by which router. */
import type { Family, Ip } from "../net/address.ts";
import { familyOf } from "../net/address.ts";
import { maySee } from "../policy/may.ts";
import { isAdmin } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { disassociated, forwardingsOf, fixedOf } from "./floating-ip-links.ts";
import * as refusal from "./floating-ip-refusals.ts";
import type { FloatingIp } from "./floating-ip.ts";
import { portDecisions } from "./port-decisions.ts";
import type { FixedIp } from "./port-types.ts";
import { port as declaredPort } from "./port.ts";
import type { Port } from "./port.ts";
import { portNotFound } from "./refusals.ts";
import { routersConnecting } from "./router-links.ts";
import { isSharedWith } from "./sharing.ts";

/** Where a floating IP is to lead, and who says so. */
export interface Leading {
  readonly port_id: string | null;
  readonly fixed_ip_address: Ip | null;
  readonly who: Who;
}

/** The floating IP as it is when it leads there. */
export function led(cloud: Cloud, row: FloatingIp, leading: Leading): Result<FloatingIp> {
  const forwards = forwardingsOf(cloud, row.id).length > 0;
  if (leading.port_id === null) {
    if (leading.fixed_ip_address !== null) return refused(refusal.fixedWithoutPort);
    // Port forwardings keep their router.
    return ok(forwards ? row : disassociated(row));
  }
  const port = portFor(cloud, leading.port_id, { row, who: leading.who });
  if (!port.ok) return port;
  const fixed = fixedFor(port.value, leading.fixed_ip_address, familyOf(row.floating_ip_address));
  if (!fixed.ok) return fixed;
  const router = routerFor(cloud, { network: row.floating_network_id, port: port.value, fixed: fixed.value });
  if (!router.ok) return router;
  if (standsFor(cloud, row, { port: port.value.id, fixed: fixed.value.ip_address }))
    return refused(refusal.alreadyAssociated({ ...row, port: port.value.id, fixed: fixed.value.ip_address }));
  if (forwards) return refused(refusal.usedByForwardings(row.id));
  return ok({ ...row, port_id: port.value.id, fixed_ip_address: fixed.value.ip_address, router_id: router.value });
}

/** A port of the floating IP's project, that traffic can be led to. */
function portFor(cloud: Cloud, id: string, { row, who }: { readonly row: FloatingIp; readonly who: Who }): Result<Port> {
  const port = portOfProject(cloud, id, { project: row.project_id, who });
  if (!port.ok) return port;
  return isServiced(port.value) ? port : refused(refusal.notServiced(id));
}

/** A port that the asker sees. What is led to another project's is for administrators to say, even on the asker's own network. */
export function portOfProject(cloud: Cloud, id: string, { project, who }: { readonly project: string; readonly who: Who }): Result<Port> {
  const port = seenPort(cloud, id, who);
  const foreign = port.ok && port.value.project_id !== project && !isAdmin(who);
  return foreign ? refused(refusal.foreignPort(id)) : port;
}

/** A port that the asker does not see is not there. */
function seenPort(cloud: Cloud, id: string, who: Who): Result<Port> {
  const port = cloud.get("port", id);
  if (port === undefined) return refused(portNotFound(id));
  const target = { ...portDecisions.target(cloud, port, who), fields: port };
  const seen = maySee(declaredPort, { who, target, policy: cloud.settings.policy });
  return seen ? ok(port) : refused(portNotFound(id));
}

/** No host serves devices of the network itself. */
export function isServiced({ device_owner: owner }: Port): boolean {
  return !owner.startsWith("network:");
}

/** The address that is named, or the only one, of the floating IP's family. */
function fixedFor(port: Port, named: Ip | null, family: Family): Result<FixedIp> {
  const [only, ...others] = fixedOf(port, family);
  if (named !== null) {
    if (familyOf(named) !== family) return refused(refusal.otherFamily(named, family));
    const fixed = fixedOf(port, family).find(({ ip_address: address }) => address === named);
    return fixed === undefined ? refused(refusal.addressNotOnPort(port.id, named)) : ok(fixed);
  }
  if (only === undefined) return refused(refusal.noAddressOf(port.id, family));
  return others.length > 0 ? refused(refusal.severalAddressesOf(port.id, family)) : ok(only);
}

interface Way {
  /** The external network. */
  readonly network: string;
  readonly port: Port;
  readonly fixed: FixedIp;
}

/**
 * The router in between, as Neutron finds it. Traffic is routed without one, so ports on a shared network, which nobody
 * can put a router on, need none; elsewhere it is wanted, because clients build it and expect to be told when it is missing.
 */
export function routerFor(cloud: Cloud, { network, port, fixed }: Way): Result<string | null> {
  const [router] = routersConnecting(cloud, fixed.subnet_id, network);
  if (router !== undefined) return ok(router);
  const shared = isSharedWith(cloud, port.network_id, port.project_id);
  return shared ? ok(null) : refused(refusal.unreachable({ network, subnet: fixed.subnet_id, port: port.id }));
}

/** Does another floating IP of the same network stand for that address? */
function standsFor(cloud: Cloud, row: FloatingIp, { port, fixed }: { readonly port: string; readonly fixed: Ip }): boolean {
  return [...cloud.by("floatingip", "port_id", port)].some(
    (other) => other.id !== row.id && other.fixed_ip_address === fixed && other.floating_network_id === row.floating_network_id,
  );
}
