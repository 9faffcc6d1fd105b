/** The OpenAPI document: whole by the rules of OpenAPI 3.1, complete by the declarations, and true by what the API answers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openapi } from "./openapi.ts";
import { SPECIAL_PATHS } from "./openapi-special.ts";
import { schemaName } from "./openapi-schemas.ts";
import { declarationOf } from "./look.ts";
import { NESTED, ROUTES, SPECIAL } from "./routes.ts";
import { ADMIN, idOf, sandbox } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";
import { DECLARED } from "./tables.ts";

type Json = Readonly<Record<string, unknown>>;

/** As programs get it. */
const document = JSON.parse(JSON.stringify(openapi("0.1.0"))) as Json;
const VERBS = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

function at(root: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isJson(value) ? value[key] : undefined), root);
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entries(root: unknown): readonly (readonly [string, Json])[] {
  return isJson(root) ? Object.entries(root).map(([key, value]) => [key, value as Json] as const) : [];
}

/** Every object in it, with its place. */
function* all(value: unknown, place = "#"): Generator<readonly [place: string, object: Json]> {
  if (Array.isArray(value)) for (const [key, part] of value.entries()) yield* all(part, `${place}/${key}`);
  if (!isJson(value)) return;
  yield [place, value];
  for (const [key, part] of Object.entries(value)) yield* all(part, `${place}/${key}`);
}

function resolved(value: Json): Json {
  const { $ref: ref } = value;
  if (typeof ref !== "string") return value;
  const found = at(document, ...ref.slice(2).split("/"));
  assert.ok(isJson(found), `${ref} leads nowhere`);
  return resolved(found);
}

interface Operation {
  readonly path: string;
  readonly verb: string;
  readonly said: Json;
}

const operations: readonly Operation[] = entries(document["paths"]).flatMap(([path, item]) =>
  entries(item).map(([verb, said]) => ({ path, verb, said })),
);

const parametersOf = ({ said }: Operation) => ((said["parameters"] ?? []) as readonly Json[]).map(resolved);

describe("the document is one of OpenAPI 3.1", () => {
  test("nothing in it is lost in JSON", () => assert.deepEqual(JSON.parse(JSON.stringify(document)), document));

  test("it says what it is", () => {
    assert.match(String(document["openapi"]), /^3\.1\.\d+$/);
    for (const key of ["title", "version"]) assert.equal(typeof at(document, "info", key), "string");
    const known = [
      "openapi",
      "info",
      "jsonSchemaDialect",
      "servers",
      "paths",
      "webhooks",
      "components",
      "security",
      "tags",
      "externalDocs",
    ];
    assert.deepEqual(
      Object.keys(document).filter((key) => !known.includes(key)),
      [],
    );
  });

  test("every reference leads somewhere", () => {
    for (const [, object] of all(document)) if (typeof object["$ref"] === "string") resolved(object);
  });

  test("names of components are names", () => {
    for (const [, group] of entries(document["components"])) for (const key of Object.keys(group)) assert.match(key, /^[A-Za-z0-9._-]+$/);
  });

  test("paths are paths, and no two are the same but for the names of their parameters", () => {
    const shapes = Object.keys(document["paths"] as Json).map((path) => path.replaceAll(/\{[^}]+\}/g, "{}"));
    assert.deepEqual(shapes.toSorted(), [...new Set(shapes)].toSorted());
    assert.ok(shapes.every((path) => path.startsWith("/")));
  });

  test("an operation has a name of its own, answers, and only known verbs", () => {
    const ids = operations.map(({ said }) => String(said["operationId"]));
    assert.deepEqual(ids.toSorted(), [...new Set(ids)].toSorted());
    for (const { path, verb, said } of operations) {
      assert.ok(VERBS.includes(verb), `${verb} ${path}`);
      const answers = entries(said["responses"]);
      assert.ok(
        answers.some(([status]) => /^2\d\d$/.test(status)),
        `${verb} ${path} never succeeds`,
      );
      for (const [status, answer] of answers) {
        assert.match(status, /^([1-5]\d\d|[1-5]XX|default)$/);
        assert.equal(typeof resolved(answer)["description"], "string", `${verb} ${path} ${status}`);
      }
    }
  });

  test("parameters are those of the path, and said once", () => {
    for (const one of operations) {
      const parameters = parametersOf(one);
      const keys = parameters.map((parameter) => `${String(parameter["in"])} ${String(parameter["name"])}`);
      assert.deepEqual(keys, [...new Set(keys)], `${one.verb} ${one.path}`);
      for (const parameter of parameters) {
        assert.ok(["query", "header", "path", "cookie"].includes(String(parameter["in"])));
        assert.ok(isJson(parameter["schema"]), `${one.path} ${String(parameter["name"])}`);
        if (parameter["in"] === "path") assert.equal(parameter["required"], true);
      }
      const inPath = parameters.filter((parameter) => parameter["in"] === "path").map(({ name }) => name);
      const template = [...one.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      assert.deepEqual(inPath.toSorted(), template.toSorted(), `${one.verb} ${one.path}`);
    }
  });

  test("schemas are schemas: their types exist, what is required is there, patterns are patterns", () => {
    const types = ["string", "number", "integer", "boolean", "array", "object", "null"];
    const schemas = [...all(document)].filter(([place]) =>
      /schema(s\/[^/]+)?$|\/(items|properties\/[^/]+|anyOf\/\d+|oneOf\/\d+)$/.test(place),
    );
    assert.ok(schemas.length > 500);
    for (const [place, schema] of schemas) {
      if (typeof schema["$ref"] === "string" || place.endsWith("/properties/properties")) continue;
      if ("type" in schema) assert.ok(types.includes(String(schema["type"])), `${place} ${String(schema["type"])}`);
      const required = (schema["required"] ?? []) as readonly string[];
      for (const name of Array.isArray(required) ? required : [])
        assert.ok(isJson(at(schema, "properties", name)), `${place} lacks ${name}`);
      if ("enum" in schema) assert.ok(Array.isArray(schema["enum"]) && schema["enum"].length > 0, place);
      if (typeof schema["pattern"] === "string") assert.ok(new RegExp(schema["pattern"], "u"));
      if (schema["type"] === "array") assert.ok(isJson(schema["items"]), place);
    }
  });

  test("who may ask is said by schemes that are there", () => {
    for (const { said } of operations)
      for (const need of (said["security"] ?? []) as readonly Json[])
        for (const name of Object.keys(need)) assert.ok(isJson(at(document, "components", "securitySchemes", name)));
    assert.ok(isJson(at(document, "components", "securitySchemes", "token")));
  });
});

