/** Security groups of tests. */
import { ask } from "./cloud.ts";
import type { Lab } from "./place.ts";

/** As Neutron calls them; nothing said is everything. */
export interface Allowed {
  readonly protocol?: "icmp" | "tcp";
  readonly port_range_min?: number;
  readonly port_range_max?: number;
}

export const PING: Allowed = { protocol: "icmp" };

export function tcpTo(port: number): Allowed {
  return { protocol: "tcp", port_range_min: port, port_range_max: port };
}

/** Makes a group that lets this in from everybody, in both families; its id. */
export async function groupAllowing(lab: Lab, name: string, allowed: readonly Allowed[] = [{}]): Promise<string> {
  const post = <T>(path: string, body: object) => ask<T>(lab, { method: "POST", path: `/v2.0/${path}`, body });
  const { security_group: group } = await post<{ security_group: { id: string } }>("security-groups", { security_group: { name } });
  for (const ethertype of ["IPv4", "IPv6"])
    for (const each of allowed) {
      const protocol = each.protocol === "icmp" && ethertype === "IPv6" ? "ipv6-icmp" : each.protocol;
      const rule = { security_group_id: group.id, direction: "ingress", ethertype, ...each, ...(protocol && { protocol }) };
      await post("security-group-rules", { security_group_rule: rule });
    }
  return group.id;
}
