/** The paths of one resource in the OpenAPI document: its collection, its items, their tags, actions and parts. */
import { policyNameOf } from "../resource/resource.ts";
import type { Attribute, Resource } from "../resource/resource.ts";
import { reference, schemaName } from "./openapi-schemas.ts";
import type { Json } from "./openapi-schemas.ts";

/** Operations by path. */
export type Paths = Readonly<Record<string, Json>>;

export interface Place {
  /** Of the collection: `/v2.0/floatingips/{floatingip_id}/port_forwardings`. */
  readonly path: string;
  /** Names of the parameters in it. */
  readonly parents: readonly string[];
  /** Names of member actions. */
  readonly actions: readonly string[];
}

export function pathsOf(resource: Resource, { path, parents, actions }: Place): Paths {
  const id = `${resource.name}_id`;
  const own = { resource, parents: parents.map(pathParameter) };
  const item = `${path}/{${id}}`;
  const parameters = [...own.parents, pathParameter(id)];
  return {
    ...only(path, collection(own)),
    ...only(item, itemOf(resource, parameters)),
    ...("tags" in resource.attributes ? tags(resource, item, parameters) : {}),
    ...Object.fromEntries(actions.map((action) => [`${item}/${action}`, { put: actionOn(resource, action, parameters) }])),
  };
}

function only(path: string, operations: Json): Paths {
  return Object.keys(operations).length === 0 ? {} : { [path]: operations };
}

export function pathParameter(name: string): Json {
  return { name, in: "path", required: true, schema: { type: "string" } };
}

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly parameters?: readonly Json[];
  readonly body?: Json;
  readonly answers: Readonly<Record<string, Json>>;
  /** Of the catalog of errors. */
  readonly errors: readonly number[];
  /** As policy files call it. */
  readonly policy?: string;
}

export function operation({ id, summary, tag, parameters = [], body, answers, errors, policy }: Operation): Json {
  const refusals = Object.fromEntries(errors.map((status) => [String(status), { $ref: `#/components/responses/${status}` }]));
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: { ...answers, ...refusals },
    ...(policy === undefined ? {} : { "x-policy": policy }),
  };
}

export function answered(description: string, schema?: Json): Json {
  const headers = { "x-openstack-request-id": { $ref: "#/components/headers/request_id" } };
  return schema === undefined ? { description, headers } : { description, headers, content: { "application/json": { schema } } };
}

export const READING = [400, 401, 404, 406, 429, 503];
export const WRITING = [400, 401, 403, 404, 409, 413, 429, 503];

interface Own {
  readonly resource: Resource;
  readonly parents: readonly Json[];
}

function collection({ resource, parents }: Own): Json {
  const { name, plural, may, note } = resource;
  const schema = reference(schemaName(resource));
  const listed = {
    type: "object",
    properties: { [plural]: { type: "array", items: schema }, [`${plural}_links`]: reference("links") },
    required: [plural],
  };
  const tag = schemaName(resource);
  const list = operation({
    id: `list_${tag}`,
    summary: `List: ${note}`,
    tag,
    parameters: [...parents, ...filters(resource), ...paging(resource)],
    answers: { 200: answered("Those that the asker sees, and that the query asks for.", listed) },
    errors: READING,
    policy: `get_${policyNameOf(resource)}`,
  });
  const one = { type: "object", properties: { [name]: reference(`${tag}_create`) }, required: [name] };
  const many = {
    type: "object",
    properties: { [plural]: { type: "array", items: reference(`${tag}_create`), minItems: 1 } },
    required: [plural],
  };
  const create = operation({
    id: `create_${tag}`,
    summary: `Create one, or several together or none: ${note}`,
    tag,
    parameters: parents,
    body: { oneOf: [one, many] },
    answers: { 201: answered("What was created.", { oneOf: [wrapped(resource), listed] }) },
    errors: WRITING,
    policy: `create_${policyNameOf(resource)}`,
  });
  return { ...(may.get === undefined ? {} : { get: list }), ...(may.create === undefined ? {} : { post: create }) };
}

function wrapped(resource: Resource): Json {
  return { type: "object", properties: { [resource.name]: reference(schemaName(resource)) }, required: [resource.name] };
}

