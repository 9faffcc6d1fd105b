/**
 * /ports/{id}/bindings: how Nova moves a running VM. It binds the port to the new host as well, which makes everything
 * ready there; once the VM has come it activates that binding, and the former one is left INACTIVE and served no longer.
 */
import { mayNot } from "../policy/may.ts";
import type { Verb } from "../policy/may.ts";
import { readQuery } from "../resource/query.ts";
import { readCreate, readPatch, unwrap } from "../resource/read.ts";
import { render } from "../resource/render.ts";
import { matches } from "../resource/select.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest, ApiResponse } from "./api-types.ts";
import { ACTIVATE, binding } from "./binding.ts";
import type { Binding } from "./binding.ts";
import { bindingNotFound, notForMoving } from "./binding-refusals.ts";
import * as change from "./binding-changes.ts";
import type { Changed } from "./binding-changes.ts";
import type { Cloud } from "./cloud.ts";
import type { Decision, Fresh } from "./decision.ts";
import { bindingsOf, bindingOn } from "./port-binding.ts";
import { portTarget } from "./port-target.ts";
import type { Port } from "./port.ts";
import * as refusal from "./refusals.ts";
import type { Part } from "./rules.ts";

export const portBindings: Part<Port> = {
  answer: (cloud, { row, below: [host, ...more], request }) => {
    if (host === undefined) return onAll(cloud, row, request);
    if (more.length === 0) return onOne(cloud, row, { host, request });
    const activates = more.length === 1 && more[0] === "activate";
    if (!activates) return readAnswer(refused(refusal.notFound));
    if (request.method !== "PUT") return readAnswer(refused(refusal.methodNotAllowed));
    return writing(row, (port, state, fresh) => activated(state, port, { host, request, fresh }));
  },
};

function onAll(cloud: Cloud, port: Port, request: ApiRequest): ApiAnswer {
  if (request.method === "GET") return readAnswer(listed(cloud, port, request));
  if (request.method !== "POST") return readAnswer(refused(refusal.methodNotAllowed));
  return writing(port, (now, state, fresh) => created(state, now, { request, fresh }));
}

interface One {
  readonly host: string;
  readonly request: ApiRequest;
}

function onOne(cloud: Cloud, port: Port, { host, request }: One): ApiAnswer {
  switch (request.method) {
    case "GET":
      return readAnswer(shown(cloud, port, { host, request }));
    case "PUT":
      return writing(port, (now, state, fresh) => updated(state, now, { host, request, fresh }));
    case "DELETE":
      return writing(port, (now, state, fresh) => removed(state, now, { host, request, fresh }));
    default:
      return readAnswer(refused(refusal.methodNotAllowed));
  }
}

type Decided = Result<Decision<ApiResponse>>;

/** Decided on the port as it then is. */
function writing({ id }: Port, decide: (port: Port, state: Cloud, fresh: Fresh) => Decided): ApiAnswer {
  return {
    kind: "write",
    decide: (state, fresh) => {
      const port = state.get("port", id);
      return port === undefined ? refused(refusal.portNotFound(id)) : decide(port, state, fresh);
    },
  };
}

/** Whoever may not see bindings sees a port without any, as in Neutron. */
function listed(cloud: Cloud, port: Port, request: ApiRequest): Result<ApiResponse> {
  const query = readQuery(binding, request.query);
  if (!query.ok) return query;
  const seen = denied(cloud, port, { verb: "get", request }) === undefined ? bindingsOf(cloud, port) : [];
  const bindings = seen.filter((one) => matches(query.value, one)).map((one) => told(one, query.value.fields));
  return ok({ status: 200, body: { bindings } });
}

function shown(cloud: Cloud, port: Port, { host, request }: One): Result<ApiResponse> {
  const query = readQuery(binding, request.query);
  if (!query.ok) return query;
  const one = denied(cloud, port, { verb: "get", request }) === undefined ? bindingOn(cloud, port, host) : undefined;
  if (one === undefined) return refused(bindingNotFound({ port: port.id, host }));
  return ok({ status: 200, body: { binding: told(one, query.value.fields) } });
}

function told(one: Binding, fields: readonly string[] = []): object {
  return render(binding, one, { fields, hidden: NONE });
}

const NONE: ReadonlySet<string> = new Set();

interface Creating {
  readonly request: ApiRequest;
  readonly fresh: Fresh;
}

function created(cloud: Cloud, port: Port, { request, fresh }: Creating): Decided {
  const item = oneOf(request);
  if (!item.ok) return item;
  const input = readCreate(binding, item.value, request.who);
  if (!input.ok) return input;
  const wrong = denied(cloud, port, { verb: "create", request }) ?? immovable(port);
  if (wrong !== undefined) return refused(wrong);
  return answered(change.added(cloud, port, { input: input.value, fresh }), (one) => ({ status: 201, body: { binding: told(one) } }));
}

interface Changing extends One {
  readonly fresh: Fresh;
}

function updated(cloud: Cloud, port: Port, { host, request, fresh }: Changing): Decided {
  const item = oneOf(request);
  if (!item.ok) return item;
  const patch = readPatch(binding, item.value);
  if (!patch.ok) return patch;
  const wrong = denied(cloud, port, { verb: "update", request }) ?? immovable(port);
  if (wrong !== undefined) return refused(wrong);
  return answered(change.changed(cloud, port, { host, patch: patch.value, fresh }), (one) => ({
    status: 200,
    body: { binding: told(one) },
  }));
}

/** Neutron answers the binding without its name around it. */
function activated(cloud: Cloud, port: Port, { host, request, fresh }: Changing): Decided {
  const may = cloud.settings.policy.allows(ACTIVATE, request.who, portTarget(cloud, port, request.who));
  if (!may) return refused(refusal.forbidden(`rule:${ACTIVATE.name}`));
  const wrong = immovable(port);
  if (wrong !== undefined) return refused(wrong);
  return answered(change.activated(cloud, port, { host, fresh }), (one) => ({ status: 200, body: told(one) }));
}

/** Taking one away is not only for those that move: what is left over must be able to go. */
function removed(cloud: Cloud, port: Port, { host, request, fresh }: Changing): Decided {
  const wrong = denied(cloud, port, { verb: "delete", request });
  if (wrong !== undefined) return refused(wrong);
  return answered(change.removed(cloud, port, { host, fresh }), () => ({ status: 204 }));
}

function answered(changed: Result<Changed>, answer: (binding: Binding) => ApiResponse): Decided {
  return changed.ok ? ok({ writes: changed.value.writes, answer: answer(changed.value.binding) }) : changed;
}

function oneOf(request: ApiRequest): Result<Readonly<Record<string, unknown>>> {
  const body = unwrap(binding, request.body);
  if (!body.ok) return body;
  const [item] = body.value.items;
  if (body.value.bulk || item === undefined) return refused(refusal.badRequest("Unable to find 'binding' in request body"));
  return ok(item);
}

function denied(cloud: Cloud, port: Port, { verb, request: { who } }: { readonly verb: Verb; readonly request: ApiRequest }) {
  return mayNot(binding, { verb, who, target: portTarget(cloud, port, who), policy: cloud.settings.policy });
}

/** Only what runs somewhere can move. */
function immovable({ id, device_owner: owner }: Port): Refusal | undefined {
  return owner.startsWith("compute:") || owner.startsWith("manila:") ? undefined : notForMoving(id);
}
