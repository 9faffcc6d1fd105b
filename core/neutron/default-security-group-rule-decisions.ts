/** What is decided about the rules that new groups begin with: one meaning once for each kind of group, remotes that are there. */
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { addressGroupNotFound } from "./address-group-decisions.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { defaultRules, unwrittenRules } from "./default-security-group-rules.ts";
import { PARENT } from "./default-security-group-rule.ts";
import type { DefaultSecurityGroupRule, NewDefaultSecurityGroupRule } from "./default-security-group-rule.ts";
import { born, removal } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";
import { groupNotFound } from "./security-group-refusals.ts";
import { canonicalRule, sameness } from "./security-group-rule-fields.ts";

export const defaultSecurityGroupRuleDecisions: Rules<"default_security_group_rule"> = {
  table: "default_security_group_rule",
  notFound: (id) => ({
    status: 404,
    type: "DefaultSecurityGroupRuleNotFound",
    message: `Default Security Group rule ${id} does not exist`,
  }),
  target: () => ({ owner: "" }),
  targetOfNew: () => ok({ owner: "" }),
  computed: () => ({}),
  unwritten: unwrittenRules,
  create,
  delete: remove,
};

function create(cloud: Cloud, input: NewDefaultSecurityGroupRule, { fresh }: Ask): Result<Change<DefaultSecurityGroupRule>> {
  const { project_id: _, ...said } = input;
  const canonical = canonicalRule(said);
  if (!canonical.ok) return canonical;
  const row: DefaultSecurityGroupRule = { ...born(fresh), ...said, ...canonical.value };
  const wrong = absentRemote(cloud, row) ?? duplicate(cloud, row);
  return wrong === undefined ? ok({ row }) : refused(wrong);
}

function absentRemote(
  cloud: Cloud,
  { remote_group_id: group, remote_address_group_id: addresses }: DefaultSecurityGroupRule,
): Refusal | undefined {
  if (group !== null && group !== PARENT && cloud.get("security_group", group) === undefined) return groupNotFound(group);
  return addresses !== null && cloud.get("address_group", addresses) === undefined ? addressGroupNotFound(addresses) : undefined;
}

/** Two that say the same may be there if no group begins with both. */
function duplicate(cloud: Cloud, row: DefaultSecurityGroupRule): Refusal | undefined {
  const meaning = sameness(row);
  const other = defaultRules(cloud).find((known) => sameness(known) === meaning && meet(known, row));
  if (other === undefined) return undefined;
  return {
    status: 409,
    type: "DefaultSecurityGroupRuleExists",
    message: `Default Security group rule already exists. Rule id is ${other.id}.`,
  };
}

function meet(one: DefaultSecurityGroupRule, other: DefaultSecurityGroupRule): boolean {
  return (
    (one.used_in_default_sg && other.used_in_default_sg) ||
    (one.used_in_non_default_sg && other.used_in_non_default_sg) ||
    [one, other].every((rule) => !rule.used_in_default_sg && !rule.used_in_non_default_sg)
  );
}

function remove(cloud: Cloud, { id }: DefaultSecurityGroupRule): Result<readonly RowWrite[]> {
  const isWritten = cloud.get("default_security_group_rule", id) !== undefined;
  return ok([isWritten ? removal("default_security_group_rule", id) : { key: `retired/${id}`, row: { id } }]);
}
