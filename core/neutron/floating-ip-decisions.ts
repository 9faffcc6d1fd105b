/** What is decided about floating IPs. */
import { familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { FLOATING_OWNER } from "./floating-ip.ts";
import type { FloatingIp, FloatingIpPatch, NewFloatingIp } from "./floating-ip.ts";
import { led } from "./floating-ip-leading.ts";
import { floatingIpGone, forwardingsOf, fixedOf } from "./floating-ip-links.ts";
import * as refusal from "./floating-ip-refusals.ts";
import { onlyPort } from "./port-range.ts";
import type { Port } from "./port.ts";
import { networkNotFound } from "./refusals.ts";
import { born, write } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";
import { isExternal } from "./sharing.ts";
import { servicePort } from "./service-port.ts";
import { seesNetwork, unseenSubnet } from "./subnet-decisions.ts";

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
  const family = familyAsked(cloud, { subnet, address: input.floating_ip_address });
  const wrong =
    wrongNetwork(cloud, input.floating_network_id, family) ??
    (subnet === null ? undefined : unseenSubnet(cloud, [{ subnet_id: subnet }], who));
  if (wrong !== undefined) return refused(wrong);
  const port = addressPort(cloud, { ...input, subnet_id: subnet, id: birth.id }, { who, fresh });
  if (!port.ok) return port;
  const [address] = fixedOf(port.value, family);
  if (address === undefined) return refused(refusal.noExternalAddress(input.floating_network_id));
  const bare: FloatingIp = { ...birth, tags: [], ...input, floating_ip_address: address.ip_address, router_id: null, ...NOWHERE };
  const row = led(cloud, bare, { port_id: input.port_id, fixed_ip_address: input.fixed_ip_address, who });
  return row.ok ? ok({ row: row.value, also: [write("port", port.value.id, port.value)] }) : row;
}

const NOWHERE = { port_id: null, fixed_ip_address: null } as const;

/** IPv4, as in Neutron, unless an address or a subnet of IPv6 is asked for, which Neutron does not give. */
function familyAsked(cloud: Cloud, { subnet, address }: { readonly subnet: string | null; readonly address: Ip | null }): Family {
  if (address !== null) return familyOf(address);
  return subnet === null ? 4 : (cloud.get("subnet", subnet)?.ip_version ?? 4);
}

function wrongNetwork(cloud: Cloud, network: string, family: Family): Refusal | undefined {
  if (!isExternal(cloud, network)) return refusal.notExternal(network);
  if (family === 6) return undefined;
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
