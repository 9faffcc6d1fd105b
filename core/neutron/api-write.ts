/** POST, PUT and DELETE of any resource, as decisions. */
import { mayNot } from "../policy/may.ts";
import { readCreate, readPatch, unwrap } from "../resource/read.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { ApiRequest, ApiResponse } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import type { Decision, Fresh, RowWrite } from "./decision.ts";
import { unmetCondition } from "./if-match.ts";
import { declarationOf, found, shown, targetOf } from "./look.ts";
import type { AnyRow, AnyRules } from "./look.ts";
import { checkQuota } from "./quota-limits.ts";
import * as refusal from "./refusals.ts";
import { committed } from "./released.ts";
import { touched, write } from "./rules.ts";
import type { Acted, Asking, Change } from "./rules.ts";

export interface Attempt {
  readonly request: ApiRequest;
  readonly fresh: Fresh;
}

type Input = Parameters<NonNullable<AnyRules["create"]>>[1];
type Decided = Result<Decision<ApiResponse>>;

/** One or several, all or none: each sees those before it. */
export function create(rules: AnyRules, cloud: Cloud, { request, fresh }: Attempt): Decided {
  const resource = declarationOf(rules);
  const body = unwrap(resource, request.body);
  if (!body.ok) return body;
  const inputs: Input[] = [];
  for (const item of body.value.items) {
    const input = readCreate(resource, item, request.who);
    if (!input.ok) return input;
    // Read by this very table's declaration.
    inputs.push(input.value as Input);
  }
  const wrong = rules.wrongTogether?.(inputs) ?? overQuota(rules, cloud, inputs);
  if (wrong !== undefined) return refused(wrong);
  const made = createAll(rules, cloud, { inputs, request, fresh });
  if (!made.ok) return made;
  const { writes, objects } = made.value;
  const answer = body.value.bulk ? { [resource.plural]: objects } : { [resource.name]: objects[0] };
  return ok({ writes: committed(cloud, writes, fresh), answer: { status: 201, body: answer } });
}

function overQuota(rules: AnyRules, cloud: Cloud, inputs: readonly Input[]): Refusal | undefined {
  const counts = new Map<string, number>();
  for (const input of inputs) {
    const project = ownerOf(input);
    if (project !== undefined) counts.set(project, (counts.get(project) ?? 0) + 1);
  }
  for (const [project, count] of counts) {
    const within = checkQuota(cloud, project, { table: rules.table, count });
    if (!within.ok) return within.refusal;
  }
  return undefined;
}

function ownerOf(input: Input): string | undefined {
  return "project_id" in input && typeof input.project_id === "string" ? input.project_id : undefined;
}

interface Made {
  readonly writes: readonly RowWrite[];
  readonly objects: readonly object[];
}

function createAll(rules: AnyRules, cloud: Cloud, all: Attempt & { readonly inputs: readonly Input[] }): Result<Made> {
  const { inputs, request, fresh } = all;
  return cloud.attempt((put) => {
    const writes: RowWrite[] = [];
    const objects: object[] = [];
    for (const input of inputs) {
      const made = createOne(rules, cloud, { input, request, fresh });
      if (!made.ok) return made;
      put(made.value.writes);
      writes.push(...made.value.writes);
      objects.push(shown(rules, cloud, { row: made.value.row, fields: [], request }));
    }
    return ok({ writes, objects });
  });
}

interface OneMade {
  readonly row: AnyRow;
  readonly writes: readonly RowWrite[];
}

function createOne(rules: AnyRules, cloud: Cloud, one: Attempt & { readonly input: Input }): Result<OneMade> {
  const { input, fresh } = one;
  const asking = askingOf(one.request);
  const target = rules.targetOfNew(cloud, input, asking);
  if (!target.ok) return target;
  const about = { target: { ...target.value, fields: input }, policy: cloud.settings.policy };
  const act = { verb: "create", who: asking.who, ...about, says: input } as const;
  const denied = mayNot(declarationOf(rules), act);
  if (denied !== undefined) return refused(denied);
  const made = rules.create?.(cloud, input, { ...asking, fresh }) ?? refused(refusal.methodNotAllowed);
  return made.ok ? ok({ row: made.value.row, writes: writesOf(rules, made.value) }) : made;
}

