/** `GET /margay/v1/why/ADDRESS` or `…/why/PORT`: what the cloud knows of it. For administrators: it tells of hosts. */
import { readAnswer } from "../neutron/api-types.ts";
import type { ApiAnswer, ApiRequest } from "../neutron/api-types.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { forbidden, methodNotAllowed, notFound } from "../neutron/refusals.ts";
import { ok, refused } from "../result.ts";
import { recordsOf } from "./records-of.ts";
import type { Said } from "../feed/item.ts";

/** The request's path begins with `why`. */
export function answerWhy(cloud: Cloud, request: ApiRequest, said: Said): ApiAnswer {
  const [, asked, ...more] = request.path;
  if (asked === undefined || more.length > 0) return readAnswer(refused(notFound));
  if (request.method !== "GET") return readAnswer(refused(methodNotAllowed));
  if (!cloud.settings.policy.isAdmin(request.who)) return readAnswer(refused(forbidden("rule:get_why")));
  const records = recordsOf(cloud, { asked, now: request.now, said });
  return readAnswer(records.ok ? ok({ status: 200, body: records.value }) : records);
}
