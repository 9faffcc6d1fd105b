/**
 * Extra routes of a router: prefixes that are reached by an address of one of the subnets that it connects. Here every packet
 * is routed by its destination alone, so such a route comes true only where its next hop hands on what it gets by the same routing.
 */
import { contains } from "../net/prefix.ts";
import { readPatch, unwrap } from "../resource/read.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { HostRoute } from "./host-routes.ts";
import { checkLimit } from "./quota-limits.ts";
import { badRequest } from "./refusals.ts";
import { isLink, linksOf } from "./router-links.ts";
import * as refusal from "./router-refusals.ts";
import { router } from "./router.ts";
import type { Router } from "./router.ts";
import type { Acted, Acting } from "./rules.ts";
import type { Subnet } from "./subnet.ts";

/** 400 InvalidRoutes where a next hop is on no subnet of the router, or is the router itself. */
function wrongRoutes(cloud: Cloud, { id, routes }: Router): Refusal | undefined {
  const own = linksOf(cloud, id).flatMap((port) => port.fixed_ips);
  const subnets = subnetsOf(cloud, id);
  for (const { nexthop } of routes) {
    if (!subnets.some(({ cidr }) => contains(cidr, nexthop)))
      return refusal.wrongRoutes(routes, "the nexthop is not connected with router");
    if (own.some(({ ip_address: address }) => address === nexthop)) return refusal.wrongRoutes(routes, "the nexthop is used by router");
  }
  return undefined;
}

function subnetsOf(cloud: Cloud, routerId: string): readonly Subnet[] {
  const fixed = linksOf(cloud, routerId).flatMap((port) => port.fixed_ips);
  return fixed.flatMap(({ subnet_id: id }) => cloud.get("subnet", id) ?? []);
}

/** 400 InvalidRoutes where a new route goes by a machine, or by nobody: it would be told and never followed. */
function deadRoutes(cloud: Cloud, row: Router, routes: readonly HostRoute[]): Refusal | undefined {
  if (cloud.settings.deadNextHops === "allowed") return undefined;
  const gateways = subnetsOf(cloud, row.id).map(({ gateway_ip: gateway }) => gateway);
  const handsOn = ({ nexthop }: HostRoute) => gateways.includes(nexthop) || isOfRouter(cloud, nexthop);
  const dead = without(routes, row.routes).find((route) => !handsOn(route));
  return dead === undefined ? undefined : refusal.wrongRoutes(routes, refusal.neverPassed(dead.nexthop));
}

function isOfRouter(cloud: Cloud, address: HostRoute["nexthop"]): boolean {
  return [...cloud.by("port", "fixed_ips", `ip_address=${address}`)].some(isLink);
}

/** After what it connects has changed, a router keeps its routes only where they still lead somewhere. */
export function keptRoutes(cloud: Cloud, row: Router): Result<Router> {
  const wrong = wrongRoutes(cloud, row);
  return wrong === undefined ? ok(row) : refused(wrong);
}

/** The routes that a change gives a router: 409 OverQuota where they are too many. */
export function replacedRoutes(cloud: Cloud, row: Router, routes: readonly HostRoute[]): Result<Router> {
  const within = checkLimit(cloud, row.project_id, { limited: "router_route", wanted: routes.length });
  if (!within.ok) return within;
  const next = { ...row, routes };
  const wrong = wrongRoutes(cloud, next) ?? deadRoutes(cloud, row, routes);
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
