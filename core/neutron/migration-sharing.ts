/**
 * From version 1 to 2: whether a network is shared or leads outside was kept in its row; now RBAC policies say so, because
 * it depends on who looks.
 */
import type { Fresh, RowWrite } from "./decision.ts";
import { EVERYBODY } from "./rbac-policy.ts";
import type { RbacPolicy } from "./rbac-policy.ts";
import type { RowsByKey } from "./migrations.ts";
import type { AccessAction } from "./sharing.ts";

/** What version 1 kept under a network's key. */
interface OldNetwork {
  readonly id: string;
  readonly project_id: string;
  readonly shared?: boolean;
  readonly "router:external"?: boolean;
}

export function sharingBecomesPolicies(rows: RowsByKey, fresh: Fresh): readonly RowWrite[] {
  return [...rows].flatMap(([key, row]) => (key.startsWith("network/") ? writesFor(key, row as OldNetwork, fresh) : []));
}

function writesFor(
  key: string,
  { shared = false, "router:external": external = false, ...row }: OldNetwork,
  fresh: Fresh,
): readonly RowWrite[] {
  const policies = [
    ...(shared ? [policyOf(row, "access_as_shared", fresh)] : []),
    ...(external ? [policyOf(row, "access_as_external", fresh)] : []),
  ];
  return [{ key, row }, ...policies.map((policy) => ({ key: `rbac_policy/${policy.id}`, row: policy }))];
}

function policyOf({ id, project_id }: Pick<OldNetwork, "id" | "project_id">, action: AccessAction, fresh: Fresh): RbacPolicy {
  return { id: fresh.uuid(), project_id, object_type: "network", object_id: id, target_tenant: EVERYBODY, action };
}
