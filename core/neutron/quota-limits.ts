/** Which limits hold for a project, and what it has of them already. */
import { QUOTAS } from "../datacenter/quotas.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { DEFAULTS, LIMITED } from "./quota.ts";
import type { Limited, Limits } from "./quota.ts";
import { DECLARED } from "./tables.ts";
import type { DeclaredTable } from "./tables.ts";

/** For projects of which nothing else was said. A data centre has its own two networks, and nobody makes others. */
export function defaultLimits(cloud: Cloud): Limits {
  return cloud.get("datacenter", "this") === undefined ? DEFAULTS : { ...DEFAULTS, ...QUOTAS };
}

export function limitsOf(cloud: Cloud, project: string): Limits {
  const { project_id: _, ...set } = cloud.get("quota", project) ?? { project_id: project };
  return { ...defaultLimits(cloud), ...set };
}

/** What is limited and a table: rows are counted. */
type Counted = Extract<Limited, DeclaredTable>;

function isCounted(limited: Limited): limited is Counted {
  return Object.hasOwn(DECLARED, limited);
}

/** How many the project owns; of routes, how many the router has that has most. */
export function usedOf(cloud: Cloud, project: string, limited: Limited): number {
  return isCounted(limited) ? cloud.count(limited, "project_id", project) : OTHERS[limited](cloud, project);
}

/** What is limited and no table. */
const OTHERS: Readonly<Record<Exclude<Limited, Counted>, (cloud: Cloud, project: string) => number>> = {
  router_route: (cloud, project) => Math.max(0, ...[...cloud.by("router", "project_id", project)].map(({ routes }) => routes.length)),
};

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
