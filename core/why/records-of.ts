/** Records out of the cloud. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { racksOf } from "../datacenter/racks.ts";
import { rangesOf } from "../datacenter/ranges.ts";
import type { Said } from "../feed/item.ts";
import { readIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { contains, readCidr } from "../net/prefix.ts";
import { isAlive } from "../neutron/agent-decisions.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { forwardingsOf } from "../neutron/floating-ip-links.ts";
import type { FloatingIp } from "../neutron/floating-ip.ts";
import { claimantsOf, claimsOf } from "../neutron/pair-claims.ts";
import { isBound, presentHost } from "../neutron/port-binding.ts";
import type { Port } from "../neutron/port.ts";
import type { Subnet } from "../neutron/subnet.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { AddressRecord, AgentRecord, FloatingRecord, PortRecord, Records, SubnetRecord } from "./records.ts";

export interface Asking {
  readonly asked: string;
  readonly now: string;
  readonly said: Said;
}

/** 404 where it is neither an address nor a port's id, tap or name; 409 where a name is several ports'. */
export function recordsOf(cloud: Cloud, asking: Asking): Result<Records> {
  const ip = readIp(asking.asked);
  if (ip === undefined) {
    const port = portNamed(cloud, asking.asked);
    return port.ok ? ok(records(cloud, asking, { address: null, port: port.value })) : port;
  }
  const floating = [...cloud.by("floatingip", "floating_ip_address", ip)][0];
  const owner = floating === undefined ? cloud.get("port", cloud.addresses.ownerOf(ip) ?? "") : behind(cloud, floating);
  const pairs = [...cloud.all("port")].filter((one) => mayClaim(one, ip));
  const address = addressRecord(cloud, { ip, floating, owner, pairs });
  // An address that several share may be kept by a port that no host serves: it leads to whoever holds it.
  const held = floating === undefined ? ip : (floating.fixed_ip_address ?? undefined);
  const holder = held === undefined || (owner !== undefined && isBound(owner)) ? undefined : holderOf(cloud, held);
  return ok(records(cloud, asking, { address, port: holder ?? owner }));
}

/** The port that an address of allowed address pairs leads to. */
function holderOf(cloud: Cloud, ip: Ip): Port | undefined {
  return [...claimantsOf(cloud, ip)].find((port) => claimsOf(cloud, port).some((claim) => claim.ip === ip && claim.held));
}

function portNamed(cloud: Cloud, text: string): Result<Port> {
  const byId = cloud.get("port", text);
  if (byId !== undefined) return ok(byId);
  const start = /^tap([0-9a-f-]{11})$/.exec(text)?.[1];
  const found = [...cloud.all("port")].filter(({ id, name }) =>
    start === undefined ? name === text && text !== "" : id.startsWith(start),
  );
  const [port, ...more] = found;
  if (port === undefined)
    return refused({
      status: 404,
      type: "PortNotFound",
      message: `${text} is neither an address nor the id, the tap or the name of a port.`,
    });
  const ids = found.map(({ id }) => id).join(", ");
  return more.length === 0 ? ok(port) : refused({ status: 409, type: "Conflict", message: `Several ports are called ${text}: ${ids}.` });
}

/** The port that a floating IP leads to: as a whole, or with its first forwarded port. */
function behind(cloud: Cloud, { id, port_id: whole }: FloatingIp): Port | undefined {
  const ids = whole === null ? forwardingsOf(cloud, id).map((row) => row.internal_port_id) : [whole];
  const ports = ids.flatMap((one) => cloud.get("port", one) ?? []);
  return ports.find((port) => port["binding:host_id"] !== "") ?? ports[0];
}

function mayClaim({ allowed_address_pairs: pairs }: Port, ip: Ip): boolean {
  return pairs.some(({ ip_address: reach }) => {
    const prefix = readCidr(reach);
    return prefix === undefined ? reach === ip : contains(prefix, ip);
  });
}

interface Found {
  readonly ip: Ip;
  readonly floating: FloatingIp | undefined;
  readonly owner: Port | undefined;
  readonly pairs: readonly Port[];
}

