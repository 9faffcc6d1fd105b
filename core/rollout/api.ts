/**
 * Margay's own API: applying a data centre, and how the change goes. A document is sent as it stands in the file (plain data), and is
 * read here, by the one reader there is.
 */
import { answerDataCenter } from "../datacenter/api.ts";
import type { Difference } from "../datacenter/apply-difference.ts";
import type { Said } from "../feed/item.ts";
import { readDataCenter } from "../datacenter/read.ts";
import { showPath } from "../datacenter/source.ts";
import type { Finding } from "../datacenter/source.ts";
import { readAnswer } from "../neutron/api-types.ts";
import type { ApiAnswer, ApiRequest, ApiResponse } from "../neutron/api-types.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { badRequest, forbidden, methodNotAllowed, notFound } from "../neutron/refusals.ts";
import { isObject } from "../resource/composites.ts";
import { ok, refused } from "../result.ts";
import type { Refusal } from "../result.ts";
import { answerGateways } from "./api-gateways.ts";
import { beginRollout, judge } from "./decisions.ts";
import type { Begun } from "./decisions.ts";
import { fabricDifference } from "./difference.ts";
import { isUnderWay } from "./rollout.ts";
import type { Rollout } from "./rollout.ts";
import { amissBefore, missingIn } from "./standing.ts";

/** `POST apply` */
export interface ApplyBody {
  readonly document: unknown;
  /** Say what would change, and change nothing. */
  readonly dry_run: boolean;
  /** Seconds within which it must be confirmed once it stands; else it goes back. Absent: nobody has to. */
  readonly confirm?: number;
}

/** Its answer. */
export interface AppliedBody extends Omit<Begun, "change"> {
  /** Of the cloud, of sessions, of machines. */
  readonly difference: Difference;
  readonly dry_run: boolean;
  /** Is more to be done than has been? Then `GET rollout` tells how it goes. */
  readonly under_way: boolean;
}

/** Beside the error, where the document itself is wrong. */
export interface Problem {
  /** `hosts[1].ipv4` */
  readonly path: string;
  readonly message: string;
}

/** `GET rollout`: null where there has been none. */
export interface RolloutBody {
  readonly rollout:
    | null
    | (Pick<Rollout, "state" | "until" | "reason"> & { readonly stages_left: number; readonly missing: readonly string[] });
}

/** Below /margay/v1. `said`: what agents reported last. */
export function answerMargay(said: Said): (cloud: Cloud, request: ApiRequest) => ApiAnswer {
  return (cloud, request) => {
    const place = request.path.join("/");
    if (place === "datacenter") return answerDataCenter(cloud, request);
    if (request.path[0] === "gateways") return answerGateways(cloud, request, said);
    if (place !== "apply" && place !== "rollout") return refuse(notFound);
    const methods = place === "apply" ? ["POST"] : ["GET", "POST"];
    if (!methods.includes(request.method)) return refuse(methodNotAllowed);
    if (!cloud.settings.policy.isAdmin(request.who))
      return refuse(forbidden(request.method === "GET" ? "rule:get_rollout" : "rule:apply_datacenter"));
    if (place === "apply") return apply(request, said);
    return request.method === "GET" ? readAnswer(ok({ status: 200, body: shown(cloud, said) })) : judged(request, said);
  };
}

function apply({ body, who }: ApiRequest, said: Said): ApiAnswer {
  if (!isObject(body) || !("document" in body)) return refuse(badRequest("Unable to find 'document' in request body"));
  const { document, dry_run: dry = false, confirm } = body;
  if (typeof dry !== "boolean") return refuse(badRequest("Invalid input for dry_run. Reason: it is neither true nor false."));
  if (!isSeconds(confirm))
    return refuse(badRequest(`Invalid input for confirm. Reason: it is no whole number of seconds from 1 to ${LONGEST_CONFIRM}.`));
  const reading = readDataCenter(document);
  if (!reading.ok) return readAnswer(ok(wrongDocument(reading.findings)));
  const datacenter = reading.value;
  return {
    kind: "write",
    decide: (cloud, fresh) => {
      const before = amissBefore(cloud.get("datacenter", "this"), datacenter, said);
      const begin = { datacenter, project: who.project, before, ...(confirm !== undefined && { confirm }) };
      const decided = beginRollout(cloud, begin, fresh);
      if (!decided.ok) return decided;
      const writes = dry ? [] : decided.value.writes;
      const under_way = writes.some(({ key }) => key === "rollout/this");
      const { change, ...begun } = decided.value.answer;
      const answer: AppliedBody = { ...begun, dry_run: dry, under_way };
      return ok({ writes, answer: { status: 200, body: answer, ...(change && { rest: () => withFabric(answer, change) }) } });
    },
  };
}

function* withFabric(answer: AppliedBody, { before, after }: NonNullable<Begun["change"]>): Generator<undefined, ApiResponse> {
  const fabric = yield* fabricDifference(before, after);
  const body: AppliedBody = { ...answer, difference: [...answer.difference, ...fabric] };
  return { status: 200, body };
}

const LONGEST_CONFIRM = 86_400;

function isSeconds(confirm: unknown): confirm is number | undefined {
  return confirm === undefined || (Number.isInteger(confirm) && Number(confirm) >= 1 && Number(confirm) <= LONGEST_CONFIRM);
}

function judged({ body }: ApiRequest, said: Said): ApiAnswer {
  const action = isObject(body) ? body["action"] : undefined;
  if (action !== "confirm" && action !== "back")
    return refuse(badRequest("Invalid input for action. Reason: it is neither confirm nor back."));
  return {
    kind: "write",
    decide: (cloud, fresh) => {
      const decided = judge(cloud, action, fresh);
      if (!decided.ok) return decided;
      const { writes, answer } = decided.value;
      return ok({ writes, answer: { status: 200, body: bodyOf(cloud, answer, said) } });
    },
  };
}

function shown(cloud: Cloud, said: Said): RolloutBody {
  return bodyOf(cloud, cloud.get("rollout", "this"), said);
}

function bodyOf(cloud: Cloud, rollout: Rollout | undefined, said: Said): RolloutBody {
  if (rollout === undefined) return { rollout: null };
  const { state, until, reason, stages, absent, amiss } = rollout;
  const datacenter = cloud.get("datacenter", "this");
  const missing = datacenter === undefined || !isUnderWay(rollout) ? [] : missingIn(datacenter, { said, revision: 0, absent });
  const now = missing.filter((one) => !amiss.includes(one));
  return { rollout: { state, until, ...(reason !== undefined && { reason }), stages_left: stages.length, missing: now } };
}

function wrongDocument(findings: readonly Finding[]): ApiResponse {
  const problems: readonly Problem[] = findings.map(({ path, message }) => ({ path: showPath(path), message }));
  const message = `Cannot apply the data centre: ${problems.length === 1 ? problems[0]?.message : `${problems.length} problems in the document`}`;
  return { status: 400, body: { NeutronError: { type: "InvalidDataCenter", message, detail: "" }, problems } };
}

function refuse(refusal: Refusal): ApiAnswer {
  return readAnswer(refused(refusal));
}