describe("the document is complete:", () => {
  const has = (path: string, verb: string) => isJson(at(document, "paths", path, verb));

  for (const rules of new Set(ROUTES.values())) {
    const declared = declarationOf(rules);
    test(`${declared.name}, with its actions and filters`, () => {
      const [list] = operations.filter(({ said }) => said["operationId"] === `list_${schemaName(declared)}`);
      assert.equal(list !== undefined, declared.may.get !== undefined);
      if (list === undefined) return;
      const asked = new Set(parametersOf(list).map(({ name }) => name));
      for (const [name, { filter, filters }] of Object.entries(declared.attributes)) {
        assert.equal(asked.has(name), filter === true, name);
        for (const variant of Object.keys(filters ?? {})) assert.ok(asked.has(variant), variant);
      }
      for (const action of Object.keys(rules.actions ?? {})) assert.ok(has(`${list.path}/{${declared.name}_id}/${action}`, "put"), action);
      for (const part of Object.keys(rules.parts ?? {})) assert.ok(has(`${list.path}/{${declared.name}_id}/${part}`, "get"), part);
    });
  }
  for (const [key, rules] of NESTED)
    test(`${key}`, () => assert.ok(operations.some(({ said }) => said["operationId"] === `list_${schemaName(declarationOf(rules))}`)));

  test("what is no collection of rows", () => assert.deepEqual(Object.keys(SPECIAL_PATHS).toSorted(), [...SPECIAL.keys()].toSorted()));

  test("every attribute of every resource is shown, but for what is hidden", () => {
    for (const declared of Object.values(DECLARED)) {
      const properties = at(document, "components", "schemas", schemaName(declared), "properties");
      for (const [name, attribute] of Object.entries(declared.attributes as Readonly<Record<string, { readonly hidden?: unknown }>>))
        assert.equal(isJson(at(properties, name)), attribute.hidden === undefined, `${declared.name}.${name}`);
    }
  });

  test("every type has words of JSON Schema", () => {
    const silent = Object.values(DECLARED).flatMap((declared) =>
      Object.entries(
        declared.attributes as Readonly<Record<string, { readonly type: { readonly schema?: unknown; readonly name: string } }>>,
      )
        .filter(([, { type }]) => type.schema === undefined)
        .map(([name, { type }]) => `${declared.name}.${name}: ${type.name}`),
    );
    assert.deepEqual(silent, []);
  });

  test("every refusal that is described is one that something answers", () => {
    for (const status of Object.keys(at(document, "components", "responses") as Json))
      assert.ok(
        operations.some(({ said }) => isJson(at(said, "responses", status))),
        status,
      );
  });
});

