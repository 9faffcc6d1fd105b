/** What is judged of the cloud, out of its rows. */
import { QUOTAS } from "../datacenter/quotas.ts";
import type { Applied, Side } from "../datacenter/applied.ts";
import type { Report } from "../feed/item.ts";
import { bitsOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { contains } from "../net/prefix.ts";
import { isAlive } from "../neutron/agent-decisions.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { inconsistencies } from "../neutron/consistency.ts";
import { claimsOf } from "../neutron/pair-claims.ts";
import { expectingHosts, inactiveBindings, isBound, presentHost } from "../neutron/port-binding.ts";
import type { Port } from "../neutron/port.ts";
import { isExternal, isSharedWithAll } from "../neutron/sharing.ts";
import type { Subnet } from "../neutron/subnet.ts";
import type { AgentRow, CloudFacts, ServedAddress, SubnetRow, SubnetUse } from "./cloud-facts.ts";
import { largestGroup, openGroups, unguardedPorts } from "./group-facts.ts";

/** Of the host's connection as it is; `report`: the last on it. Undefined: it is not connected. */
type Said = (host: string) => { readonly report: Report | undefined } | undefined;

export interface Asking {
  readonly now: string;
  readonly said: Said;
}

export function cloudFactsOf(cloud: Cloud, { now, said }: Asking): CloudFacts {
  const applied = cloud.get("datacenter", "this");
  const { made: _, ...datacenter } = applied ?? {};
  const rows = new Map(cloud.entries());
  const resting = [...rows].flatMap(([key, row]) =>
    key.startsWith("released/") && isLater(row, now) ? [key.slice("released/".length) as Ip] : [],
  );
  return {
    now,
    // What is left of the row is the data centre as it was read.
    datacenter: applied === undefined ? null : (datacenter as CloudFacts["datacenter"]),
    quarantine_seconds: cloud.settings.quarantineSeconds,
    networks: networksOf(cloud, applied),
    subnets: [...cloud.all("subnet")].map((subnet) => subnetUse(cloud, subnet, resting)),
    addresses: addressesOf(cloud),
    resting,
    agents: [...cloud.all("agent")].map((row) => agentRow(row, { now, said })),
    hosts: hostsOf(cloud),
    quotas: quotasOf(cloud),
    unguarded: unguardedPorts(cloud),
    open_groups: openGroups(cloud),
    largest_group: largestGroup(cloud),
    inconsistencies: inconsistencies(rows).map(({ place, problem }) => `${place}: ${problem}`),
  };
}

function isLater(row: object, now: string): boolean {
  return "until" in row && typeof row.until === "string" && row.until > now;
}

function networksOf(cloud: Cloud, applied: Applied | undefined): CloudFacts["networks"] {
  const made = Object.entries(applied?.made ?? {});
  return made.map(([side, { network, subnets, retiring = {} }]) => {
    const row = cloud.get("network", network);
    // `made` has exactly the two sides.
    const name = applied?.networks[side as Side].name ?? side;
    if (row === undefined) return { name, is: null };
    const is = {
      name: row.name,
      "router:external": isExternal(cloud, network),
      shared: isSharedWithAll(cloud, network),
      mtu: row.mtu,
      subnets: [...Object.values(subnets), ...Object.values(retiring)].flatMap((id) => plannedOf(cloud.get("subnet", id))),
    };
    return { name, is };
  });
}

function plannedOf(subnet: Subnet | undefined): readonly SubnetRow[] {
  if (subnet === undefined) return [];
  const { name, cidr, gateway_ip, allocation_pools, enable_dhcp, dns_nameservers } = subnet;
  return [{ name, cidr, gateway_ip, allocation_pools, enable_dhcp, dns_nameservers }];
}

function subnetUse(cloud: Cloud, subnet: Subnet, resting: readonly Ip[]): SubnetUse {
  const { id, name, network_id, cidr, gateway_ip, allocation_pools } = subnet;
  const total = allocation_pools.reduce((all, { start, end }) => all + Number(bitsOf(end) - bitsOf(start) + 1n), 0);
  const claims = gateway_ip === null ? [] : [...cloud.by("port", "fixed_ips", `ip_address=${gateway_ip}`)];
  return {
    name,
    network: cloud.get("network", network_id)?.name ?? network_id,
    cidr,
    gateway_ip,
    claims_gateway: claims.filter(({ device_owner }) => !device_owner.startsWith("network:")).map(({ id }) => id),
    total,
    used: cloud.count("port", "fixed_ips", `subnet_id=${id}`),
    resting: resting.filter((ip) => contains(cidr, ip)).length,
  };
}

function addressesOf(cloud: Cloud): readonly ServedAddress[] {
  return [...cloud.all("port")].filter(isBound).flatMap((port) => {
    const floating = [...cloud.by("floatingip", "port_id", port.id)].map((row) => row.floating_ip_address);
    const held = claimsOf(cloud, port).flatMap(({ ip, held }) => (held ? [ip] : []));
    const ips = [...port.fixed_ips.map(({ ip_address }) => ip_address), ...floating, ...held];
    const { id, status, admin_state_up } = port;
    return ips.map((ip) => ({ ip, port: id, host: presentHost(port), status, admin_state_up, moving: isMoving(cloud, port) }));
  });
}

function isMoving(cloud: Cloud, port: Port): boolean {
  return port.arrived_on !== "" || expectingHosts(port, inactiveBindings(cloud, port.id)).size > 0;
}

function agentRow(
  row: Parameters<typeof isAlive>[0] & { host: string; configurations: Readonly<Record<string, unknown>> },
  { now, said }: Asking,
): AgentRow {
  const connection = said(row.host);
  const endpoints = Object.entries(connection?.report?.endpoints ?? {});
  return {
    host: row.host,
    role: String(row.configurations["role"] ?? ""),
    alive: isAlive(row, now),
    connected: connection !== undefined,
    heard: row.heartbeat_timestamp,
    failed: endpoints.flatMap(([port, state]) => (state.state === "failed" ? [{ port, state }] : [])),
  };
}

function hostsOf(cloud: Cloud): CloudFacts["hosts"] {
  const bound = Map.groupBy(cloud.all("port"), (port) => port["binding:host_id"]);
  return [...bound].flatMap(([host, ports]) => (host === "" ? [] : [{ host, ports: ports.length }]));
}

function quotasOf(cloud: Cloud): CloudFacts["quotas"] {
  const limited = Object.keys(QUOTAS) as readonly (keyof typeof QUOTAS)[];
  return [...cloud.all("quota")].flatMap((row) => {
    const limits = Object.fromEntries(
      limited.flatMap((name) => (row[name] === undefined || row[name] === QUOTAS[name] ? [] : [[name, row[name]]])),
    );
    return Object.keys(limits).length === 0 ? [] : [{ project: row.project_id, limits }];
  });
}
