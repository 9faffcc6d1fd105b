/** What objects of the API look like in its OpenAPI document: shown, created, changed; all out of the declarations. */
import { chosen, policyNameOf } from "../resource/resource.ts";
import type { Attribute, Resource } from "../resource/resource.ts";
import { schemaOf } from "../resource/schema.ts";
import type { Schema } from "../resource/schema.ts";

export type Json = { readonly [key: string]: unknown };

/** Its name among the document's schemas: the name that policy files have for it, which is its own. */
export function schemaName(resource: Resource): string {
  return policyNameOf(resource);
}

export function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** `port`, `port_create`, `port_update`. */
export function schemasOf(resource: Resource): Readonly<Record<string, Json>> {
  const name = schemaName(resource);
  const { create, update } = resource.may;
  return {
    [name]: shown(resource),
    ...(create === undefined ? {} : { [`${name}_create`]: said(resource, ["create", "always"], true) }),
    ...(update === undefined ? {} : { [`${name}_update`]: said(resource, ["change", "always"], false) }),
  };
}

function shown(resource: Resource): Json {
  const told = Object.entries(resource.attributes).filter(([, { hidden }]) => hidden === undefined);
  const properties = Object.fromEntries(
    told.map(([name, attribute]) => [name, { ...described(attribute), ...(attribute.write === "never" ? { readOnly: true } : {}) }]),
  );
  return { type: "object", description: resource.note, properties: withTenant(resource, properties) };
}

function said(resource: Resource, write: readonly Attribute["write"][], creating: boolean): Json {
  const sayable = Object.entries(resource.attributes).filter(([, attribute]) => write.includes(attribute.write));
  const required = creating ? sayable.filter(([, attribute]) => !("default" in attribute)).map(([name]) => name) : [];
  const properties = Object.fromEntries(
    sayable.map(([name, attribute]) => [name, creating ? withDefault(attribute) : described(attribute)]),
  );
  return {
    type: "object",
    properties: withTenant(resource, properties),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function described({ type, note, extension, guard }: Attribute): Schema {
  return {
    ...schemaOf(type),
    description: note,
    ...(extension === undefined ? {} : { "x-extension": extension }),
    ...(guard === undefined ? {} : { "x-policy": guard }),
  };
}

function withDefault(attribute: Attribute): Schema {
  const fixed = attribute.default !== undefined && attribute.default !== chosen;
  return fixed ? { ...described(attribute), default: attribute.default } : described(attribute);
}

/** The owner has two names. */
function withTenant({ attributes }: Resource, properties: Readonly<Record<string, Schema>>): Json {
  const owner = attributes["project_id"];
  if (owner === undefined || properties["project_id"] === undefined) return properties;
  return { ...properties, tenant_id: { ...schemaOf(owner.type), description: "Another name of project_id." } };
}
