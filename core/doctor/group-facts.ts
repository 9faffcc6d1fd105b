/** Security groups and ports that let in, or out, more than most people mean. */
import type { Cloud } from "../neutron/cloud.ts";
import type { SecurityGroupRule } from "../neutron/security-group-rule.ts";
import type { CloudFacts, OpenGroup } from "./cloud-facts.ts";

const ANYWHERE: readonly (string | null)[] = ["0.0.0.0/0", "::/0", null];

/** Lets in whoever likes, by a rule that is not for ICMP alone. */
function isOpen(rule: SecurityGroupRule): boolean {
  const { direction, remote_group_id, remote_address_group_id, remote_ip_prefix, protocol } = rule;
  const anybody = remote_group_id === null && remote_address_group_id === null && ANYWHERE.includes(remote_ip_prefix);
  return direction === "ingress" && anybody && !["icmp", "ipv6-icmp", "icmpv6", "1", "58"].includes(protocol ?? "");
}

export function openGroups(cloud: Cloud): readonly OpenGroup[] {
  const open = Map.groupBy([...cloud.all("security_group_rule")].filter(isOpen), ({ security_group_id }) => security_group_id);
  return [...open].flatMap(([id, rules]) => {
    const group = cloud.get("security_group", id);
    const ports = cloud.count("port", "security_groups", id);
    return group === undefined ? [] : [{ id, name: group.name, project: group.project_id, rules: rules.length, ports }];
  });
}

export function largestGroup(cloud: Cloud): CloudFacts["largest_group"] {
  const named = new Set([...cloud.all("security_group_rule")].flatMap(({ remote_group_id }) => remote_group_id ?? []));
  const sized = [...named].map((id) => ({
    id,
    name: cloud.get("security_group", id)?.name ?? "",
    members: cloud.count("port", "security_groups", id),
  }));
  return sized.toSorted((left, right) => right.members - left.members)[0] ?? null;
}

export function unguardedPorts(cloud: Cloud): CloudFacts["unguarded"] {
  return [...cloud.all("port")].flatMap((port) => {
    const { id, port_security_enabled: guarded, allowed_address_pairs: pairs, "binding:host_id": host } = port;
    const all = pairs.find(({ ip_address: reach }) => ["0.0.0.0/0", "::/0"].includes(reach));
    if (port.device_owner.startsWith("network:")) return [];
    if (!guarded) return [{ port: id, host, why: "port security is off" }];
    return all === undefined ? [] : [{ port: id, host, why: `an address pair of ${all.ip_address}` }];
  });
}
