/** Which limits hold for a project, and what it has of them already. */
import { QUOTAS } from "../datacenter/quotas.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { DEFAULTS, LIMITED } from "./quota.ts";
import type { Limited, Limits } from "./quota.ts";
import type { DeclaredTable } from "./tables.ts";

/** What is limited and can be there at all; of the others, nobody has any. */
const COUNTED = [
  "network",
  "subnet",
  "subnetpool",
  "port",
  "floatingip",
  "rbac_policy",
  "router",
  "security_group",
  "security_group_rule",
] as const satisfies readonly (Limited & DeclaredTable)[];

/** For projects of which nothing else was said. A data centre has its own two networks, and nobody makes others. */
export function defaultLimits(cloud: Cloud): Limits {
  return cloud.get("datacenter", "this") === undefined ? DEFAULTS : { ...DEFAULTS, ...QUOTAS };
}

export function limitsOf(cloud: Cloud, project: string): Limits {
  const { project_id: _, ...set } = cloud.get("quota", project) ?? { project_id: project };
  return { ...defaultLimits(cloud), ...set };
}

/** How many the project owns. */
export function usedOf(cloud: Cloud, project: string, limited: Limited): number {
  const table = COUNTED.find((name) => name === limited);
  return table === undefined ? 0 : cloud.count(table, "project_id", project);
}

/** May the project have `count` more? What the server makes for itself (default groups, the data centre's networks) is not asked about. */
export function checkQuota(
  cloud: Cloud,
  project: string,
  { table, count }: { readonly table: DeclaredTable; readonly count: number },
): Result<void> {
  const limited = LIMITED.find((name) => name === table);
  if (limited === undefined) return ok(undefined);
  const limit = limitsOf(cloud, project)[limited];
  return limit < 0 || usedOf(cloud, project, limited) + count <= limit ? ok(undefined) : refused(overQuota(limited));
}

/** May something of the project have so many of what is counted apart for each: the routes of a router? */
export function checkLimit(
  cloud: Cloud,
  project: string,
  { limited, wanted }: { readonly limited: Limited; readonly wanted: number },
): Result<void> {
  const limit = limitsOf(cloud, project)[limited];
  return limit < 0 || wanted <= limit ? ok(undefined) : refused(overQuota(limited));
}

function overQuota(limited: Limited): Refusal {
  return { status: 409, type: "OverQuota", message: `Quota exceeded for resources: ['${limited}'].` };
}
