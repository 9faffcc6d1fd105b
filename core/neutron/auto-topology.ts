/**
 * /auto-allocated-topology: for who does not care, a network with subnets from the default pools, and a router that leads
 * from them to the default external network. Made when it is first asked for, once for each project.
 */
import type { Asked } from "../policy/policy.ts";
import { ADMIN_OR_OWNER } from "../policy/rule.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest, ApiResponse } from "./api-types.ts";
import type { Attempt } from "./api-write.ts";
import { buildTopology, defaultExternal, defaultPools, endTopology } from "./auto-topology-parts.ts";
import type { Cloud } from "./cloud.ts";
import type { Decision } from "./decision.ts";
import { badResource, forbidden, methodNotAllowed, notFound } from "./refusals.ts";
import { committed } from "./released.ts";

/** Kept under `topology/PROJECT`. */
export interface Topology {
  readonly network_id: string;
  readonly router_id: string;
}

export const GET_TOPOLOGY: Asked = { name: "get_auto_allocated_topology", rule: ["admin", "reader@owner"] };
export const DELETE_TOPOLOGY: Asked = { name: "delete_auto_allocated_topology", rule: ADMIN_OR_OWNER };

/** `request.path` begins with `auto-allocated-topology`; behind it a project, or what clients send for their own. */
export function answerTopology(cloud: Cloud, request: ApiRequest): ApiAnswer {
  const [, named, more] = request.path;
  if (named === undefined || more !== undefined) return readAnswer(refused(notFound));
  const project = named === "null" || named === "None" ? request.who.project : named;
  if (request.method === "GET") return got(cloud, project, request);
  if (request.method !== "DELETE") return readAnswer(refused(methodNotAllowed));
  return { kind: "write", decide: (state, fresh) => ended(state, project, { request, fresh }) };
}

function got(cloud: Cloud, project: string, request: ApiRequest): ApiAnswer {
  const fields = request.query.filter(([name]) => name === "fields").map(([, value]) => value);
  const denied = denial(cloud, GET_TOPOLOGY, { project, request });
  if (denied !== undefined) return readAnswer(refused(denied));
  if (fields.includes("dry-run")) return readAnswer(checked(cloud, project, request));
  if (fields.length > 0) return readAnswer(refused(badResource("auto_allocate", "Unrecognized field")));
  const there = topologyOf(cloud, project);
  if (there !== undefined) return readAnswer(told(project, there.network_id));
  return { kind: "write", decide: (state, fresh) => made(state, project, { request, fresh }) };
}

interface Deed {
  readonly project: string;
  readonly request: ApiRequest;
}

function denial(cloud: Cloud, asked: Asked, { project, request: { who } }: Deed): Refusal | undefined {
  return cloud.settings.policy.allows(asked, who, { owner: project }) ? undefined : forbidden(`rule:${asked.name}`);
}

/** What was made and is still whole: who deletes a part of it by hand gets another one. */
function topologyOf(cloud: Cloud, project: string): Topology | undefined {
  const topology = cloud.get("topology", project);
  if (topology === undefined || cloud.get("network", topology.network_id) === undefined) return undefined;
  return cloud.get("router", topology.router_id) === undefined ? undefined : topology;
}

function told(project: string, id: string): Result<ApiResponse> {
  return ok({ status: 200, body: { auto_allocated_topology: { id, tenant_id: project, project_id: project } } });
}

/** Could it be made? */
function checked(cloud: Cloud, project: string, { who }: ApiRequest): Result<ApiResponse> {
  const external = defaultExternal(cloud, who);
  if (!external.ok) return external;
  const pools = defaultPools(cloud, who);
  return pools.ok ? told(project, "dry-run=pass") : pools;
}

function made(cloud: Cloud, project: string, { request, fresh }: Attempt): Result<Decision<ApiResponse>> {
  const there = topologyOf(cloud, project);
  const built = there === undefined ? buildTopology(cloud, project, { request, fresh }) : ok({ writes: [], answer: there });
  if (!built.ok) return built;
  const { writes, answer: topology } = built.value;
  const answer = told(project, topology.network_id);
  if (!answer.ok) return answer;
  const row = there === undefined ? [{ key: `topology/${project}`, row: topology }] : [];
  return ok({ writes: committed(cloud, [...writes, ...row], fresh), answer: answer.value });
}

function ended(cloud: Cloud, project: string, { request, fresh }: Attempt): Result<Decision<ApiResponse>> {
  const denied = denial(cloud, DELETE_TOPOLOGY, { project, request });
  if (denied !== undefined) return refused(denied);
  const topology = cloud.get("topology", project);
  if (topology === undefined) return ok({ writes: [], answer: { status: 204 } });
  const writes = endTopology(cloud, topology, { request, fresh });
  if (!writes.ok) return writes;
  return ok({ writes: committed(cloud, [...writes.value, { key: `topology/${project}` }], fresh), answer: { status: 204 } });
}
