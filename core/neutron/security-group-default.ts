/**
 * How a security group begins: with what default-security-group-rules.ts says. The default group is made when a project is
 * first heard of, and there is one of it.
 */
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { defaultRules } from "./default-security-group-rules.ts";
import { PARENT } from "./default-security-group-rule.ts";
import type { DefaultSecurityGroupRule } from "./default-security-group-rule.ts";
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
  const { group, rules } = makeGroup(cloud, said, fresh);
  return { group, writes: [write("security_group", group.id, group), ...rules] };
}

/** A new group, and writes of the rules that it begins with. */
export function makeGroup(
  cloud: Cloud,
  said: GroupSaid,
  fresh: Fresh,
): { readonly group: SecurityGroup; readonly rules: readonly RowWrite[] } {
  const group: SecurityGroup = { ...said, ...born(fresh), tags: [] };
  const patterns = defaultRules(cloud).filter((rule) => (isDefault(group) ? rule.used_in_default_sg : rule.used_in_non_default_sg));
  const rules = patterns.map((pattern) => firstRule(group, pattern, fresh));
  return { group, rules: rules.map((rule) => write("security_group_rule", rule.id, rule)) };
}

function firstRule(group: SecurityGroup, pattern: DefaultSecurityGroupRule, fresh: Fresh): SecurityGroupRule {
  const { used_in_default_sg: _, used_in_non_default_sg: __, ...says } = pattern;
  return {
    ...says,
    ...born(fresh),
    project_id: group.project_id,
    security_group_id: group.id,
    remote_group_id: says.remote_group_id === PARENT ? group.id : says.remote_group_id,
    // Nobody wrote these, and Neutron tells them apart by this null.
    description: null,
  };
}
