/** The paths of the OpenAPI document that are no collection of rows: what is counted, computed or told of the server itself. */
import { answered, operation, pathParameter, pathsOf, READING, WRITING } from "./openapi-paths.ts";
import type { Paths } from "./openapi-paths.ts";
import { reference, schemasOf } from "./openapi-schemas.ts";
import type { Json } from "./openapi-schemas.ts";
import { availabilityZone } from "./availability-zone.ts";
import { floatingIpPool } from "./floating-ip-pools.ts";
import { networkIpAvailability } from "./ip-availability.ts";
import { serviceProvider } from "./service-provider.ts";

/** Told by declarations, but kept in no table. */
export const TOLD = [availabilityZone, floatingIpPool, networkIpAvailability, serviceProvider] as const;

const OBJECT = { type: "object" };

function collectionOnly(path: string, resource: (typeof TOLD)[number]): Paths {
  const all = pathsOf(resource, { path, parents: [], actions: [] });
  return { [path]: all[path] ?? {} };
}

function got(id: string, summary: string, schema: Json, parameters: readonly Json[] = []): Json {
  return { get: operation({ id, summary, tag: "server", parameters, answers: { 200: answered(summary, schema) }, errors: READING }) };
}

const project = pathParameter("project_id");

const QUOTA = { type: "object", properties: { quota: reference("quota") }, required: ["quota"] };

const quotas: Paths = {
  "/v2.0/quotas": {
    get: operation({
      id: "list_quotas",
      summary: "Projects that have limits of their own.",
      tag: "quota",
      answers: { 200: answered("Their limits.", { type: "object", properties: { quotas: { type: "array", items: reference("quota") } } }) },
      errors: READING,
      policy: "get_quota",
    }),
  },
  "/v2.0/quotas/{project_id}": {
    get: operation({
      id: "show_quota",
      summary: "Limits that hold for the project.",
      tag: "quota",
      parameters: [project],
      answers: { 200: answered("They.", QUOTA) },
      errors: READING,
      policy: "get_quota",
    }),
    put: operation({
      id: "update_quota",
      summary: "Sets limits of the project; not below what it has, unless forced.",
      tag: "quota",
      parameters: [project],
      body: { type: "object", properties: { quota: reference("quota_update") }, required: ["quota"] },
      answers: { 200: answered("What holds now.", QUOTA) },
      errors: WRITING,
      policy: "update_quota",
    }),
    delete: operation({
      id: "delete_quota",
      summary: "Back to the defaults.",
      tag: "quota",
      parameters: [project],
      answers: { 204: answered("So it is.") },
      errors: WRITING,
      policy: "delete_quota",
    }),
  },
  "/v2.0/quotas/{project_id}/default": got("show_default_quota", "Limits of projects of which nothing else was said.", QUOTA, [project]),
  "/v2.0/quotas/{project_id}/details": got("show_quota_details", "Limits, and what the project has.", OBJECT, [project]),
};

/** By the first part of their paths below /v2.0, as the router has them. */
export const SPECIAL_PATHS: Readonly<Record<string, Paths>> = {
  "": { "/v2.0/": got("show_version", "The resources of this version.", OBJECT) },
  extensions: {
    "/v2.0/extensions": got("list_extensions", "What this server can do besides the least.", OBJECT),
    "/v2.0/extensions/{alias}": got("show_extension", "One of them.", OBJECT, [pathParameter("alias")]),
  },
  quotas,
  availability_zones: collectionOnly("/v2.0/availability_zones", availabilityZone),
  "service-providers": collectionOnly("/v2.0/service-providers", serviceProvider),
  "network-ip-availabilities": pathsOf(networkIpAvailability, { path: "/v2.0/network-ip-availabilities", parents: [], actions: [] }),
  floatingip_pools: collectionOnly("/v2.0/floatingip_pools", floatingIpPool),
  "auto-allocated-topology": {
    "/v2.0/auto-allocated-topology/{project_id}": {
      ...got("show_auto_allocated_topology", "A network with a way outside, made where there is none.", OBJECT, [project]),
      delete: operation({
        id: "delete_auto_allocated_topology",
        summary: "Without what was made so.",
        tag: "server",
        parameters: [project],
        answers: { 204: answered("It is gone.") },
        errors: WRITING,
        policy: "delete_auto_allocated_topology",
      }),
    },
  },
  qos: {
    "/v2.0/qos/rule-types": got("list_qos_rule_types", "Limits that hosts can hold.", OBJECT),
    "/v2.0/qos/rule-types/{type}": got("show_qos_rule_type", "What can be said of one.", OBJECT, [pathParameter("type")]),
  },
};

