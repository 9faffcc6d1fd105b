/** A view as plain data: to be shown, and to be kept and read again. What a view has is listed once, here, and the compiler misses nothing. */
import type { View } from "./item.ts";

/** Endpoints, subnets and groups without their keys, which they name themselves. */
export function viewDocument(view: View): Readonly<Record<keyof View, unknown>> {
  return {
    datacenter: view.datacenter ?? null,
    endpoints: [...view.endpoints.values()],
    subnets: [...view.subnets.values()],
    groups: [...view.groups.values()],
    members: [...view.members].map(([group, ips]) => [group, [...ips]]),
    prefixes: [...view.prefixes],
  };
}
