/** `/metrics`, for doors that only those reach who may know: a unix socket, or an address of its own. */
import type { Handle } from "#contracts/http.ts";
import { refusalResponse } from "#core/neutron/api-types.ts";
import { methodNotAllowed } from "#core/neutron/refusals.ts";
import { METRICS_TYPE } from "./registry.ts";
import type { Registry } from "./registry.ts";

const METRICS_PATH = "/metrics";

/** Answers at its path, and leaves the rest to `next`. */
export function metricsDoor(metrics: Registry, next: Handle): Handle {
  return async (request) => {
    if (request.path !== METRICS_PATH) return await next(request);
    if (request.method !== "GET") return refusalResponse(methodNotAllowed);
    return { status: 200, headers: { "content-type": METRICS_TYPE }, text: metrics.text() };
  };
}
