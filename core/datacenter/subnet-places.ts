/**
 * Which subnet is which, from one data centre to the next. Each network has at most one subnet of each family from which addresses are
 * given, and one of a range that retires. A subnet is known again by its block: one whose range retires, or comes back, stays what it is.
 */
import { FAMILIES, familyOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import type { Cloud } from "../neutron/cloud.ts";
import type { MadeNetwork, Side } from "./applied.ts";
import type { PlannedNetwork, PlannedSubnet } from "./plan.ts";

export interface SubnetPlace {
  readonly side: Side;
  readonly family: Family;
  readonly which: "subnets" | "retiring";
  readonly planned: PlannedSubnet | undefined;
  /** What was made there before. */
  readonly id: string | undefined;
}

interface On {
  readonly on: Side;
  readonly made: MadeNetwork | undefined;
  readonly planned: PlannedNetwork;
}

/** What nobody plans any more comes first, to be removed: its block may be wanted. */
export function placesOn(cloud: Cloud, { on: side, made, planned }: On): readonly SubnetPlace[] {
  return FAMILIES.flatMap((family) => {
    const place = (which: SubnetPlace["which"], subnet: PlannedSubnet | undefined, id: string | undefined): readonly SubnetPlace[] =>
      subnet === undefined && id === undefined ? [] : [{ side, family, which, planned: subnet, id }];
    const [before, retired] = [made?.subnets[family], made?.retiring?.[family]];
    const wanted = planned.subnets.filter(({ cidr }) => familyOf(cidr) === family);
    const [current, leaving] = [wanted.find(({ retiring }) => !retiring), wanted.find(({ retiring }) => retiring)];
    const same = (subnet: PlannedSubnet | undefined) =>
      [before, retired].find((id) => subnet !== undefined && id !== undefined && cloud.get("subnet", id)?.cidr === subnet.cidr);
    const stays = same(leaving);
    const becomes = same(current) ?? (current === undefined || before === stays ? undefined : before);
    const goes = [before, retired].filter((id) => id !== stays && id !== becomes);
    return [
      ...goes.flatMap((id) => place("retiring", undefined, id)),
      ...place("retiring", leaving, stays),
      ...place("subnets", current, becomes),
    ];
  });
}
