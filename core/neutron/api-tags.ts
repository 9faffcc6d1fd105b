/** /tags below any resource that can be tagged: all at once, or one by one. */
import { askedOfTags } from "../policy/may.ts";
import type { Verb } from "../policy/may.ts";
import { isObject } from "../resource/composites.ts";
import { tagList } from "../resource/tags.ts";
import { isWrong, reasonOf } from "../resource/type.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest, ApiResponse } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import type { Decision, Fresh } from "./decision.ts";
import { unmetCondition } from "./if-match.ts";
import { declarationOf, sees, targetOf } from "./look.ts";
import type { AnyRow, AnyRules } from "./look.ts";
import * as refusal from "./refusals.ts";
import { touched, write } from "./rules.ts";

/** Neutron's own limit. */
const MOST_TAGS = 50;

/** Too many for one object? */
export function wrongTags(tags: readonly string[]): Refusal | undefined {
  return tags.length > MOST_TAGS ? refusal.tooManyTags(MOST_TAGS) : undefined;
}

type Tagged = Extract<AnyRow, { readonly tags: readonly string[] }>;

/** Which object, and which of its tags: none named means all of them. */
export interface Tagging {
  readonly id: string;
  readonly tag: string | undefined;
  readonly request: ApiRequest;
}

export function answerTags(rules: AnyRules, cloud: Cloud, asked: Tagging): ApiAnswer {
  const { tag, request } = asked;
  if (request.method === "GET") return readAnswer(read(rules, cloud, asked));
  const change = tag === undefined ? changeOfAll(request) : changeOfOne(tag, request);
  if (change === undefined) return readAnswer(refused(refusal.methodNotAllowed));
  return { kind: "write", decide: (state, fresh) => decide(rules, state, { ...asked, change, fresh }) };
}

function read(rules: AnyRules, cloud: Cloud, { id, tag, request }: Tagging): Result<ApiResponse> {
  const row = tagged(rules, cloud, { id, request });
  if (!row.ok) return row;
  const denied = denial(rules, cloud, { row: row.value, request });
  if (denied !== undefined) return refused(denied);
  if (tag === undefined) return ok({ status: 200, body: { tags: row.value.tags } });
  return row.value.tags.includes(tag) ? ok({ status: 204 }) : refused(refusal.tagNotFound(tag));
}

/** The new tags, and what the client is told of them. */
interface Changed {
  readonly tags: readonly string[];
  readonly response: ApiResponse;
}

type Change = (before: readonly string[]) => Result<Changed>;

function changeOfAll({ method, body }: ApiRequest): Change | undefined {
  if (method === "DELETE") return () => ok({ tags: [], response: { status: 204 } });
  if (method !== "PUT" && method !== "POST") return undefined;
  return (before) => {
    const said = wordsOf(body);
    if (!said.ok) return said;
    const tags = method === "PUT" ? said.value : [...new Set([...before, ...said.value])].toSorted();
    return ok({ tags, response: { status: 200, body: { tags } } });
  };
}

function changeOfOne(tag: string, { method }: ApiRequest): Change | undefined {
  if (method === "PUT") {
    return (before) => {
      const word = wordsOf({ tags: [tag] });
      return word.ok ? ok({ tags: [...new Set([...before, tag])], response: { status: 201 } }) : word;
    };
  }
  if (method !== "DELETE") return undefined;
  return (before) =>
    before.includes(tag)
      ? ok({ tags: before.filter((word) => word !== tag), response: { status: 204 } })
      : refused(refusal.tagNotFound(tag));
}

function wordsOf(body: unknown): Result<readonly string[]> {
  if (!isObject(body) || body["tags"] === undefined) return refused(refusal.invalidInput("Invalid tags body"));
  const words = tagList.read(body["tags"]);
  return isWrong(words) ? refused(refusal.invalidInput(reasonOf(words))) : ok(words.value);
}

interface Deciding extends Tagging {
  readonly change: Change;
  readonly fresh: Fresh;
}

function decide(rules: AnyRules, cloud: Cloud, { id, request, change, fresh }: Deciding): Result<Decision<ApiResponse>> {
  const row = tagged(rules, cloud, { id, request });
  if (!row.ok) return row;
  const denied = denial(rules, cloud, { row: row.value, request }) ?? unmetCondition(request.ifMatch, row.value);
  if (denied !== undefined) return refused(denied);
  const changed = change(row.value.tags);
  if (!changed.ok) return changed;
  const tags = changed.value.tags.toSorted();
  const wrong = wrongTags(tags);
  if (wrong !== undefined) return refused(wrong);
  const same = tags.join("\0") === row.value.tags.join("\0") && tags.length === row.value.tags.length;
  const writes = same ? [] : [write(rules.table, id, touched({ ...row.value, tags }, fresh))];
  return ok({ writes, answer: changed.value.response });
}

const VERBS: Readonly<Record<string, Verb>> = { GET: "get", POST: "create", PUT: "update", DELETE: "delete" };

function denial(
  rules: AnyRules,
  cloud: Cloud,
  { row, request }: { readonly row: Tagged; readonly request: ApiRequest },
): Refusal | undefined {
  const asked = askedOfTags(declarationOf(rules), VERBS[request.method] ?? "update");
  const allowed = cloud.settings.policy.allows(asked, request.who, targetOf(rules, cloud, { row, who: request.who }));
  return allowed ? undefined : refusal.forbidden(`rule:${asked.name}`);
}

function tagged(rules: AnyRules, cloud: Cloud, { id, request }: { readonly id: string; readonly request: ApiRequest }): Result<Tagged> {
  const row = cloud.get(rules.table, id);
  if (row === undefined || !("tags" in row) || !sees(rules, cloud, { row, who: request.who }))
    return refused(refusal.tagResourceNotFound(declarationOf(rules).name, id));
  return ok(row);
}
