/** What is decided about routers. */
import { ADMIN_OR_OWNER } from "../policy/rule.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import { unknownZone, zonesOf } from "./availability-zone.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { gatewayInfoOf, gatewayWrites, wrongSnat } from "./router-gateway.ts";
import { removeInterface } from "./router-interface-removal.ts";
import { addInterface } from "./router-interface.ts";
import { interfacesOf } from "./router-links.ts";
import * as refusal from "./router-refusals.ts";
import { addRoutes, keptRoutes, removeRoutes, replacedRoutes } from "./router-routes.ts";
import type { GatewayInfo, NewRouter, Router, RouterPatch } from "./router.ts";
import { born, ownTarget, removal } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";

export const routerDecisions: Rules<"router"> = {
  table: "router",
  notFound: refusal.routerNotFound,
  target: (_cloud, row) => ({ owner: row.project_id }),
  targetOfNew: ownTarget,
  computed: (cloud, row) => ({ external_gateway_info: gatewayInfoOf(cloud, row), availability_zones: zonesOf(cloud) }),
  create,
  update,
  delete: remove,
  actions: {
    add_router_interface: { may: ADMIN_OR_OWNER, act: addInterface },
    remove_router_interface: { may: ADMIN_OR_OWNER, act: removeInterface },
    add_extraroutes: { may: ADMIN_OR_OWNER, act: addRoutes },
    remove_extraroutes: { may: ADMIN_OR_OWNER, act: removeRoutes },
  },
};

function create(cloud: Cloud, { external_gateway_info: wish, ...said }: NewRouter, ask: Ask): Result<Change<Router>> {
  const nowhere = unknownZone(cloud, said.availability_zone_hints);
  if (nowhere !== undefined) return refused(nowhere);
  const row: Router = { ...born(ask.fresh), status: "ACTIVE", routes: [], tags: [], ...said, enable_snat: snatOf(wish) };
  const gateway = gatewayWrites(cloud, row.id, { wish, ...ask });
  return gateway.ok ? ok({ row, also: gateway.value }) : gateway;
}

/** True unless it is said; what was said of another gateway, or of the same before, is no matter. */
function snatOf(wish: GatewayInfo | null): boolean {
  return wish?.enable_snat ?? true;
}

function update(cloud: Cloud, row: Router, patch: RouterPatch, ask: Ask): Result<Change<Router>> {
  const { external_gateway_info: wish, routes, ...said } = patch;
  const gateway = wish === undefined ? ok([]) : gatewayWrites(cloud, row.id, { wish, ...ask });
  if (!gateway.ok) return gateway;
  const kept = { ...row, ...said };
  const next = cloud.attempt((put) => {
    put(gateway.value);
    const moved = wish === undefined ? ok(kept) : translating(cloud, { ...kept, enable_snat: snatOf(wish) });
    if (!moved.ok) return moved;
    if (routes !== undefined) return replacedRoutes(cloud, moved.value, routes);
    return wish === undefined ? moved : keptRoutes(cloud, moved.value);
  });
  return next.ok ? ok({ row: next.value, also: gateway.value, counts: gateway.value.length > 0 }) : next;
}

/** What is said of translation fits what it connects now. */
function translating(cloud: Cloud, row: Router): Result<Router> {
  const wrong = wrongSnat(cloud, row);
  return wrong === undefined ? ok(row) : refused(wrong);
}

/** Interfaces must be gone before; its gateway goes with it. */
function remove(cloud: Cloud, row: Router, ask: Ask): Result<readonly RowWrite[]> {
  const ports = interfacesOf(cloud, row.id).map(({ id }) => id);
  if (ports.length > 0) return refused(refusal.routerInUse(row.id, ports));
  const gateway = gatewayWrites(cloud, row.id, { wish: null, ...ask });
  return gateway.ok ? ok([...gateway.value, removal("router", row.id)]) : gateway;
}
