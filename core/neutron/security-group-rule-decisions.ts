/** What is decided about rules of security groups: one meaning once per group, remotes that can be seen. */
import { maySee } from "../policy/may.ts";
import type { Target } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import { render } from "../resource/render.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { addressGroupNotFound, seesAddressGroup } from "./address-group-decisions.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { born, removal, touched, write } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";
import { isDefault } from "./security-group-default.ts";
import * as refusal from "./security-group-refusals.ts";
import { canonicalRule, normalizedCidr, sameness } from "./security-group-rule-fields.ts";
import type { NewSecurityGroupRule, SecurityGroupRule } from "./security-group-rule.ts";
import { securityGroupRule } from "./security-group-rule.ts";
import { securityGroup } from "./security-group.ts";
import { sharingFor } from "./sharing.ts";

export const securityGroupRuleDecisions: Rules<"security_group_rule"> = {
  table: "security_group_rule",
  notFound: refusal.ruleNotFound,
  target,
  targetOfNew,
  computed,
  wrongTogether,
  create,
  delete: remove,
};

/** What a bulk creation may not be, besides what each of its rules may not be. */
function wrongTogether(inputs: readonly NewSecurityGroupRule[]): Refusal | undefined {
  if (new Set(inputs.map((input) => input.security_group_id)).size > 1) return refusal.notSingleGroup;
  if (new Set(inputs.map((input) => input.project_id)).size > 1) return refusal.notSingleProject;
  const said = inputs.flatMap((input) => {
    const canonical = canonicalRule(input);
    return canonical.ok ? [sameness(canonical.value)] : [];
  });
  return new Set(said).size < said.length ? refusal.duplicateInPost : undefined;
}

/** A rule as it is shown inside its group. */
export function shownRule(cloud: Cloud, row: SecurityGroupRule): Readonly<Record<string, unknown>> {
  return render(securityGroupRule, { ...row, ...computed(cloud, row) }, { fields: [], hidden: NOTHING_HIDDEN });
}

const NOTHING_HIDDEN: ReadonlySet<string> = new Set();

/** Whoever sees a group sees its rules: as a list of their own, and inside the group. */
function target(cloud: Cloud, row: SecurityGroupRule, who: Who): Target {
  const group = cloud.get("security_group", row.security_group_id);
  if (group === undefined) return { owner: row.project_id };
  return { owner: row.project_id, parent: group.project_id, ...sharingFor(cloud, group.id, who) };
}

function targetOfNew(cloud: Cloud, input: NewSecurityGroupRule): Result<Target> {
  const group = cloud.get("security_group", input.security_group_id);
  return group === undefined
    ? refused(refusal.groupNotFound(input.security_group_id))
    : ok({ owner: input.project_id, parent: group.project_id });
}

function computed(cloud: Cloud, row: SecurityGroupRule) {
  const group = cloud.get("security_group", row.security_group_id);
  return { normalized_cidr: normalizedCidr(row), belongs_to_default_sg: group !== undefined && isDefault(group) };
}

function create(cloud: Cloud, input: NewSecurityGroupRule, { who, fresh }: Ask): Result<Change<SecurityGroupRule>> {
  const canonical = canonicalRule(input);
  if (!canonical.ok) return canonical;
  const unseen = unseenRemote(cloud, input, who);
  if (unseen !== undefined) return refused(unseen);
  const meaning = sameness(canonical.value);
  for (const other of cloud.by("security_group_rule", "security_group_id", input.security_group_id))
    if (sameness(other) === meaning) return refused(refusal.ruleExists(other.id));
  const row = { ...born(fresh), ...input, ...canonical.value };
  return ok({ row, also: groupTouched(cloud, row, fresh) });
}

function remove(cloud: Cloud, row: SecurityGroupRule, { fresh }: Ask): Result<readonly RowWrite[]> {
  return ok([removal("security_group_rule", row.id), ...groupTouched(cloud, row, fresh)]);
}

/** Rules are part of what their group is: it changes with them. */
function groupTouched(cloud: Cloud, rule: SecurityGroupRule, fresh: Ask["fresh"]): RowWrite[] {
  const group = cloud.get("security_group", rule.security_group_id);
  return group === undefined ? [] : [write("security_group", group.id, touched(group, fresh))];
}

/** Whoever writes a rule names only what it can see. */
function unseenRemote(cloud: Cloud, input: NewSecurityGroupRule, who: Who): Refusal | undefined {
  const { remote_group_id: group, remote_address_group_id: addresses } = input;
  if (group !== null && !canSee(cloud, group, who)) return refusal.groupNotFound(group);
  return addresses !== null && !seesAddressGroup(cloud, addresses, who) ? addressGroupNotFound(addresses) : undefined;
}

function canSee(cloud: Cloud, id: string, who: Who): boolean {
  const group = cloud.get("security_group", id);
  if (group === undefined) return false;
  const target = { owner: group.project_id, ...sharingFor(cloud, id, who), fields: group };
  return maySee(securityGroup, { who, target, policy: cloud.settings.policy });
}
