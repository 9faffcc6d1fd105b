/** All checks, in the order in which they are told. */
import type { Check } from "./check.ts";
import { EXPORT_CHECKS } from "./export-checks.ts";
import { GATEWAY_CHECKS } from "./gateway-checks.ts";
import { GUARD_CHECKS } from "./guard-checks.ts";
import { GUEST_CHECKS } from "./guest-checks.ts";
import { HOST_CHECKS } from "./host-checks.ts";
import { NEUTRON_CHECKS } from "./neutron-checks.ts";
import { PLAN_CHECKS } from "./plan-checks.ts";
import { ROUTE_CHECKS } from "./route-checks.ts";
import { SESSION_CHECKS } from "./session-checks.ts";

const ROUTING = [...EXPORT_CHECKS, ...ROUTE_CHECKS, ...SESSION_CHECKS, ...GUARD_CHECKS].toSorted(
  (one, other) => numberOf(one) - numberOf(other),
);

export const CHECKS: readonly Check[] = [...PLAN_CHECKS, ...ROUTING, ...GATEWAY_CHECKS, ...HOST_CHECKS, ...GUEST_CHECKS, ...NEUTRON_CHECKS];

function numberOf({ id }: Check): number {
  return Number(id.slice(1));
}
