/** `GET /margay/v1/doctor`: what is judged of the cloud. For administrators: it tells of everybody's ports. */
import { readAnswer } from "../neutron/api-types.ts";
import type { ApiAnswer, ApiRequest } from "../neutron/api-types.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { forbidden, methodNotAllowed, notFound } from "../neutron/refusals.ts";
import { ok, refused } from "../result.ts";
import { cloudFactsOf } from "./cloud-facts-of.ts";
import type { Asking } from "./cloud-facts-of.ts";

/** The request's path begins with `doctor`. */
export function answerDoctor(cloud: Cloud, request: ApiRequest, said: Asking["said"]): ApiAnswer {
  if (request.path.length > 1) return readAnswer(refused(notFound));
  if (request.method !== "GET") return readAnswer(refused(methodNotAllowed));
  if (!cloud.settings.policy.isAdmin(request.who)) return readAnswer(refused(forbidden("rule:get_doctor")));
  return readAnswer(ok({ status: 200, body: cloudFactsOf(cloud, { now: request.now, said }) }));
}
