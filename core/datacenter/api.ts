/** Margay's own API: the data centre as it was applied last. */
import { readAnswer } from "../neutron/api-types.ts";
import type { ApiAnswer, ApiRequest } from "../neutron/api-types.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { forbidden, methodNotAllowed } from "../neutron/refusals.ts";
import { ok, refused } from "../result.ts";

/** `GET datacenter` */
export interface DataCenterBody {
  /** Null: none has been applied yet. */
  readonly datacenter: object | null;
}

export function answerDataCenter(cloud: Cloud, { method, who }: ApiRequest): ApiAnswer {
  if (method !== "GET") return readAnswer(refused(methodNotAllowed));
  if (!cloud.settings.policy.isAdmin(who)) return readAnswer(refused(forbidden("rule:get_datacenter")));
  const body: DataCenterBody = { datacenter: cloud.get("datacenter", "this") ?? null };
  return readAnswer(ok({ status: 200, body }));
}
