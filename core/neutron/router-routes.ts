/** Extra routes of a router: prefixes that are reached by an address of one of the subnets that it connects. */
import { contains } from "../net/prefix.ts";
import { readPatch, unwrap } from "../resource/read.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { HostRoute } from "./host-routes.ts";
import { checkLimit } from "./quota-limits.ts";
import { badRequest } from "./refusals.ts";
import { linksOf } from "./router-links.ts";
import * as refusal from "./router-refusals.ts";
import { router } from "./router.ts";
import type { Router } from "./router.ts";
import type { Acted, Acting } from "./rules.ts";

/** 400 InvalidRoutes where a next hop is on no subnet of the router, or is the router itself. */
export function wrongRoutes(cloud: Cloud, { id, routes }: Pick<Router, "id" | "routes">): Refusal | undefined {
  const own = linksOf(cloud, id).flatMap((port) => port.fixed_ips);
  const subnets = own.flatMap(({ subnet_id: subnet }) => cloud.get("subnet", subnet) ?? []);
  for (const { nexthop } of routes) {
    if (!subnets.some(({ cidr }) => contains(cidr, nexthop)))
      return refusal.wrongRoutes(routes, "the nexthop is not connected with router");
    if (own.some(({ ip_address: address }) => address === nexthop)) return refusal.wrongRoutes(routes, "the nexthop is used by router");
  }
  return undefined;
}

/** The routes that a change gives a router: 409 OverQuota where they are too many. */
export function replacedRoutes(cloud: Cloud, row: Router, routes: readonly HostRoute[]): Result<Router> {
  const within = checkLimit(cloud, row.project_id, { limited: "router_route", wanted: routes.length });
  if (!within.ok) return within;
  const next = { ...row, routes };
  const wrong = wrongRoutes(cloud, next);
  return wrong === undefined ? ok(next) : refused(wrong);
}

/** `add_extraroutes`: those that are there already stay as they are. */
export function addRoutes(cloud: Cloud, row: Router, { body }: Acting): Result<Acted<Router>> {
  const said = routesIn(body);
  if (!said.ok) return said;
  const next = replacedRoutes(cloud, row, [...row.routes, ...without(said.value, row.routes)]);
  return next.ok ? ok({ row: next.value }) : next;
}

/** `remove_extraroutes`: those that are not there need not be removed. */
export function removeRoutes(_cloud: Cloud, row: Router, { body }: Acting): Result<Acted<Router>> {
  const said = routesIn(body);
  return said.ok ? ok({ row: { ...row, routes: without(row.routes, said.value) } }) : said;
}

/** The routes of `{"router": {"routes": […]}}`, which says nothing else. */
function routesIn(body: unknown): Result<readonly HostRoute[]> {
  const unwrapped = unwrap(router, body);
  if (!unwrapped.ok) return unwrapped;
  const [item = {}] = unwrapped.value.items;
  const patch = readPatch(router, item);
  if (!patch.ok) return patch;
  const { routes, ...others } = patch.value;
  if (routes === undefined || Object.keys(others).length > 0)
    return refused(badRequest("The body says 'routes' of the router, and nothing else"));
  return ok(routes);
}

function without(routes: readonly HostRoute[], others: readonly HostRoute[]): readonly HostRoute[] {
  const known = new Set(others.map(nameOf));
  return routes.filter((route) => !known.has(nameOf(route)));
}

function nameOf({ destination, nexthop }: HostRoute): string {
  return `${destination} ${nexthop}`;
}
