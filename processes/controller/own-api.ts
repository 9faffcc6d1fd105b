/** What lies below /margay/v1 and is answered out of the cloud, and the document of the whole API. */
import { answerDoctor } from "#core/doctor/api.ts";
import { answerMargay } from "#core/rollout/api.ts";
import { readAnswer } from "#core/neutron/api-types.ts";
import { answerWhy } from "#core/why/api.ts";
import type { Said } from "#core/feed/item.ts";
import { openapi } from "#core/neutron/openapi.ts";
import { methodNotAllowed } from "#core/neutron/refusals.ts";
import { ok, refused } from "#core/result.ts";
import type { Part } from "#engine/api.ts";
import { ownVersion } from "../version.ts";

/** `said`: what agents reported last. */
export function ownApi(said: Said): Part {
  let document: object | undefined;
  const margay = answerMargay(said);
  return (cloud, request) => {
    if (request.path[0] === "doctor") return answerDoctor(cloud, request, said);
    if (request.path[0] === "why") return answerWhy(cloud, request, said);
    if (request.path.join("/") !== "openapi.json") return margay(cloud, request);
    if (request.method !== "GET") return readAnswer(refused(methodNotAllowed));
    document ??= openapi(ownVersion());
    return readAnswer(ok({ status: 200, body: document }));
  };
}
