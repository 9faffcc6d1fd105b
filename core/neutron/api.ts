/**
 * The Networking API v2.0, pure: a request and the cloud in, an answer or a decision out. Which resources there are is
 * said in routes.ts; what they have in common is here.
 */
import { taken } from "../policy/policy.ts";
import { refused } from "../result.ts";
import { list, show } from "./api-read.ts";
import { answerTags } from "./api-tags.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest } from "./api-types.ts";
import { act, create, remove, update } from "./api-write.ts";
import type { Cloud } from "./cloud.ts";
import { declarationOf, found } from "./look.ts";
import type { AnyRules } from "./look.ts";
import * as refusal from "./refusals.ts";
import { NESTED, ROUTES, SPECIAL } from "./routes.ts";

export function answer(cloud: Cloud, asked: ApiRequest): ApiAnswer {
  const request = { ...asked, path: plainPath(asked.path), who: taken(asked.who, cloud.settings) };
  const { rules, rest } = routed(request.path);
  const [first = ""] = request.path;
  if (rules === undefined) return SPECIAL.get(first)?.(cloud, request) ?? readAnswer(refused(refusal.notFound));
  return onResource(rules, cloud, { rest, request });
}

/** Whose path it is, and what follows the collection's own name: one segment, or two with a prefix such as `qos`. */
function routed(path: readonly string[]): { readonly rules: AnyRules | undefined; readonly rest: readonly string[] } {
  const plain = ROUTES.get(path[0] ?? "");
  if (plain !== undefined) return { rules: plain, rest: path.slice(1) };
  return { rules: ROUTES.get(path.slice(0, 2).join("/")), rest: path.slice(2) };
}

function onResource(
  rules: AnyRules,
  cloud: Cloud,
  { rest: [id, ...below], request }: { readonly rest: readonly string[]; readonly request: ApiRequest },
): ApiAnswer {
  if (id === undefined) return onCollection(rules, cloud, request);
  return below.length === 0 ? onItem(rules, cloud, { id, request }) : onPart(rules, cloud, { id, below, request });
}

/** A slash at the end means nothing, and `.json` says what is so anyway. */
function plainPath(path: readonly string[]): readonly string[] {
  const segments = path.at(-1) === "" ? path.slice(0, -1) : path;
  return segments.map((segment, at) => (at === segments.length - 1 ? segment.replace(/\.json$/, "") : segment));
}

function onCollection(rules: AnyRules, cloud: Cloud, request: ApiRequest): ApiAnswer {
  switch (request.method) {
    case "GET":
      return listing(rules, cloud, request);
    case "POST":
      return { kind: "write", decide: (state, fresh) => create(rules, state, { request, fresh }) };
    case "PUT":
    case "DELETE":
      // Neutron takes the missing id for one that it does not find.
      return readAnswer(refused(rules.notFound("None")));
    default:
      return readAnswer(refused(refusal.methodNotAllowed));
  }
}

/** A list is a write where the asker's own must be made first: its default security group. */
function listing(rules: AnyRules, cloud: Cloud, request: ApiRequest): ApiAnswer {
  const missing = rules.missing?.(cloud, request) ?? [];
  if (missing.length === 0) return readAnswer(list(rules, cloud, request));
  return {
    kind: "write",
    decide: (state, fresh) =>
      state.attempt((put) => {
        const writes = (rules.missing?.(state, request) ?? []).flatMap((project) => rules.provide?.(state, project, fresh) ?? []);
        put(writes);
        const answered = list(rules, state, request);
        return answered.ok ? { ok: true, value: { writes, answer: answered.value } } : answered;
      }),
  };
}

interface Part {
  readonly id: string;
  readonly below: readonly string[];
  readonly request: ApiRequest;
}

/** Tags of anything that can be tagged, member actions, resources that lie below another; what else there is, its rules answer. */
function onPart(rules: AnyRules, cloud: Cloud, { id, below, request }: Part): ApiAnswer {
  const [name = "", ...more] = below;
  if (name === "tags" && more.length <= 1 && "tags" in declarationOf(rules).attributes)
    return answerTags(rules, cloud, { id, tag: more[0], request });
  if (rules.actions?.[name] !== undefined && more.length === 0) return onAction(rules, { id, name, request });
  const nested = NESTED.get(`${declarationOf(rules).name}/${name}`);
  const part = rules.parts?.[name];
  if (nested === undefined && part === undefined) return readAnswer(refused(refusal.notFound));
  const row = found(rules, cloud, { id, request });
  if (!row.ok) return readAnswer(row);
  if (nested !== undefined) return onResource(nested, cloud, { rest: more, request: { ...request, parent: id } });
  return part?.answer(cloud, { row: row.value, below: more, request }) ?? readAnswer(refused(refusal.notFound));
}

function onAction(
  rules: AnyRules,
  { id, name, request }: { readonly id: string; readonly name: string; readonly request: ApiRequest },
): ApiAnswer {
  if (request.method !== "PUT") return readAnswer(refused(refusal.methodNotAllowed));
  return { kind: "write", decide: (state, fresh) => act(rules, state, { id, name, request, fresh }) };
}

function onItem(rules: AnyRules, cloud: Cloud, one: { readonly id: string; readonly request: ApiRequest }): ApiAnswer {
  switch (one.request.method) {
    case "GET":
      return readAnswer(show(rules, cloud, one));
    case "PUT":
      if (rules.update === undefined) return readAnswer(refused(refusal.methodNotAllowed));
      return { kind: "write", decide: (state, fresh) => update(rules, state, { ...one, fresh }) };
    case "DELETE":
      return { kind: "write", decide: (state, fresh) => remove(rules, state, { ...one, fresh }) };
    default:
      return readAnswer(refused(refusal.methodNotAllowed));
  }
}
