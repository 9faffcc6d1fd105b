/** What is decided about floating IPs. */
import type { Ip } from "../net/address.ts";
import { familyOf } from "../net/address.ts";
import { maySee } from "../policy/may.ts";
import { isAdmin } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { FLOATING_OWNER } from "./floating-ip.ts";
import type { FloatingIp, FloatingIpPatch, NewFloatingIp } from "./floating-ip.ts";
import { disassociated, floatingIpGone, forwardingsOf, ipv4Of } from "./floating-ip-links.ts";
import * as refusal from "./floating-ip-refusals.ts";
import { onlyPort } from "./port-range.ts";
import { portDecisions } from "./port-decisions.ts";
import type { FixedIp } from "./port-types.ts";
import { port as declaredPort } from "./port.ts";
import type { Port } from "./port.ts";
import { networkNotFound, portNotFound } from "./refusals.ts";
import { routersConnecting } from "./router-links.ts";
import { born, write } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";
import { isExternal, isSharedWith } from "./sharing.ts";
import { servicePort } from "./service-port.ts";
import { seesNetwork } from "./subnet-decisions.ts";

export const floatingIpDecisions: Rules<"floatingip"> = {
  table: "floatingip",
  notFound: refusal.floatingIpNotFound,
  target: (_cloud, row) => ({ owner: row.project_id }),
  targetOfNew: (cloud, input, { who }) => {
    const on = cloud.get("network", input.floating_network_id);
    const seen = on !== undefined && seesNetwork(cloud, on, who);
    return seen ? ok({ owner: input.project_id }) : refused(networkNotFound(input.floating_network_id));
  },
  computed: (cloud, row) => {
    const forwardings = forwardingsOf(cloud, row.id);
    return {
      status: row.port_id === null && forwardings.length === 0 ? "DOWN" : "ACTIVE",
      port_details: detailsOf(row.port_id === null ? undefined : cloud.get("port", row.port_id)),
      port_forwardings: forwardings.map(({ floatingip_id: _id, description: _remark, ...told }) => ({
        ...told,
        external_port: onlyPort(told.external_port_range),
        internal_port: onlyPort(told.internal_port_range),
      })),
    };
  },
  create,
  update,
  delete: (cloud, row) =>
    forwardingsOf(cloud, row.id).length > 0 ? refused(refusal.usedByForwardings(row.id)) : ok(floatingIpGone(cloud, row.id)),
};

function detailsOf(port: Port | undefined) {
  if (port === undefined) return null;
  const { name, network_id, mac_address, admin_state_up, status, device_id, device_owner } = port;
  return { name, network_id, mac_address, admin_state_up, status, device_id, device_owner };
}

function create(cloud: Cloud, { subnet_id: subnet, ...input }: NewFloatingIp, { who, fresh }: Ask): Result<Change<FloatingIp>> {
  const birth = born(fresh);
  const wrong = wrongNetwork(cloud, input.floating_network_id);
  if (wrong !== undefined) return refused(wrong);
  const port = addressPort(cloud, { ...input, subnet_id: subnet, id: birth.id }, { who, fresh });
  if (!port.ok) return port;
  const [address] = ipv4Of(port.value);
  if (address === undefined) return refused(refusal.noExternalAddress(input.floating_network_id));
  const bare: FloatingIp = { ...birth, tags: [], ...input, floating_ip_address: address.ip_address, router_id: null, ...NOWHERE };
  const row = led(cloud, bare, { port_id: input.port_id, fixed_ip_address: input.fixed_ip_address, who });
  return row.ok ? ok({ row: row.value, also: [write("port", port.value.id, port.value)] }) : row;
}

const NOWHERE = { port_id: null, fixed_ip_address: null } as const;

function wrongNetwork(cloud: Cloud, network: string): Refusal | undefined {
  if (!isExternal(cloud, network)) return refusal.notExternal(network);
  const four = [...cloud.by("subnet", "network_id", network)].some((subnet) => subnet.ip_version === 4);
  return four ? undefined : refusal.noIpv4Subnet(network);
}

type Wished = Pick<NewFloatingIp, "floating_network_id" | "floating_ip_address" | "subnet_id"> & { readonly id: string };