function writesOf(rules: AnyRules, { row, also = [] }: Change<AnyRow>): readonly RowWrite[] {
  return [...also, write(rules.table, rules.kept?.key(row) ?? row.id, row)];
}

interface OnOne extends Attempt {
  readonly id: string;
}

export function update(rules: AnyRules, cloud: Cloud, { id, request, fresh }: OnOne): Decided {
  const resource = declarationOf(rules);
  const body = unwrap(resource, request.body);
  if (!body.ok) return body;
  if (body.value.bulk) return refused(refusal.badRequest(`Unable to find '${resource.name}' in request body`));
  const [item] = body.value.items;
  const patch = readPatch(resource, item ?? {});
  if (!patch.ok) return patch;
  const row = found(rules, cloud, { id, request });
  if (!row.ok) return row;
  const asking = askingOf(request);
  const target = targetOf(rules, cloud, { row: { ...row.value, ...patch.value }, who: request.who });
  const denied =
    mayNot(resource, { verb: "update", who: request.who, target, policy: cloud.settings.policy, says: patch.value }) ??
    unmetCondition(request.ifMatch, row.value);
  if (denied !== undefined) return refused(denied);
  const change = rules.update?.(cloud, row.value, patch.value, { ...asking, fresh }) ?? refused(refusal.methodNotAllowed);
  return change.ok ? ok(updated(rules, cloud, { before: row.value, change: change.value, request, fresh })) : change;
}

interface Updating extends Attempt {
  readonly before: AnyRow;
  readonly change: Acted<AnyRow>;
}

/** Nothing is written, and no revision used up, where nothing is different. */
function updated(rules: AnyRules, cloud: Cloud, { before, change, request, fresh }: Updating): Decision<ApiResponse> {
  const same = change.counts !== true && JSON.stringify(before) === JSON.stringify(change.row);
  const row = same || !("revision_number" in change.row) ? change.row : touched(change.row, fresh);
  const writes = committed(cloud, same ? (change.also ?? []) : writesOf(rules, { ...change, row }), fresh);
  return cloud.attempt((put) => {
    put(writes);
    const body = change.answer ?? { [declarationOf(rules).name]: shown(rules, cloud, { row, fields: [], request }) };
    return { writes, answer: { status: 200, body } };
  });
}

/** A member action: whatever it changes, it answers 200. */
export function act(rules: AnyRules, cloud: Cloud, { id, name, request, fresh }: OnOne & { readonly name: string }): Decided {
  const row = found(rules, cloud, { id, request });
  if (!row.ok) return row;
  const action = rules.actions?.[name];
  if (action === undefined) return refused(refusal.notFound);
  const target = targetOf(rules, cloud, { row: row.value, who: request.who });
  if (!cloud.settings.policy.allows({ name, rule: action.may }, request.who, target)) return refused(refusal.forbidden(`rule:${name}`));
  const unmet = unmetCondition(request.ifMatch, row.value);
  if (unmet !== undefined) return refused(unmet);
  const acted = action.act(cloud, row.value, { ...askingOf(request), fresh, body: request.body });
  return acted.ok ? ok(updated(rules, cloud, { before: row.value, change: acted.value, request, fresh })) : acted;
}

export function remove(rules: AnyRules, cloud: Cloud, { id, request, fresh }: OnOne): Decided {
  if (request.body !== undefined) return refused(refusal.badRequest("Request body is not supported in DELETE."));
  const row = found(rules, cloud, { id, request });
  if (!row.ok) return row;
  const asking = askingOf(request);
  const target = targetOf(rules, cloud, { row: row.value, who: request.who });
  const denied =
    mayNot(declarationOf(rules), { verb: "delete", who: request.who, target, policy: cloud.settings.policy }) ??
    unmetCondition(request.ifMatch, row.value);
  if (denied !== undefined) return refused(denied);
  const writes = rules.delete?.(cloud, row.value, { ...asking, fresh }) ?? refused(refusal.methodNotAllowed);
  return writes.ok ? ok({ writes: committed(cloud, writes.value, fresh), answer: { status: 204 } }) : writes;
}

export function askingOf({ who, parent }: ApiRequest): Asking {
  return parent === undefined ? { who } : { who, parent };
}
