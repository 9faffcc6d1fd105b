/**
 * Reads bodies of requests by a declaration, with Neutron's refusals in Neutron's order: what the body is, whose it is,
 * unknown keys, keys that may not be said, keys that must be said, then each value.
 */
import { badRequest, invalidInput } from "./refusals.ts";
import { mayNameProjects } from "../policy/who.ts";
import type { Who } from "../policy/who.ts";
import { collect, ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { isObject } from "./composites.ts";
import { chosen } from "./resource.ts";
import type { Attribute, Create, Patch, Resource } from "./resource.ts";
import { isWrong } from "./type.ts";
import type { Wrong } from "./type.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The objects of a body: one under the resource's name, or several under its plural. */
export interface Unwrapped {
  readonly bulk: boolean;
  readonly items: readonly Fields[];
}

export function unwrap({ name, plural }: Resource, body: unknown): Result<Unwrapped> {
  if (body !== undefined && body !== null && !isObject(body)) return refused(badRequest("Body contains invalid data"));
  const [one, many] = [body?.[name], body?.[plural]];
  if (one !== undefined && one !== null) return unwrapped(false, [object(name, one)]);
  if (many === undefined || many === null) return refused(badRequest(`Unable to find '${name}' in request body`));
  if (!Array.isArray(many)) return refused(badRequest("Body contains invalid data"));
  if (many.length === 0) return refused(badRequest("Resources required"));
  const inner = (item: unknown) => (isObject(item) && isObject(item[name]) ? item[name] : item);
  return unwrapped(
    true,
    (many as readonly unknown[]).map((item) => object(name, inner(item))),
  );
}

function unwrapped(bulk: boolean, objects: readonly Result<Fields>[]): Result<Unwrapped> {
  const items = collect(objects);
  return items.ok ? ok({ bulk, items: items.value }) : items;
}

function object(name: string, value: unknown): Result<Fields> {
  return isObject(value) ? ok(value) : refused(badRequest(`Object '${name}' contains invalid data`));
}

/** What a creation says: values read, defaults filled in, `project_id` its own or the asker's. */
export function readCreate<R extends Resource>(resource: R, raw: Fields, who: Who): Result<Create<R>> {
  const named = withProject(resource, raw, who);
  if (!named.ok) return named;
  const known = onlyKnown(resource, named.value);
  if (known !== undefined) return refused(known);
  const filled = fill(resource, named.value);
  // `fill` left exactly the attributes that a creation may say; their values are read by their own types.
  return filled.ok ? (readValues(resource, filled.value) as Result<Create<R>>) : filled;
}

/** What a change says: values read, nothing filled in. */
export function readPatch<R extends Resource>(resource: R, raw: Fields): Result<Patch<R>> {
  const { tenant_id: tenant, ...rest } = raw;
  const named = tenant === undefined || !("project_id" in resource.attributes) ? raw : { ...rest, project_id: tenant };
  const known = onlyKnown(resource, named);
  if (known !== undefined) return refused(known);
  for (const key of Object.keys(named)) {
    if (!CHANGED.has(resource.attributes[key]?.write)) return refused(badRequest(`Cannot update read-only attribute ${key}`));
  }
  return readValues(resource, named) as Result<Patch<R>>;
}

const CHANGED: ReadonlySet<Attribute["write"] | undefined> = new Set(["change", "always"] as const);

/** One project under both its names; the asker's own where none is named. */
function withProject(resource: Resource, raw: Fields, who: Who): Result<Fields> {
  if (!("project_id" in resource.attributes)) return ok(raw);
  const { tenant_id: tenant, project_id: given = tenant, ...rest } = raw;
  if (tenant !== undefined && given !== tenant) return refused(badRequest("'project_id' and 'tenant_id' do not match"));
  if (given !== undefined && given !== who.project && !mayNameProjects(who)) return refused(badRequest(OTHER_PROJECT));
  return ok({ ...rest, project_id: given ?? who.project });
}

const OTHER_PROJECT = "Specifying 'project_id' other than the authenticated project in request is not allowed for the current user.";

function onlyKnown({ attributes }: Resource, raw: Fields): Refusal | undefined {
  const unknown = Object.keys(raw).filter((key) => !Object.hasOwn(attributes, key));
  return unknown.length === 0 ? undefined : badRequest(`Unrecognized attribute(s) '${unknown.join(", ")}'`);
}

function fill({ attributes }: Resource, raw: Fields): Result<Fields> {
  const filled: Record<string, unknown> = {};
  for (const [key, attribute] of Object.entries(attributes)) {
    const given = raw[key];
    if (attribute.write === "never" || attribute.write === "change") {
      if (given !== undefined) return refused(badRequest(`Attribute '${key}' not allowed in POST`));
    } else if (given !== undefined) filled[key] = given;
    else if (!("default" in attribute)) return refused(badRequest(`Failed to parse request. Required attribute '${key}' not specified`));
    else if (attribute.default !== chosen) filled[key] = attribute.default;
  }
  return ok(filled);
}

function readValues({ attributes }: Resource, raw: Fields): Result<Fields> {
  const values: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(raw)) {
    const read = attributeOf(attributes, key).type.read(given);
    if (isWrong(read)) return refused(refusalOf(key, read));
    values[key] = read.value;
  }
  return ok(values);
}

function attributeOf(attributes: Resource["attributes"], key: string): Attribute {
  const attribute = attributes[key];
  if (attribute === undefined) throw new Error(`${key} is not declared`);
  return attribute;
}

/** How a wrong value of an attribute is refused. */
export function refusalOf(attribute: string, wrong: Wrong): Refusal {
  if (wrong.fault === "refuse") return wrong.refusal;
  return wrong.fault === "convert" ? invalidInput(wrong.reason) : badRequest(`Invalid input for ${attribute}. Reason: ${wrong.reason}.`);
}
