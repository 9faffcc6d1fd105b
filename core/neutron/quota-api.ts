/** /quotas: limits that hold, limits that are set, and what is used of them. The last part of the URL is a project. */
import type { Who } from "../policy/who.ts";
import { readPatch, refusalOf, unwrap } from "../resource/read.ts";
import { flag } from "../resource/scalars.ts";
import { isWrong } from "../resource/type.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest, ApiResponse } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import type { Decision } from "./decision.ts";
import { defaultLimits, limitsOf, usedOf } from "./quota-limits.ts";
import { LIMITED, quota } from "./quota.ts";
import type { Limited, Limits } from "./quota.ts";
import { badRequest, forbidden, methodNotAllowed, notFound } from "./refusals.ts";

/** `request.path` begins with `quotas`. */
export function answerQuota(cloud: Cloud, request: ApiRequest): ApiAnswer {
  const [, project, view] = request.path;
  if (request.path.length > 3) return told(refused(notFound));
  if (project === undefined) return told(listed(cloud, request));
  if (view === undefined && request.method === "PUT") return { kind: "write", decide: (state) => set(state, project, request) };
  if (view === undefined && request.method === "DELETE") return { kind: "write", decide: (state) => reset(state, project, request.who) };
  return told(request.method === "GET" ? shown(cloud, request.who, { project, view }) : refused(methodNotAllowed));
}

function told(result: Result<unknown>): ApiAnswer {
  return readAnswer(result.ok ? ok({ status: 200, body: result.value }) : result);
}

/** Projects that have limits of their own. */
function listed(cloud: Cloud, { method, who }: ApiRequest): Result<unknown> {
  if (method === "POST") return refused(notMade);
  if (method !== "GET") return refused(methodNotAllowed);
  const denied = denial(cloud, "get", { who });
  if (denied !== undefined) return refused(denied);
  const projects = [...cloud.all("quota")].map((row) => row.project_id).toSorted();
  return ok({ quotas: projects.map((project) => ({ ...limitsOf(cloud, project), project_id: project, tenant_id: project })) });
}

interface Asked {
  readonly project: string;
  readonly view: string | undefined;
}

function shown(cloud: Cloud, who: Who, { project, view }: Asked): Result<unknown> {
  // Which project am I? neutronclient asks this way.
  if (view === undefined && project === "tenant") return ok({ tenant: { tenant_id: who.project } });
  if (view === undefined && project === "project") return ok({ project: { project_id: who.project } });
  const denied = who.project === project ? undefined : denial(cloud, "get", { who, project });
  if (denied !== undefined) return refused(denied);
  if (view === undefined) return ok({ quota: limitsOf(cloud, project) });
  if (view === "default") return ok({ quota: defaultLimits(cloud) });
  return view === "details" ? ok({ quota: details(cloud, project) }) : refused(notFound);
}

function details(cloud: Cloud, project: string): Readonly<Record<string, unknown>> {
  const limits = limitsOf(cloud, project);
  // Nothing is ever reserved: what is decided is there.
  return Object.fromEntries(LIMITED.map((name) => [name, { limit: limits[name], used: usedOf(cloud, project, name), reserved: 0 }]));
}

function set(cloud: Cloud, project: string, { who, body }: ApiRequest): Result<Decision<ApiResponse>> {
  const denied = denial(cloud, "update", { who, project });
  if (denied !== undefined) return refused(denied);
  const said = readLimits(body);
  if (!said.ok) return said;
  const below = said.value.force ? undefined : belowUse(cloud, project, said.value.limits);
  if (below !== undefined) return refused(below);
  const row = { ...cloud.get("quota", project), ...said.value.limits, project_id: project };
  const { project_id: _, ...own } = row;
  return ok({ writes: [{ key: `quota/${project}`, row }], answer: { status: 200, body: { quota: { ...defaultLimits(cloud), ...own } } } });
}

interface Said {
  readonly limits: Partial<Limits>;
  /** Also below what is in use. */
  readonly force: boolean;
}

function readLimits(body: unknown): Result<Said> {
  const unwrapped = unwrap(quota, body);
  if (!unwrapped.ok) return unwrapped;
  const [item = {}] = unwrapped.value.items;
  // `check_limit` asks for what is done anyway.
  const { force, check_limit: _, ...rest } = item;
  const forced = force === undefined ? { value: false } : flag.read(force);
  if (isWrong(forced)) return refused(refusalOf("force", forced));
  const limits = readPatch(quota, rest);
  return limits.ok ? ok({ limits: limits.value, force: forced.value }) : limits;
}

function belowUse(cloud: Cloud, project: string, limits: Partial<Limits>): Refusal | undefined {
  const over = LIMITED.find((name) => isBelow(limits[name], usedOf(cloud, project, name)));
  return over === undefined ? undefined : tooLow(over, limits[over] ?? 0, usedOf(cloud, project, over));
}

function isBelow(limit: number | undefined, used: number): boolean {
  return limit !== undefined && limit >= 0 && limit < used;
}

function tooLow(name: Limited, limit: number, used: number): Refusal {
  return badRequest(`Quota limit ${limit} for ${name} must be greater than or equal to already used ${used}.`);
}

function reset(cloud: Cloud, project: string, who: Who): Result<Decision<ApiResponse>> {
  const denied = denial(cloud, "delete", { who, project });
  if (denied !== undefined) return refused(denied);
  if (cloud.get("quota", project) === undefined) return refused(noQuota(project));
  return ok({ writes: [{ key: `quota/${project}` }], answer: { status: 204 } });
}

interface Denying {
  readonly who: Who;
  readonly project?: string;
}

/** What may be done with a project's quota; of no project: with everybody's. */
function denial(cloud: Cloud, verb: "get" | "update" | "delete", { who, project }: Denying): Refusal | undefined {
  const asked = { name: `${verb}_quota`, rule: quota.may[verb] ?? [] };
  return cloud.settings.policy.allows(asked, who, { owner: project ?? "" }) ? undefined : forbidden(`rule:${asked.name}`);
}

/** Neutron answers 501, as if it were yet to come. */
const notMade: Refusal = { status: 405, type: "HTTPMethodNotAllowed", message: "Quotas are not created: PUT the limits of a project." };

const noQuota = (project: string): Refusal => ({
  status: 404,
  type: "TenantQuotaNotFound",
  message: `Quota for project ${project} could not be found.`,
});
