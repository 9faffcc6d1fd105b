/** Reads the query of a list: conditions, fields, order and page, with Neutron's refusals. */
import { badRequest, badResource } from "./refusals.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import { refusalOf } from "./read.ts";
import type { Attribute, Resource } from "./resource.ts";
import { isWrong } from "./type.ts";
import type { Condition } from "./type.ts";

export interface Filter {
  readonly attribute: string;
  readonly condition: Condition<unknown>;
}

export interface Order {
  readonly attribute: string;
  readonly descending: boolean;
}

export interface Page {
  /** 0: everything. */
  readonly limit: number;
  readonly marker?: string;
  readonly reverse: boolean;
}

export interface Query {
  /** All of them hold. */
  readonly filters: readonly Filter[];
  readonly fields: readonly string[];
  readonly order: readonly Order[];
  readonly page: Page;
}

export type Pairs = readonly (readonly [string, string])[];

const CONTROL = new Set(["fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse"]);

export function readQuery(resource: Resource, pairs: Pairs): Result<Query> {
  const all = (key: string) => pairs.filter(([name]) => name === key).map(([, value]) => value);
  const filters = readFilters(resource, pairs);
  if (!filters.ok) return filters;
  const order = readOrder(resource, all("sort_key"), all("sort_dir"));
  if (!order.ok) return order;
  const page = readPage(all);
  return page.ok
    ? ok({ filters: filters.value, fields: all("fields").filter((name) => name !== ""), order: order.value, page: page.value })
    : page;
}

/** The name of an attribute that clients also call otherwise. */
function canonicalName(resource: Resource, name: string): string {
  return name === "tenant_id" && "project_id" in resource.attributes ? "project_id" : name;
}

function readFilters(resource: Resource, pairs: Pairs): Result<readonly Filter[]> {
  const texts = new Map<string, string[]>();
  for (const [name, value] of pairs) if (!CONTROL.has(name)) texts.set(name, [...(texts.get(name) ?? []), value]);

  const found = [...texts.keys()].map((name) => [name, filterable(resource, name)] as const);
  const unknown = found.filter(([, attribute]) => attribute === undefined).map(([name]) => `'${name}'`);
  if (unknown.length > 0) return refused(badRequest(`[${unknown.join(", ")}] is invalid attribute for filtering`));

  const filters: Filter[] = [];
  for (const [name, attribute] of found) {
    if (attribute === undefined) continue;
    const read = attribute.conditionOf(texts.get(name) ?? []);
    if (!read.ok) return read;
    filters.push({ attribute: attribute.name, condition: read.value });
  }
  return ok(filters);
}

interface Filterable {
  readonly name: string;
  conditionOf(texts: readonly string[]): Result<Condition<unknown>>;
}

function filterable(resource: Resource, asked: string): Filterable | undefined {
  const name = canonicalName(resource, asked);
  const attribute = resource.attributes[name];
  if (attribute?.filter === true) return { name, conditionOf: (texts) => conditionOf(name, attribute, texts) };
  for (const [owner, { filters }] of Object.entries(resource.attributes)) {
    // Clients ask for `__proto__`, too.
    const variant = filters !== undefined && Object.hasOwn(filters, asked) ? filters[asked] : undefined;
    if (variant !== undefined) return { name: owner, conditionOf: (texts) => ok(variant(texts)) };
  }
  return undefined;
}

/** One of the texts finds the value. */
function conditionOf(name: string, { type }: Attribute, texts: readonly string[]): Result<Condition<unknown>> {
  const own = type.filter?.(texts);
  if (own !== undefined) return isWrong(own) ? refused(refusalOf(name, own)) : ok(own.value);
  const keys = new Set<string>();
  for (const text of texts) {
    const key = type.key(text);
    if (isWrong(key)) return refused(refusalOf(name, key));
    keys.add(key.value);
  }
  return ok({ keys: [...keys], holds: (value) => type.keys(value).some((key) => keys.has(key)) });
}

function readOrder(resource: Resource, keys: readonly string[], directions: readonly string[]): Result<readonly Order[]> {
  if (keys.length !== directions.length) return refused(badRequest("The number of sort_keys and sort_dirs must be same"));
  const names = keys.map((key) => canonicalName(resource, key));
  const unsortable = keys.filter((_, at) => resource.attributes[names[at] ?? ""]?.sort !== true).map((key) => `'${key}'`);
  if (unsortable.length > 0) return refused(badRequest(`[${unsortable.join(", ")}] is invalid attribute for sort_keys`));
  const wrong = directions.filter((direction) => direction !== "asc" && direction !== "desc").map((direction) => `'${direction}'`);
  if (wrong.length > 0) return refused(badRequest(`[${wrong.join(", ")}] is invalid value for sort_dirs, valid value is 'asc' and 'desc'`));
  return ok(names.map((attribute, at) => ({ attribute, descending: directions[at] === "desc" })));
}

function readPage(all: (key: string) => readonly string[]): Result<Page> {
  const [limit = "0", marker, reverse = ""] = [all("limit").at(-1), all("marker").at(-1), all("page_reverse").at(-1)];
  if (!/^\d{1,9}$/.test(limit)) return refused(badResource("limit", `Limit must be an integer 0 or greater and not '${limit}'`));
  const page = { limit: Number(limit), reverse: /^(true|1|yes|on)$/i.test(reverse) };
  return ok(marker === undefined || marker === "" ? page : { ...page, marker });
}