function itemOf(resource: Resource, parameters: readonly Json[]): Json {
  const { name, may, note } = resource;
  const tag = schemaName(resource);
  const ifMatch = "revision_number" in resource.attributes ? [{ $ref: "#/components/parameters/if_match" }] : [];
  const policy = policyNameOf(resource);
  const common = { tag, parameters: [...parameters, ...ifMatch] };
  const changing = [...WRITING, ...(ifMatch.length > 0 ? [412] : [])];
  const body = { type: "object", properties: { [name]: reference(`${tag}_update`) }, required: [name] };
  return {
    ...(may.get !== undefined && {
      get: operation({
        id: `show_${tag}`,
        summary: `Show: ${note}`,
        tag,
        parameters: [...parameters, { $ref: "#/components/parameters/fields" }],
        answers: { 200: answered("It.", wrapped(resource)) },
        errors: READING,
        policy: `get_${policy}`,
      }),
    }),
    ...(may.update !== undefined && {
      put: operation({
        ...common,
        id: `update_${tag}`,
        summary: `Change: ${note}`,
        body,
        answers: { 200: answered("What it is now.", wrapped(resource)) },
        errors: changing,
        policy: `update_${policy}`,
      }),
    }),
    ...(may.delete !== undefined && {
      delete: operation({
        ...common,
        id: `delete_${tag}`,
        summary: `Delete: ${note}`,
        answers: { 204: answered("It is gone.") },
        errors: changing,
        policy: `delete_${policy}`,
      }),
    }),
  };
}

/** One of several texts finds an object; several filters must all find it. */
function filters({ attributes }: Resource): readonly Json[] {
  return Object.entries(attributes).flatMap(([name, attribute]) => {
    const own =
      attribute.filter === true ? [filter(name, attribute), ...(name === "project_id" ? [filter("tenant_id", attribute)] : [])] : [];
    return [...own, ...Object.keys(attribute.filters ?? {}).map((variant) => filter(variant, attribute))];
  });
}

function filter(name: string, { note }: Attribute): Json {
  return { name, in: "query", description: note, schema: { type: "array", items: { type: "string" } }, style: "form", explode: true };
}

function paging({ attributes }: Resource): readonly Json[] {
  const keys = Object.entries(attributes)
    .filter(([, { sort }]) => sort === true)
    .map(([name]) => name);
  const sorting = [
    { name: "sort_key", in: "query", schema: { type: "array", items: { type: "string", enum: keys } } },
    { $ref: "#/components/parameters/sort_dir" },
  ];
  const common = ["fields", "limit", "marker", "page_reverse"].map((name) => ({ $ref: `#/components/parameters/${name}` }));
  return [...(keys.length > 0 ? sorting : []), ...common];
}

function tags(resource: Resource, item: string, parameters: readonly Json[]): Paths {
  const tag = schemaName(resource);
  const schema = {
    type: "object",
    properties: { tags: { type: "array", items: { type: "string", maxLength: 255 }, uniqueItems: true } },
    required: ["tags"],
  };
  const one = [...parameters, pathParameter("tag")];
  const told = { 200: answered("Its tags.", schema) };
  return {
    [`${item}/tags`]: {
      get: operation({ id: `list_tags_${tag}`, summary: "Its tags.", tag, parameters, answers: told, errors: READING }),
      put: operation({
        id: `set_tags_${tag}`,
        summary: "These tags and no others.",
        tag,
        parameters,
        body: schema,
        answers: told,
        errors: WRITING,
      }),
      post: operation({
        id: `add_tags_${tag}`,
        summary: "These tags besides those that it has.",
        tag,
        parameters,
        body: schema,
        answers: told,
        errors: WRITING,
      }),
      delete: operation({
        id: `clear_tags_${tag}`,
        summary: "No tags.",
        tag,
        parameters,
        answers: { 204: answered("It has none.") },
        errors: WRITING,
      }),
    },
    [`${item}/tags/{tag}`]: {
      get: operation({
        id: `has_tag_${tag}`,
        summary: "Does it have the tag?",
        tag,
        parameters: one,
        answers: { 204: answered("It does.") },
        errors: READING,
      }),
      put: operation({
        id: `add_tag_${tag}`,
        summary: "The tag besides those that it has.",
        tag,
        parameters: one,
        answers: { 201: answered("It has it.") },
        errors: WRITING,
      }),
      delete: operation({
        id: `remove_tag_${tag}`,
        summary: "Not the tag.",
        tag,
        parameters: one,
        answers: { 204: answered("It does not have it.") },
        errors: WRITING,
      }),
    },
  };
}

function actionOn(resource: Resource, action: string, parameters: readonly Json[]): Json {
  return operation({
    id: `${action}_${schemaName(resource)}`,
    summary: action.replaceAll("_", " "),
    tag: schemaName(resource),
    parameters,
    body: { type: "object" },
    answers: { 200: answered("What came of it.", { type: "object" }) },
    errors: [...WRITING, 412],
    policy: action,
  });
}
