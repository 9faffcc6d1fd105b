/**
 * A view as plain data: to be shown, and to be kept and read again. What a view has is listed once for each way, here, and the
 * compiler misses nothing.
 */
import type { Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Assignment, Endpoint, Group, SubnetFact, View } from "./item.ts";
import { membersIn } from "./members.ts";

/** Endpoints, subnets and groups without their keys, which they name themselves. */
export interface ViewDocument {
  readonly datacenter: DataCenter | null;
  readonly endpoints: readonly Endpoint[];
  readonly subnets: readonly SubnetFact[];
  readonly groups: readonly Group[];
  readonly members: readonly (readonly [group: string, ips: readonly Ip[]])[];
  readonly prefixes: readonly (readonly [group: string, prefixes: readonly Cidr[]])[];
  readonly assignments: readonly Assignment[];
}

export function viewDocument(view: View): ViewDocument {
  const whole: { readonly [K in keyof View]-?: ViewDocument[K] } = {
    datacenter: view.datacenter ?? null,
    endpoints: [...view.endpoints.values()],
    subnets: [...view.subnets.values()],
    groups: [...view.groups.values()],
    members: [...view.members].map(([group, buckets]) => [group, [...buckets.values()].flatMap((ips) => [...ips])] as const),
    prefixes: [...view.prefixes],
    assignments: [...(view.assignments?.values() ?? [])],
  };
  return whole;
}

/** Undefined where a part is missing or no list. The items are our own writing, and are taken as they are. */
export function viewOf(text: string): View | undefined {
  const document = parsed(text);
  if (document === undefined) return undefined;
  return {
    datacenter: document.datacenter ?? undefined,
    endpoints: new Map(document.endpoints.map((one) => [one.port_id, one])),
    subnets: new Map(document.subnets.map((one) => [one.id, one])),
    groups: new Map(document.groups.map((one) => [one.id, one])),
    members: new Map(document.members.map(([group, ips]) => [group, membersIn(ips)])),
    prefixes: new Map(document.prefixes),
    assignments: new Map(document.assignments.map((one) => [one.port_id, one])),
  };
}

const LISTS = ["endpoints", "subnets", "groups", "members", "prefixes"] as const;

function parsed(text: string): ViewDocument | undefined {
  try {
    const value = JSON.parse(text) as Readonly<Partial<Record<keyof ViewDocument, unknown>>> | null;
    const whole = typeof value === "object" && typeof value?.datacenter === "object" && LISTS.every((list) => Array.isArray(value[list]));
    // Kept by a release that was told of no assignments: then it was of a host that needs none, or is told anew before it speaks.
    return whole ? ({ assignments: [], ...value } as ViewDocument) : undefined;
  } catch {
    return undefined;
  }
}
