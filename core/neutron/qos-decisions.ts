/** What is decided about QoS policies and their limits: one of each kind per direction, none that goes while it is followed. */
import type { Target } from "../policy/rule.ts";
import { isAdmin } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import { render } from "../resource/render.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { limitsOfPolicy, policyNotFound } from "./qos-links.ts";
import type { NewQosPolicy, QosPolicy, QosPolicyPatch } from "./qos-policy.ts";
import { bandwidthLimit, packetRateLimit } from "./qos-rule.ts";
import { born, ownTarget, removal, touched, write } from "./rules.ts";
import type { Ask, Asking, Change, Rules } from "./rules.ts";
import { endOfSharing, isSharedWith, isStillUsed, sharedTarget, sharingFor, sharingWrites, withoutEverybody } from "./sharing.ts";
import type { Tables } from "./tables.ts";

export const qosPolicyDecisions: Rules<"qos_policy"> = {
  table: "qos_policy",
  notFound: policyNotFound,
  target: sharedTarget,
  targetOfNew: ownTarget,
  computed: (cloud, row, { who }) => ({ shared: isSharedWith(cloud, row.id, who.project), rules: shownRules(cloud, row.id) }),
  create,
  update,
  delete: remove,
};

const NOTHING_HIDDEN = { fields: [], hidden: new Set<string>() };

function shownRules(cloud: Cloud, policy: string): readonly Readonly<Record<string, unknown>>[] {
  const { bandwidth, packets } = limitsOfPolicy(cloud, policy);
  return [
    ...bandwidth.map((row) => ({ ...render(bandwidthLimit, row, NOTHING_HIDDEN), type: "bandwidth_limit", qos_policy_id: policy })),
    ...packets.map((row) => ({ ...render(packetRateLimit, row, NOTHING_HIDDEN), type: "packet_rate_limit", qos_policy_id: policy })),
  ];
}

function create(cloud: Cloud, { shared, ...input }: NewQosPolicy, { fresh }: Ask): Result<Change<QosPolicy>> {
  const row: QosPolicy = { ...born(fresh), tags: [], ...input };
  const wrong = secondDefault(cloud, row);
  if (wrong !== undefined) return refused(wrong);
  return ok({ row, also: sharingWrites(cloud, { type: "qos_policy", object: row }, { shared, fresh }) });
}

function update(cloud: Cloud, row: QosPolicy, { shared, ...patch }: QosPolicyPatch, { fresh }: Ask): Result<Change<QosPolicy>> {
  const next: QosPolicy = { ...row, ...patch };
  const object = { type: "qos_policy", object: row } as const;
  if (shared === false && isStillUsed(cloud, { ...object, action: "access_as_shared" }, withoutEverybody(cloud, row.id)))
    return refused(stillShared(row.id));
  const wrong = secondDefault(cloud, next);
  if (wrong !== undefined) return refused(wrong);
  const given = sharingWrites(cloud, object, { shared, fresh });
  return ok({ row: next, also: given, counts: given.length > 0 });
}

/** A project has one default at most. */
function secondDefault(cloud: Cloud, { id, project_id: project, is_default: wanted }: QosPolicy): Refusal | undefined {
  const other = wanted ? defaultPolicyOf(cloud, project) : undefined;
  if (other === undefined || other.id === id) return undefined;
  return { status: 409, type: "QoSPolicyDefaultAlreadyExists", message: `A default QoS policy exists for project ${project}.` };
}

/** What the project's new networks point to. */
export function defaultPolicyOf(cloud: Cloud, project: string): QosPolicy | undefined {
  for (const policy of cloud.by("qos_policy", "project_id", project)) if (policy.is_default) return policy;
  return undefined;
}

function remove(cloud: Cloud, row: QosPolicy, { who }: Ask): Result<readonly RowWrite[]> {
  const wrong = followed(cloud, row, who);
  if (wrong !== undefined) return refused(wrong);
  const { bandwidth, packets } = limitsOfPolicy(cloud, row.id);
  return ok([
    ...bandwidth.map(({ id }) => removal("bandwidth_limit_rule", id)),
    ...packets.map(({ id }) => removal("packet_rate_limit_rule", id)),
    ...endOfSharing(cloud, row.id),
    removal("qos_policy", row.id),
  ]);
}

