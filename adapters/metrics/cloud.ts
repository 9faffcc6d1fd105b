/** What the cloud holds, counted when somebody looks. */
import { poolUse } from "#core/datacenter/pools.ts";
import type { PoolUse } from "#core/datacenter/pools.ts";
import { isAlive } from "#core/neutron/agent-decisions.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import { DECLARED } from "#core/neutron/tables.ts";
import type { DeclaredTable } from "#core/neutron/tables.ts";
import type { Registry, Sample } from "./registry.ts";

/** `now`: RFC 3339, UTC, seconds. */
export function measureCloud(cloud: Cloud, metrics: Registry, now: () => string): void {
  metrics.gauge({
    name: "margay_store_rows",
    help: "Rows by table.",
    // The keys of a record of exactly these tables.
    read: () => (Object.keys(DECLARED) as DeclaredTable[]).map((table) => ({ labels: { table }, value: cloud.size(table) })),
  });
  metrics.gauge({
    name: "margay_agents",
    help: "Agents by whether they were heard lately, by any controller.",
    read: () => agents(cloud, now()),
  });
  metrics.gauge({
    name: "margay_pool_addresses",
    help: "Addresses in the pools of the data centre's networks.",
    read: () => poolUse(cloud).map((pool) => ({ labels: labelsOf(pool), value: pool.total })),
  });
  metrics.gauge({
    name: "margay_pool_addresses_used",
    help: "Ports that have an address of the data centre's networks.",
    read: () => poolUse(cloud).map((pool) => ({ labels: labelsOf(pool), value: pool.used })),
  });
}

function agents(cloud: Cloud, now: string): readonly Sample[] {
  const counts = { true: 0, false: 0 };
  for (const agent of cloud.all("agent")) counts[isAlive(agent, now) ? "true" : "false"] += 1;
  return Object.entries(counts).map(([alive, value]) => ({ labels: { alive }, value }));
}

function labelsOf({ side, ip_version }: PoolUse): Readonly<Record<string, string>> {
  return { network: side, ip_version: String(ip_version) };
}