function addressRecord(cloud: Cloud, { ip, floating, owner, pairs }: Found): AddressRecord {
  const datacenter = cloud.get("datacenter", "this");
  return {
    ip,
    role: roleOf(cloud, { ip, floating, owner, pairs }),
    subnets: [...cloud.all("subnet")].filter(({ cidr }) => contains(cidr, ip)).map((row) => subnetRecord(cloud, row)),
    range: (datacenter === undefined ? [] : rangesOf(datacenter)).find((range) => contains(range, ip)) ?? null,
    released_until: cloud.get("released", ip)?.until ?? null,
    floating: floating === undefined ? null : floatingRecord(cloud, floating),
    pairs: pairs.map(({ id }) => id),
  };
}

function roleOf(cloud: Cloud, { ip, floating, owner, pairs }: Found): AddressRecord["role"] {
  if (floating !== undefined) return "floating";
  if (owner !== undefined) return "fixed";
  if (cloud.addresses.gatewaysAt(ip) > 0) return "gateway";
  return pairs.length > 0 ? "pair" : "unassigned";
}

function records(
  cloud: Cloud,
  { asked, now, said }: Asking,
  { address, port }: { readonly address: AddressRecord | null; readonly port: Port | undefined },
): Records {
  const center = cloud.get("datacenter", "this");
  return {
    asked,
    now,
    address,
    port: port === undefined ? null : portRecord(cloud, port),
    agent: port === undefined ? null : agentRecord(cloud, port, { now, said }),
    fabric: center === undefined ? [] : fabricOf(center, port?.["binding:host_id"]),
  };
}

/** Of top-of-rack routers, those that the host is behind. */
function fabricOf(center: DataCenter, host: string | undefined): Records["fabric"] {
  const behind = new Set(center.hosts.find(({ name }) => name === host)?.uplinks?.map(({ rack }) => rack));
  return [
    ...racksOf(center).flatMap(({ name, tor }) => (behind.has(name) ? [{ name: tor.name, role: "tor" as const }] : [])),
    ...center.reflectors.map(({ name }) => ({ name, role: "reflector" as const })),
    ...center.gateways.map(({ name }) => ({ name, role: "gateway" as const })),
  ];
}

function portRecord(cloud: Cloud, port: Port): PortRecord {
  const subnetOf = (id: string) => {
    const row = cloud.get("subnet", id);
    return row === undefined ? null : subnetRecord(cloud, row);
  };
  const groups = port.security_groups.flatMap((id) => cloud.get("security_group", id) ?? []);
  return {
    id: port.id,
    name: port.name,
    status: port.status,
    host: presentHost(port),
    vif_type: port["binding:vif_type"],
    tap: `tap${port.id.slice(0, 11)}`,
    admin_state_up: port.admin_state_up,
    port_security: port.port_security_enabled,
    device_owner: port.device_owner,
    addresses: port.fixed_ips.map(({ ip_address: ip, subnet_id }) => ({ ip, subnet: subnetOf(subnet_id) })),
    pairs: port.allowed_address_pairs.map(({ ip_address: reach }) => reach),
    holds: claimsOf(cloud, port).flatMap(({ ip, held }) => (held ? [ip] : [])),
    groups: groups.map(({ id, name }) => ({ id, name, rules: cloud.count("security_group_rule", "security_group_id", id) })),
    floating: [...cloud.by("floatingip", "port_id", port.id)].map((row) => floatingRecord(cloud, row)),
  };
}

function floatingRecord(cloud: Cloud, { id, floating_ip_address: ip, fixed_ip_address: stands_for }: FloatingIp): FloatingRecord {
  return { id, ip, stands_for, forwards: cloud.count("port_forwarding", "floatingip_id", id) };
}

function subnetRecord(cloud: Cloud, { id, name, cidr, gateway_ip, enable_dhcp, network_id }: Subnet): SubnetRecord {
  return { id, name, cidr, gateway_ip, enable_dhcp, network: cloud.get("network", network_id)?.name ?? network_id };
}

function agentRecord(cloud: Cloud, port: Port, { now, said }: Pick<Asking, "now" | "said">): AgentRecord | null {
  const row = cloud.get("agent", presentHost(port));
  if (row === undefined) return null;
  const connection = said(row.host);
  return {
    host: row.host,
    admin_state_up: row.admin_state_up,
    alive: isAlive(row, now),
    heard: row.heartbeat_timestamp,
    connected: connection !== undefined,
    revision: connection?.report?.revision ?? null,
    endpoint: connection?.report?.endpoints[port.id] ?? null,
  };
}
