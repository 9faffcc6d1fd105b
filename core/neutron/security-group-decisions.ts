/** What is decided about security groups: the default one, who is using them, and what goes with them. */
import { isAdmin } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { ownTarget, removal, touched, write } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";
import { defaultGroupOf, ensureDefaultGroup, isDefault, makeGroup } from "./security-group-default.ts";
import * as refusal from "./security-group-refusals.ts";
import { shownRule } from "./security-group-rule-decisions.ts";
import { endOfSharing, isSharedWith, sharedTarget } from "./sharing.ts";
import type { NewSecurityGroup, SecurityGroup, SecurityGroupPatch } from "./security-group.ts";

export const securityGroupDecisions: Rules<"security_group"> = {
  table: "security_group",
  notFound: refusal.groupNotFound,
  target: sharedTarget,
  targetOfNew: ownTarget,
  computed: (cloud, row, { who }) => ({
    shared: isSharedWith(cloud, row.id, who.project),
    security_group_rules: [...rulesOf(cloud, row)].map((rule) => shownRule(cloud, rule)),
  }),
  create,
  update,
  delete: remove,
  missing,
  provide: (cloud, project, fresh) => ensureDefaultGroup(cloud, project, fresh).writes,
};

/** Who lists groups finds a default one; an administrator who asks for a project's finds that project's. */
function missing(cloud: Cloud, { who, query }: ApiRequest): readonly string[] {
  const named = query.filter(([name]) => name === "project_id" || name === "tenant_id").map(([, project]) => project);
  const projects = isAdmin(who) && named.length > 0 ? named : [who.project];
  return projects.filter((project) => project !== "" && defaultGroupOf(cloud, project) === undefined);
}

function create(cloud: Cloud, input: NewSecurityGroup, { fresh }: Ask): Result<Change<SecurityGroup>> {
  const projects = ensureDefaultGroup(cloud, input.project_id, fresh);
  const { group, rules } = makeGroup(cloud, input, fresh);
  return ok({ row: group, also: [...projects.writes, ...rules] });
}

function update(cloud: Cloud, row: SecurityGroup, patch: SecurityGroupPatch): Result<Change<SecurityGroup>> {
  const next = { ...row, ...patch };
  if (isDefault(row) && next.name !== row.name) return refused(refusal.cannotUpdateDefault);
  if (next.stateful !== row.stateful && isUsed(cloud, row)) return refused(refusal.groupInUse(row.id));
  return ok({ row: next });
}

function remove(cloud: Cloud, row: SecurityGroup, { who, fresh }: Ask): Result<readonly RowWrite[]> {
  if (isUsed(cloud, row)) return refused(refusal.groupInUse(row.id));
  if (isDefault(row) && !isAdmin(who)) return refused(refusal.cannotRemoveDefault);
  const elsewhere = [...cloud.by("security_group_rule", "remote_group_id", row.id)].filter((rule) => rule.security_group_id !== row.id);
  const losers = [...new Set(elsewhere.map((rule) => rule.security_group_id))].flatMap((id) => cloud.get("security_group", id) ?? []);
  return ok([
    ...[...rulesOf(cloud, row), ...elsewhere].map((rule) => removal("security_group_rule", rule.id)),
    ...[...cloud.by("default_security_group_rule", "remote_group_id", row.id)].map(({ id }) => removal("default_security_group_rule", id)),
    ...losers.map((group) => write("security_group", group.id, touched(group, fresh))),
    ...endOfSharing(cloud, row.id),
    removal("security_group", row.id),
  ]);
}

function rulesOf(cloud: Cloud, group: SecurityGroup) {
  return cloud.by("security_group_rule", "security_group_id", group.id);
}

function isUsed(cloud: Cloud, group: SecurityGroup): boolean {
  return cloud.count("port", "security_groups", group.id) > 0;
}
