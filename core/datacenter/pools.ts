/** How full the pools of the data centre's own networks are. */
import { bitsOf } from "../net/address.ts";
import type { Cloud } from "../neutron/cloud.ts";
import type { Side } from "./applied.ts";

export interface PoolUse {
  readonly side: Side;
  readonly ip_version: 4 | 6;
  /** Addresses in its pools; beyond 2^53 not exact to the last digit. */
  readonly total: number;
  /** Ports that have an address of the subnet, in a pool or not. */
  readonly used: number;
}

/** None until a data centre was applied. */
export function poolUse(cloud: Cloud): readonly PoolUse[] {
  const made = Object.entries(cloud.get("datacenter", "this")?.made ?? {});
  return made.flatMap(([side, { subnets }]) =>
    Object.values(subnets).flatMap((id) => {
      const subnet = cloud.get("subnet", id);
      if (subnet === undefined) return [];
      const total = subnet.allocation_pools.reduce((all, { start, end }) => all + Number(bitsOf(end) - bitsOf(start) + 1n), 0);
      // `made` has exactly the two sides.
      return [{ side: side as Side, ip_version: subnet.ip_version, total, used: cloud.count("port", "fixed_ips", `subnet_id=${id}`) }];
    }),
  );
}