/** A cloud with one of most things, and an id for each parameter of a path. */
function world(): { readonly box: Sandbox; readonly ids: Readonly<Record<string, string>> } {
  const box = sandbox();
  const make = (path: string, name: string, said: object) => idOf(box.ask(ADMIN, "POST", path, { [name]: said }));
  const network_id = make("networks", "network", { "router:external": true });
  const subnet_id = make("subnets", "subnet", { network_id, ip_version: 4, cidr: "192.0.2.0/24" });
  const security_group_id = make("security-groups", "security_group", {});
  const security_group_rule_id = make("security-group-rules", "security_group_rule", { security_group_id, direction: "ingress" });
  const port_id = make("ports", "port", { network_id });
  const router_id = make("routers", "router", {});
  const told = { alias: "sorting", type: "bandwidth_limit", project_id: ADMIN.project };
  return { box, ids: { ...told, network_id, subnet_id, security_group_id, security_group_rule_id, port_id, router_id } };
}

describe("the document is true:", () => {
  const paths = Object.keys(document["paths"] as Json).filter((path) => path.startsWith("/v2.0/") && path !== "/v2.0/");
  for (const path of paths) {
    test(`${path} takes the verbs that it says, and no others`, () => {
      const { box, ids } = world();
      const asked = path
        .slice("/v2.0/".length)
        .replaceAll(/\{([^}]+)\}/g, (_, name: string) => ids[name] ?? "11111111-2222-4333-8444-555555555555");
      for (const verb of ["get", "post", "put", "delete"]) {
        const { status, body } = box.ask(ADMIN, verb.toUpperCase(), asked, verb === "post" || verb === "put" ? {} : undefined);
        const type = at(body, "NeutronError", "type");
        const taken = status !== 405 && type !== "HTTPNotFound";
        const expected = isJson(at(document, "paths", path, verb));
        // What is not there cannot say which verbs it would take.
        if (expected && status === 404) assert.notEqual(type, "HTTPNotFound", `${verb} ${path}`);
        else if (expected) assert.ok(taken, `${verb} ${path}: ${status} ${String(type)}`);
        else if (taken && status !== 404 && status !== 400) assert.fail(`${verb} ${path} is answered ${status}, and not in the document`);
      }
    });
  }
  for (const [path, name, schema] of [
    ["networks", "networks", "network"],
    ["subnets", "subnets", "subnet"],
    ["ports", "ports", "port"],
    ["routers", "routers", "router"],
    ["security-groups", "security_groups", "security_group"],
    ["security-group-rules", "security_group_rules", "security_group_rule"],
  ] as const) {
    test(`${name} look as it says`, () => {
      const shown = world().box.ask(ADMIN, "GET", path).body;
      const items = JSON.parse(JSON.stringify(at(shown, name))) as readonly unknown[];
      assert.ok(items.length > 0);
      for (const item of items) assert.deepEqual(faults({ $ref: `#/components/schemas/${schema}` }, item, name), []);
    });
  }
});

/** What of a value its schema does not allow; the keywords that the document uses. */
function faults(said: Json, value: unknown, place: string): readonly string[] {
  const schema = resolved(said);
  const { type, enum: words, anyOf, properties, items, pattern, additionalProperties, required } = schema;
  if (Array.isArray(anyOf) && anyOf.every((one) => faults(one as Json, value, place).length > 0))
    return [`${place}: none of anyOf: ${JSON.stringify(value)}`];
  if (Array.isArray(words) && !words.includes(value)) return [`${place}: ${JSON.stringify(value)} is none of ${words.join()}`];
  if (typeof type === "string" && typeOf(value) !== type && !(type === "number" && typeof value === "number"))
    return [`${place}: ${JSON.stringify(value)} is no ${type}`];
  if (typeof pattern === "string" && typeof value === "string" && !new RegExp(pattern, "u").test(value))
    return [`${place}: ${value} does not match ${pattern}`];
  if (Array.isArray(value) && isJson(items)) return value.flatMap((one, index) => faults(items, one, `${place}[${index}]`));
  if (!isJson(value) || !isJson(properties)) return [];
  const missing = ((required ?? []) as readonly string[]).filter((name) => !(name in value)).map((name) => `${place}.${name} is missing`);
  return [
    ...missing,
    ...Object.entries(value).flatMap(([name, part]) => {
      const own = properties[name];
      if (isJson(own)) return faults(own, part, `${place}.${name}`);
      return additionalProperties === false ? [`${place}.${name} is not known`] : [];
    }),
  ];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}
