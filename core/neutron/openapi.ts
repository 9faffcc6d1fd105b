/**
 * The API as an OpenAPI 3.1 document, out of the declarations and the router: what is declared is documented by being
 * declared.
 */
import { pathOf } from "../resource/resource.ts";
import type { Resource } from "../resource/resource.ts";
import { declarationOf } from "./look.ts";
import type { AnyRules } from "./look.ts";
import { answered, operation, pathParameter, pathsOf, READING, WRITING } from "./openapi-paths.ts";
import type { Paths } from "./openapi-paths.ts";
import { OWN_PATHS, SPECIAL_PATHS, TOLD_SCHEMAS } from "./openapi-special.ts";
import { schemaName, schemasOf } from "./openapi-schemas.ts";
import type { Json } from "./openapi-schemas.ts";
import { NESTED, ROUTES } from "./routes.ts";
import { DECLARED } from "./tables.ts";

/** Refusals by status, as the document's responses know them. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: "What is asked is wrong.",
  401: "Who asks is not known.",
  403: "Who asks may not.",
  404: "There is no such thing, or who asks may not see it.",
  406: "There is nothing but JSON.",
  409: "What is asked contradicts what is there.",
  412: "It has changed since it was seen: If-Match.",
  413: "The body is too large.",
  429: "Too many requests of this client are under way.",
  503: "Too many requests are under way, or the store takes no writes.",
};

export function openapi(version: string): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Margay Networking API",
      version,
      summary: "OpenStack's Networking API v2.0 over routed networks.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths: { ...resourcePaths(), ...Object.assign({}, ...Object.values(SPECIAL_PATHS)), ...OWN_PATHS },
    components: {
      schemas: { ...schemas(), ...TOLD_SCHEMAS, ...SCHEMAS },
      parameters: PARAMETERS,
      headers: {
        request_id: { description: "Names this exchange in the log.", schema: { type: "string", pattern: "^req-[0-9a-f-]{36}$" } },
      },
      responses: Object.fromEntries(
        Object.entries(REFUSALS).map(([status, description]) => [status, refusal(Number(status), description)]),
      ),
      securitySchemes: {
        token: { type: "apiKey", in: "header", name: "X-Auth-Token", description: "A token of Keystone, or of /identity." },
      },
    },
  };
}

function schemas(): Json {
  const declared: readonly Resource[] = Object.values(DECLARED);
  return Object.assign({}, ...declared.map(schemasOf)) as Json;
}

function refusal(status: number, description: string): Json {
  const again = status === 429 || status === 503 ? { "retry-after": { description: "Seconds.", schema: { type: "integer" } } } : {};
  const told = answered(description, { $ref: `#/components/schemas/${status === 401 ? "unauthorized" : "error"}` });
  return Object.keys(again).length === 0 ? told : { ...told, headers: again };
}

/** Each resource once, at its full path, with whatever lies below it. */
function resourcePaths(): Paths {
  const roots = new Set(ROUTES.values());
  return Object.assign(
    {},
    ...[...roots].map((rules) => pathsBelow(rules, { path: `/v2.0/${pathOf(declarationOf(rules))}`, parents: [] })),
  ) as Paths;
}

interface At {
  readonly path: string;
  readonly parents: readonly string[];
}

function pathsBelow(rules: AnyRules, { path, parents }: At): Paths {
  const resource = declarationOf(rules);
  const id = `${resource.name}_id`;
  const below = { path: `${path}/{${id}}`, parents: [...parents, id] };
  const nested = [...NESTED].filter(([key]) => key.startsWith(`${resource.name}/`));
  const parts = Object.keys(rules.parts ?? {});
  return {
    ...pathsOf(resource, { path, parents, actions: Object.keys(rules.actions ?? {}) }),
    ...Object.assign(
      {},
      ...nested.map(([key, inner]) => pathsBelow(inner, { ...below, path: `${below.path}/${key.slice(resource.name.length + 1)}` })),
    ),
    ...Object.assign({}, ...parts.map((part) => partPaths(resource, part, below))),
  };
}

/** What lies below an object by rules of its own: where it is declared, as declared. */
function partPaths(resource: Resource, part: string, { path, parents }: At): Paths {
  const declared: readonly Resource[] = Object.values(DECLARED);
  const known = declared.find(({ under, plural }) => under?.resource === resource.name && plural === part);
  if (known !== undefined) return pathsOf(known, { path: `${path}/${part}`, parents, actions: ACTIONS[schemaName(known)] ?? [] });
  const common = {
    tag: schemaName(resource),
    parameters: parents.map(pathParameter),
    answers: { 200: answered("What there is.", { type: "object" }) },
  };
  return {
    [`${path}/${part}`]: {
      get: operation({ ...common, id: `show_${part}_${schemaName(resource)}`, summary: `Its ${part}.`, errors: READING }),
      put: operation({
        ...common,
        id: `update_${part}_${schemaName(resource)}`,
        summary: `Its ${part}.`,
        body: { type: "object" },
        errors: WRITING,
      }),
    },
  };
}

/** Member actions of parts, which answer for themselves. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = { port_binding: ["activate"] };

const ERROR = {
  type: "object",
  properties: { type: { type: "string" }, message: { type: "string" }, detail: { type: "string" } },
  required: ["type", "message", "detail"],
};

const SCHEMAS: Json = {
  error: { type: "object", properties: { NeutronError: ERROR }, required: ["NeutronError"] },
  unauthorized: {
    type: "object",
    properties: {
      error: {
        type: "object",
        properties: { code: { type: "integer" }, title: { type: "string" }, message: { type: "string" } },
        required: ["code", "title", "message"],
      },
    },
    required: ["error"],
  },
  links: {
    type: "array",
    items: {
      type: "object",
      properties: { rel: { enum: ["next", "previous"] }, href: { type: "string", format: "uri" } },
      required: ["rel", "href"],
    },
  },
  health: {
    type: "object",
    properties: { status: { enum: ["ok", "failing"] }, store: { type: "object" }, watch: { type: "object" } },
    required: ["status", "store", "watch"],
  },
  check: {
    type: "object",
    properties: {
      rows: { type: "integer" },
      findings: {
        type: "array",
        items: { type: "object", properties: { place: { type: "string" }, problem: { type: "string" }, advice: { type: "string" } } },
      },
    },
    required: ["rows", "findings"],
  },
};

const PARAMETERS: Json = {
  fields: { name: "fields", in: "query", description: "Only these attributes.", schema: { type: "array", items: { type: "string" } } },
  sort_dir: {
    name: "sort_dir",
    in: "query",
    description: "One for each sort_key.",
    schema: { type: "array", items: { enum: ["asc", "desc"] } },
  },
  limit: {
    name: "limit",
    in: "query",
    description: "The most objects in one answer; 0: as many as the server allows.",
    schema: { type: "integer", minimum: 0 },
  },
  marker: { name: "marker", in: "query", description: "Id of the object after which the page begins.", schema: { type: "string" } },
  page_reverse: { name: "page_reverse", in: "query", description: "The page ends before the marker.", schema: { type: "boolean" } },
  if_match: {
    name: "If-Match",
    in: "header",
    description: "Only while it has the revision that was seen: revision_number=N.",
    schema: { type: "string", pattern: '^"?revision_number=[0-9]{1,15}"?$' },
  },
};