/** By what, is told of the asker's own alone: a policy may be shared. */
function followed(cloud: Cloud, { id: policy }: QosPolicy, who: Who): Refusal | undefined {
  const users = (["port", "network"] as const).flatMap((table) =>
    [...cloud.by(table, "qos_policy_id", policy)].map(({ id, project_id: project }) => ({ project, text: `${table} ${id}` })),
  );
  if (users.length === 0) return undefined;
  const told = users.find(({ project }) => isAdmin(who) || project === who.project);
  return policyInUse(policy, told?.text ?? "another project");
}

type LimitTable = "bandwidth_limit_rule" | "packet_rate_limit_rule";

/** Both kinds of limits follow the same rules. */
interface Limit {
  readonly id: string;
  readonly qos_policy_id: string;
  readonly direction: "egress" | "ingress";
}

function clash(cloud: Cloud, table: LimitTable, limit: Limit): Refusal | undefined {
  for (const other of cloud.by(table, "qos_policy_id", limit.qos_policy_id))
    if (other.id !== limit.id && other.direction === limit.direction) return conflict(table, other.id, limit.qos_policy_id);
  return undefined;
}

/** Limits are part of what their policy is: it changes with them. */
function policyTouched(cloud: Cloud, id: string, fresh: Fresh): RowWrite[] {
  const policy = cloud.get("qos_policy", id);
  return policy === undefined ? [] : [write("qos_policy", id, touched(policy, fresh))];
}

function targetOf(cloud: Cloud, policy: string, { who }: Asking): Target {
  const owner = cloud.get("qos_policy", policy)?.project_id ?? "";
  return { owner, parent: owner, ...sharingFor(cloud, policy, who) };
}

function ruleNotFound(id: string): Refusal {
  return { status: 404, type: "QosRuleNotFound", message: `QoS rule ${id} could not be found.` };
}

function limitDecisions<T extends LimitTable>(table: T): Pick<Rules<T>, "table" | "notFound" | "target" | "targetOfNew" | "delete"> {
  return {
    table,
    notFound: ruleNotFound,
    target: (cloud, row, who) => targetOf(cloud, row.qos_policy_id, { who }),
    // It may have gone since the path was read.
    targetOfNew: (cloud, _input, asking) => {
      const { parent = "" } = asking;
      return cloud.get("qos_policy", parent) === undefined ? refused(policyNotFound(parent)) : ok(targetOf(cloud, parent, asking));
    },
    delete: (cloud, row, { fresh }) => ok([removal(table, row.id), ...policyTouched(cloud, row.qos_policy_id, fresh)]),
  };
}

function decided<T extends LimitTable>(
  cloud: Cloud,
  table: T,
  { row, fresh }: { row: Tables[T]; fresh: Fresh },
): Result<Change<Tables[T]>> {
  const wrong = clash(cloud, table, row);
  return wrong === undefined ? ok({ row, also: policyTouched(cloud, row.qos_policy_id, fresh) }) : refused(wrong);
}

export const bandwidthLimitDecisions: Rules<"bandwidth_limit_rule"> = {
  ...limitDecisions("bandwidth_limit_rule"),
  computed: () => ({}),
  create: (cloud, input, { fresh, parent = "" }) =>
    decided(cloud, "bandwidth_limit_rule", { row: { id: fresh.uuid(), qos_policy_id: parent, ...input }, fresh }),
  update: (cloud, row, patch, { fresh }) => decided(cloud, "bandwidth_limit_rule", { row: { ...row, ...patch }, fresh }),
};

export const packetRateLimitDecisions: Rules<"packet_rate_limit_rule"> = {
  ...limitDecisions("packet_rate_limit_rule"),
  computed: () => ({}),
  create: (cloud, input, { fresh, parent = "" }) =>
    decided(cloud, "packet_rate_limit_rule", { row: { id: fresh.uuid(), qos_policy_id: parent, ...input }, fresh }),
  update: (cloud, row, patch, { fresh }) => decided(cloud, "packet_rate_limit_rule", { row: { ...row, ...patch }, fresh }),
};

function conflict(table: LimitTable, other: string, policy: string): Refusal {
  const type = table.replace(/_rule$/, "");
  return {
    status: 409,
    type: "QoSRulesConflict",
    message: `Rule ${type} conflicts with rule ${other} which already exists in QoS Policy ${policy}.`,
  };
}

function policyInUse(policy: string, user: string): Refusal {
  return { status: 409, type: "QosPolicyInUse", message: `QoS Policy ${policy} is used by ${user}.` };
}

function stillShared(policy: string): Refusal {
  const message = `RBAC policy on object ${policy} cannot be removed because other objects depend on it.`;
  return { status: 409, type: "RbacPolicyInUse", message };
}
