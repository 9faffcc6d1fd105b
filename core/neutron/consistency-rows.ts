/** Is every row what its declaration says, under its own key, and is everything there that it names? All by the declarations. */
import { isObject } from "../resource/composites.ts";
import { isValue, keptAttributes } from "../resource/kept.ts";
import type { Attribute, Resource } from "../resource/resource.ts";
import { isWrong, reasonOf } from "../resource/type.ts";
import { splitKey } from "./consistency-finding.ts";
import type { Finding, Kept, Stock } from "./consistency-finding.ts";
import { DECLARED } from "./tables.ts";
import type { DeclaredTable, TableName } from "./tables.ts";

const RESTORE = "no program writes this: restore a backup from before, and tell the maintainers";

/** Tables that are not declared as resources: all of them, by the compiler. */
const UNDECLARED: Readonly<Record<Exclude<TableName, DeclaredTable>, true>> = {
  datacenter: true,
  released: true,
  retired: true,
  rollout: true,
  topology: true,
};

export function* unknownTables({ rows }: Stock): Generator<Finding> {
  for (const key of rows.keys()) {
    const [table] = splitKey(key);
    if (!Object.hasOwn(DECLARED, table) && !Object.hasOwn(UNDECLARED, table))
      yield { place: key, problem: `there is no table "${table}"`, advice: "another program wrote it: open the store with that program" };
  }
}

export function* wrongForms({ kept }: Stock): Generator<Finding> {
  for (const one of kept) {
    yield* wrongKey(one);
    yield* wrongValues(one);
  }
}

/** An attribute by which rows are kept is the row's key. */
function* wrongKey({ key, id, declared, fields }: Kept): Generator<Finding> {
  for (const [name, { index }] of Object.entries(declared.attributes))
    if (index === "key" && fields[name] !== id)
      yield { place: `${key} ${name}`, problem: `is ${JSON.stringify(fields[name])}, and the row is kept under ${id}`, advice: RESTORE };
}

/** Absent values are those of a partial row (a quota's limits), which another has set: they follow a default. */
function* wrongValues({ key, table, declared, fields }: Kept): Generator<Finding> {
  for (const [name, attribute] of keptAttributes(declared)) {
    const value = fields[name];
    if (value === undefined) {
      if (table !== "quota")
        yield { place: `${key} ${name}`, problem: "is missing", advice: "start a controller on the store: it completes older rows" };
    } else if (!isValue(attribute, value))
      yield { place: `${key} ${name}`, problem: `${JSON.stringify(value)}: ${reason(attribute, value)}`, advice: RESTORE };
  }
}

function reason({ type }: Attribute, value: unknown): string {
  const read = type.read(value);
  return isWrong(read) ? reasonOf(read) : `is not how ${type.name} is kept`;
}

export function* danglingReferences({ rows, kept }: Stock): Generator<Finding> {
  for (const { key, declared, fields } of kept) {
    for (const [name, attribute] of keptAttributes(declared)) {
      for (const { table, id } of referencesIn({ name, attribute, declared, value: fields[name] }))
        if (!rows.has(`${table}/${id}`))
          yield {
            place: `${key} ${name}`,
            problem: `names the ${table} ${id}, which is not there`,
            advice: `delete the ${declared.name}, or restore a backup that has the ${table}`,
          };
    }
  }
}

interface Reference {
  readonly table: string;
  readonly id: string;
}

interface Place {
  readonly name: string;
  readonly attribute: Attribute;
  readonly declared: Resource;
  readonly value: unknown;
}

/** What an attribute names by id: as a text, as a list of texts, or in members of records. */
function* referencesIn({ name, attribute, declared, value }: Place): Generator<Reference> {
  if (attribute.type.name.includes(OPAQUE)) return;
  const table = declared.under?.attribute === name ? tableOf(declared.under.resource) : (attribute.refers ?? referredBy(name));
  for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
    if (typeof one === "string" && one !== "" && table !== undefined) yield { table, id: one };
    if (isObject(one)) yield* referencesInMembers(one);
  }
}

/** Objects of which we know nothing: Nova's own notes. */
const OPAQUE = "object";

function* referencesInMembers(members: Readonly<Record<string, unknown>>): Generator<Reference> {
  for (const [name, value] of Object.entries(members)) {
    const table = referredBy(name);
    if (table !== undefined && typeof value === "string" && value !== "") yield { table, id: value };
    if (Array.isArray(value)) for (const one of value as readonly unknown[]) if (isObject(one)) yield* referencesInMembers(one);
  }
}

const NAMES = Object.entries(DECLARED).flatMap(([table, { name, plural }]) => [
  { table, end: `${name}_id` },
  { table, end: `${table}_id` },
  { table, end: plural },
]);

/** Asked of every attribute of every row. */
const REFERRED = new Map<string, string | undefined>();

/** `network_id`, `floating_network_id` and `security_groups` say themselves what they name: the longest name counts. */
export function referredBy(attribute: string): string | undefined {
  if (!REFERRED.has(attribute)) REFERRED.set(attribute, longestName(attribute));
  return REFERRED.get(attribute);
}

function longestName(attribute: string): string | undefined {
  const fitting = NAMES.filter(({ end }) => attribute === end || (end.endsWith("_id") && attribute.endsWith(`_${end}`)));
  return fitting.toSorted((left, right) => right.end.length - left.end.length)[0]?.table;
}

/** The table in which a resource is kept. */
function tableOf(resource: string): string {
  return Object.entries(DECLARED).find(([, { name }]) => name === resource)?.[0] ?? resource;
}