export const TOLD_SCHEMAS: Readonly<Record<string, Json>> = Object.assign({}, ...TOLD.map((resource) => schemasOf(resource))) as Readonly<
  Record<string, Json>
>;

const nobody = { security: [] };

/** Beside the Networking API: Margay's own, and what is told to anybody. */
export const OWN_PATHS: Paths = {
  "/": {
    get: {
      ...operation({
        id: "list_versions",
        summary: "Versions of the API.",
        tag: "server",
        answers: { 200: answered("They.", OBJECT) },
        errors: [429, 503],
      }),
      ...nobody,
    },
  },
  "/healthcheck": {
    get: {
      ...operation({
        id: "healthcheck",
        summary: "Does it answer?",
        tag: "server",
        answers: { 200: answered("It does.", { type: "string" }) },
        errors: [429, 503],
      }),
      ...nobody,
    },
  },
  "/healthz": {
    get: {
      ...operation({
        id: "show_health",
        summary: "Can it do its work?",
        tag: "server",
        answers: { 200: answered("It can.", reference("health")), 503: answered("It cannot, or has too much to do.", reference("health")) },
        errors: [429],
      }),
      ...nobody,
    },
  },
  "/margay/v1/openapi.json": got("show_openapi", "This document.", OBJECT),
  "/margay/v1/datacenter": got("show_datacenter", "The data centre as it was applied last; null: none was.", OBJECT),
  "/margay/v1/apply": {
    post: operation({
      id: "apply_datacenter",
      summary: "Makes a data centre so, or says what would change.",
      tag: "server",
      body: {
        type: "object",
        properties: { document: OBJECT, dry_run: { type: "boolean", default: false }, confirm: { type: "integer", minimum: 1 } },
        required: ["document"],
      },
      answers: {
        200: answered("What changed, or would.", {
          type: "object",
          properties: {
            difference: { type: "array", items: OBJECT },
            stages: { type: "integer" },
            ahead: { type: "array", items: { type: "string" } },
            dry_run: { type: "boolean" },
            under_way: { type: "boolean" },
          },
        }),
      },
      errors: WRITING,
    }),
  },
  "/margay/v1/rollout": {
    ...got("show_rollout", "How the last change of the data centre goes, or went; null: there was none.", OBJECT),
    post: operation({
      id: "judge_rollout",
      summary: "Confirms a change that stands, or takes it back.",
      tag: "server",
      body: { type: "object", properties: { action: { type: "string", enum: ["confirm", "back"] } }, required: ["action"] },
      answers: { 200: answered("How it stands then.", OBJECT) },
      errors: WRITING,
    }),
  },
  "/margay/v1/gateways": got("list_gateways", "Which gateways are in service, and how they stand.", OBJECT),
  "/margay/v1/gateways/{name}": {
    put: operation({
      id: "drain_gateway",
      summary: "Takes a gateway out of service without loss, or puts it back.",
      tag: "server",
      parameters: [pathParameter("name")],
      body: {
        type: "object",
        properties: { drained: { type: "boolean" }, force: { type: "boolean", default: false } },
        required: ["drained"],
      },
      answers: { 200: answered("How it stands.", OBJECT) },
      errors: WRITING,
    }),
  },
  "/margay/v1/store/check": got("check_store", "Does what the store holds make sense?", reference("check")),
  "/margay/v1/store/backup": {
    get: operation({
      id: "backup_store",
      summary: "The store as one file of one moment; its SHA-256 in x-margay-sha256.",
      tag: "server",
      answers: { 200: { description: "A SQLite database.", content: { "application/vnd.sqlite3": {} } } },
      errors: READING,
    }),
  },
  "/margay/v1/store/restore": {
    put: {
      ...operation({
        id: "restore_store",
        summary: "A backup in place of everything; what is there is kept beside the store first.",
        tag: "server",
        parameters: [
          { name: "x-margay-sha256", in: "header", required: true, schema: { type: "string", pattern: "^[0-9a-f]{64}$" } },
          {
            name: "force",
            in: "query",
            description: "Also where its rows make no sense together.",
            schema: { type: "boolean", default: false },
          },
        ],
        answers: { 200: answered("How many rows were made, changed and removed.", OBJECT) },
        errors: WRITING,
      }),
      requestBody: { required: true, content: { "application/octet-stream": {} } },
    },
  },
};