/** Its address is kept by a port of nobody's on the external network; where nothing else is wished for, one of each family. */
function addressPort(cloud: Cloud, wished: Wished, { fresh }: Ask): Result<Port> {
  const wish = {
    ...(wished.subnet_id === null ? {} : { subnet_id: wished.subnet_id }),
    ...(wished.floating_ip_address === null ? {} : { ip_address: wished.floating_ip_address }),
  };
  const device = { project_id: "", device_owner: FLOATING_OWNER, device_id: wished.id, status: "N/A" } as const;
  const anything = Object.keys(wish).length === 0;
  return servicePort(cloud, { ...device, network_id: wished.floating_network_id, ...(anything ? {} : { fixed_ips: [wish] }) }, fresh);
}

/** Where a floating IP is to lead, and who says so. */
interface Leading {
  readonly port_id: string | null;
  readonly fixed_ip_address: Ip | null;
  readonly who: Who;
}

/**
 * A change that says nothing takes the association away, and so does a port that is null; one that speaks of other things
 * leaves it alone. (Neutron's ways, which clients know.)
 */
function update(cloud: Cloud, row: FloatingIp, patch: FloatingIpPatch, { who }: Ask): Result<Change<FloatingIp>> {
  const { port_id: port, fixed_ip_address: fixed = null, ...rest } = patch;
  const next: FloatingIp = { ...row, ...rest };
  const silent = Object.keys(patch).length === 0;
  if (port === undefined && fixed === null && !silent) return ok({ row: next });
  const leading = led(cloud, next, { port_id: port ?? null, fixed_ip_address: fixed, who });
  return leading.ok ? ok({ row: leading.value }) : leading;
}

/** The floating IP as it is when it leads there. */
function led(cloud: Cloud, row: FloatingIp, leading: Leading): Result<FloatingIp> {
  const forwards = forwardingsOf(cloud, row.id).length > 0;
  if (leading.port_id === null) {
    if (leading.fixed_ip_address !== null) return refused(refusal.fixedWithoutPort);
    // Port forwardings keep their router.
    return ok(forwards ? row : disassociated(row));
  }
  const port = portFor(cloud, leading.port_id, { row, who: leading.who });
  if (!port.ok) return port;
  const fixed = fixedFor(port.value, leading.fixed_ip_address);
  if (!fixed.ok) return fixed;
  const router = routerFor(cloud, { network: row.floating_network_id, port: port.value, fixed: fixed.value });
  if (!router.ok) return router;
  if (standsFor(cloud, row, { port: port.value.id, fixed: fixed.value.ip_address }))
    return refused(refusal.alreadyAssociated({ ...row, port: port.value.id, fixed: fixed.value.ip_address }));
  if (forwards) return refused(refusal.usedByForwardings(row.id));
  return ok({ ...row, port_id: port.value.id, fixed_ip_address: fixed.value.ip_address, router_id: router.value });
}

/** A port that the asker sees, of the floating IP's project, and that traffic can be led to. */
function portFor(cloud: Cloud, id: string, { row, who }: { readonly row: FloatingIp; readonly who: Who }): Result<Port> {
  const port = seenPort(cloud, id, who);
  if (!port.ok) return port;
  if (port.value.project_id !== row.project_id && !isAdmin(who)) return refused(refusal.foreignPort(id));
  return isServiced(port.value) ? port : refused(refusal.notServiced(id));
}

/** A port that the asker does not see is not there. */
export function seenPort(cloud: Cloud, id: string, who: Who): Result<Port> {
  const port = cloud.get("port", id);
  if (port === undefined) return refused(portNotFound(id));
  const seen = maySee(declaredPort, { who, target: portDecisions.target(cloud, port, who), policy: cloud.settings.policy });
  return seen ? ok(port) : refused(portNotFound(id));
}

/** No host serves devices of the network itself. */
export function isServiced({ device_owner: owner }: Port): boolean {
  return !owner.startsWith("network:");
}

/** The address that is named, or the only one. */
function fixedFor(port: Port, named: Ip | null): Result<FixedIp> {
  const [only, ...others] = ipv4Of(port);
  if (named !== null) {
    if (familyOf(named) !== 4) return refused(refusal.notIpv4(named));
    const fixed = ipv4Of(port).find(({ ip_address: address }) => address === named);
    return fixed === undefined ? refused(refusal.addressNotOnPort(port.id, named)) : ok(fixed);
  }
  if (only === undefined) return refused(refusal.noIpv4Address(port.id));
  return others.length > 0 ? refused(refusal.severalIpv4Addresses(port.id)) : ok(only);
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
