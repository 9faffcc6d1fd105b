/**
 * Margay's own API: the data centre as it is applied, and applying one. A document is sent as it stands in the file (plain
 * data), and is read here, by the one reader there is.
 */
import { readAnswer } from "../neutron/api-types.ts";
import type { ApiAnswer, ApiRequest, ApiResponse } from "../neutron/api-types.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { badRequest, forbidden, methodNotAllowed, notFound } from "../neutron/refusals.ts";
import { isObject } from "../resource/composites.ts";
import { ok, refused } from "../result.ts";
import type { Refusal } from "../result.ts";
import { decideApply } from "./apply.ts";
import type { Difference } from "./apply-difference.ts";
import { readDataCenter } from "./read.ts";
import { showPath } from "./source.ts";
import type { Finding } from "./source.ts";

/** `GET datacenter` */
export interface DataCenterBody {
  /** Null: none has been applied yet. */
  readonly datacenter: object | null;
}

/** `POST apply` */
export interface ApplyBody {
  readonly document: unknown;
  /** Say what would change, and change nothing. */
  readonly dry_run: boolean;
}

/** Its answer. */
export interface AppliedBody {
  readonly difference: Difference;
  readonly dry_run: boolean;
}

/** Beside the error, where the document itself is wrong. */
export interface Problem {
  /** `hosts[1].ipv4` */
  readonly path: string;
  readonly message: string;
}

/** Below /margay/v1. */
export function answerMargay(cloud: Cloud, request: ApiRequest): ApiAnswer {
  const place = request.path.join("/");
  if (place !== "datacenter" && place !== "apply") return refuse(notFound);
  if (request.method !== (place === "apply" ? "POST" : "GET")) return refuse(methodNotAllowed);
  if (!cloud.settings.policy.isAdmin(request.who))
    return refuse(forbidden(place === "apply" ? "rule:apply_datacenter" : "rule:get_datacenter"));
  return place === "apply" ? apply(request) : readAnswer(ok({ status: 200, body: shown(cloud) }));
}

function shown(cloud: Cloud): DataCenterBody {
  return { datacenter: cloud.get("datacenter", "this") ?? null };
}

function apply({ body, who }: ApiRequest): ApiAnswer {
  if (!isObject(body) || !("document" in body)) return refuse(badRequest("Unable to find 'document' in request body"));
  const { document, dry_run: dry = false } = body;
  if (typeof dry !== "boolean") return refuse(badRequest("Invalid input for dry_run. Reason: it is neither true nor false."));
  const datacenter = readDataCenter(document);
  if (!datacenter.ok) return readAnswer(ok(wrongDocument(datacenter.findings)));
  return {
    kind: "write",
    decide: (cloud, fresh) => {
      const decided = decideApply(cloud, { datacenter: datacenter.value, project: who.project }, fresh);
      if (!decided.ok) return decided;
      const answer: AppliedBody = { difference: decided.value.answer, dry_run: dry };
      return ok({ writes: dry ? [] : decided.value.writes, answer: { status: 200, body: answer } });
    },
  };
}

function wrongDocument(findings: readonly Finding[]): ApiResponse {
  const problems: readonly Problem[] = findings.map(({ path, message }) => ({ path: showPath(path), message }));
  const message = `Cannot apply the data centre: ${problems.length === 1 ? problems[0]?.message : `${problems.length} problems in the document`}`;
  return { status: 400, body: { NeutronError: { type: "InvalidDataCenter", message, detail: "" }, problems } };
}

function refuse(refusal: Refusal): ApiAnswer {
  return readAnswer(refused(refusal));
}
