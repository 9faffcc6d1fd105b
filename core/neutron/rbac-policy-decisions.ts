/** What is decided about RBAC policies: for which objects, by whom, and that none goes which somebody depends on. */
import { isAdmin } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { EVERYBODY } from "./rbac-policy.ts";
import type { NewRbacPolicy, RbacPolicy, RbacPolicyPatch } from "./rbac-policy.ts";
import { invalidInput } from "./refusals.ts";
import { removal, touched, write } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";
import { isStillUsed, SHAREABLE } from "./sharing.ts";
import type { AccessAction } from "./sharing.ts";

export const rbacPolicyDecisions: Rules<"rbac_policy"> = {
  table: "rbac_policy",
  notFound: (id) => ({ status: 404, type: "RbacPolicyNotFound", message: `RBAC policy of type unknown with ID ${id} not found` }),
  target: (_cloud, row) => ({ owner: row.project_id, toEverybody: row.target_tenant === EVERYBODY }),
  targetOfNew: (_cloud, input) => ok({ owner: input.project_id, toEverybody: input.target_tenant === EVERYBODY }),
  computed: () => ({}),
  create,
  update,
  delete: remove,
};

function create(cloud: Cloud, input: NewRbacPolicy, { who, fresh }: Ask): Result<Change<RbacPolicy>> {
  const wrong = wrongAccess(cloud, input, who) ?? duplicate(cloud, input);
  if (wrong !== undefined) return refused(wrong);
  const row: RbacPolicy = { id: fresh.uuid(), ...input };
  return ok({ row, also: touchedObject(cloud, row, fresh) });
}

function wrongAccess(cloud: Cloud, { object_type: type, object_id: id, action }: NewRbacPolicy, who: Who): Refusal | undefined {
  const { actions } = SHAREABLE[type];
  if (!actions.some((known) => known === action)) return invalidAction(action, type);
  const object = cloud.get(type, id);
  if (object === undefined || (!isAdmin(who) && object.project_id !== who.project))
    return invalidInput(`there is no ${type} ${id} that is yours to share`);
  return wayOutside({ action }, who);
}

function wayOutside({ action }: Pick<RbacPolicy, "action">, who: Who): Refusal | undefined {
  const denied = action === "access_as_external" && !isAdmin(who);
  return denied ? invalidInput("only an administrator can make a network external") : undefined;
}

const invalidAction = (action: string, type: keyof typeof SHAREABLE): Refusal => ({
  status: 400,
  type: "InvalidActionForType",
  message: `Invalid action '${action}' for object type '${type}'. Valid actions: (${SHAREABLE[type].actions.map((known) => `'${known}'`).join(", ")})`,
});

const DUPLICATE: Refusal = { status: 409, type: "DuplicateRbacPolicy", message: "An RBAC policy already exists with those values." };

function duplicate(cloud: Cloud, said: Omit<RbacPolicy, "id" | "project_id">): Refusal | undefined {
  return cloud.grants.of(said.object_id, said.action).has(said.target_tenant) ? DUPLICATE : undefined;
}

function update(cloud: Cloud, row: RbacPolicy, patch: RbacPolicyPatch, { who, fresh }: Ask): Result<Change<RbacPolicy>> {
  const next: RbacPolicy = { ...row, ...patch };
  if (next.target_tenant === row.target_tenant) return ok({ row });
  const wrong =
    wayOutside(row, who) ??
    duplicate(cloud, next) ??
    (next.target_tenant === EVERYBODY ? undefined : stillUsed(cloud, row, next.target_tenant));
  return wrong === undefined ? ok({ row: next, also: touchedObject(cloud, row, fresh) }) : refused(wrong);
}

function remove(cloud: Cloud, row: RbacPolicy, { fresh }: Ask): Result<readonly RowWrite[]> {
  const wrong = stillUsed(cloud, row);
  return wrong === undefined ? ok([removal("rbac_policy", row.id), ...touchedObject(cloud, row, fresh)]) : refused(wrong);
}

/** Does somebody depend on it, who is not the one that gets it instead? */
function stillUsed(cloud: Cloud, row: RbacPolicy, instead?: string): Refusal | undefined {
  const object = cloud.get(row.object_type, row.object_id);
  if (object === undefined) return undefined;
  // Only actions of its type were ever let in.
  const access = { type: row.object_type, object, action: row.action as AccessAction };
  if (!isStillUsed(cloud, access, { gone: new Set([row.id]), instead })) return undefined;
  return {
    status: 409,
    type: "RbacPolicyInUse",
    message: `RBAC policy on object ${row.object_id} cannot be removed because other objects depend on it.`,
  };
}

/** Sharing counts as a change of what is shared, where its changes are counted. */
function touchedObject(cloud: Cloud, { object_type: type, object_id: id }: RbacPolicy, fresh: Fresh): readonly RowWrite[] {
  const object = cloud.get(type, id);
  return object === undefined || !("revision_number" in object) ? [] : [write(type, id, touched(object, fresh))];
}
