/**
 * What a security group begins with: everything may leave. A project's own default group also lets its own members in.
 * The default group is made when a project is first heard of, and there is one of it.
 */
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { born, write } from "./rules.ts";
import type { SecurityGroupRule } from "./security-group-rule.ts";
import { DEFAULT_NAME } from "./security-group-types.ts";
import type { SecurityGroup } from "./security-group.ts";

/** What its creator says of a group. */
export type GroupSaid = Pick<SecurityGroup, "project_id" | "name" | "description" | "stateful">;

/** A group that is there once `writes` are committed; there are none when it is there already. */
export interface GroupEnsured {
  readonly group: SecurityGroup;
  readonly writes: readonly RowWrite[];
}

export function isDefault(group: Pick<SecurityGroup, "name">): boolean {
  return group.name === DEFAULT_NAME;
}

export function defaultGroupOf(cloud: Cloud, project: string): SecurityGroup | undefined {
  for (const group of cloud.by("security_group", "project_id", project)) if (isDefault(group)) return group;
  return undefined;
}

export function ensureDefaultGroup(cloud: Cloud, project: string, fresh: Fresh): GroupEnsured {
  const there = defaultGroupOf(cloud, project);
  if (there !== undefined) return { group: there, writes: [] };
  const said = { project_id: project, name: DEFAULT_NAME, description: "Default security group", stateful: true };
  const { group, rules } = makeGroup(said, fresh);
  return { group, writes: [write("security_group", group.id, group), ...rules] };
}

/** A new group, and writes of the rules that it begins with. */
export function makeGroup(said: GroupSaid, fresh: Fresh): { readonly group: SecurityGroup; readonly rules: readonly RowWrite[] } {
  const group: SecurityGroup = { ...said, ...born(fresh), tags: [] };
  const rules = (["IPv4", "IPv6"] as const).flatMap((ethertype) => [
    firstRule(group, { direction: "egress", ethertype, remote_group_id: null }, fresh),
    ...(isDefault(group) ? [firstRule(group, { direction: "ingress", ethertype, remote_group_id: group.id }, fresh)] : []),
  ]);
  return { group, rules: rules.map((rule) => write("security_group_rule", rule.id, rule)) };
}

function firstRule(
  group: SecurityGroup,
  says: Pick<SecurityGroupRule, "direction" | "ethertype" | "remote_group_id">,
  fresh: Fresh,
): SecurityGroupRule {
  return {
    ...says,
    ...born(fresh),
    project_id: group.project_id,
    security_group_id: group.id,
    protocol: null,
    port_range_min: null,
    port_range_max: null,
    remote_ip_prefix: null,
    remote_address_group_id: null,
    // Nobody wrote these, and Neutron tells them apart by this null.
    description: null,
  };
}
