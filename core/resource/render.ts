/** An object as a client sees it: the attributes that it asked for and may see, in the order of the declaration. */
import { derived } from "./derived.ts";
import type { Resource } from "./resource.ts";

export interface View {
  /** Names asked for with `fields=`; empty: all. */
  readonly fields: readonly string[];
  /** Attributes that the asker may not see. */
  readonly hidden: ReadonlySet<string>;
}

/** Names under which attributes are told: the project under two. */
const told = derived(({ attributes }) =>
  Object.entries(attributes).flatMap(([key, { hidden }]) => {
    if (hidden !== undefined) return [];
    const names = key === "project_id" ? [key, "tenant_id"] : [key];
    return names.map((name) => ({ name, key }));
  }),
);

export function render(resource: Resource, full: object, { fields, hidden }: View): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  // A row is a plain record of its declared attributes.
  const values = full as Readonly<Record<string, unknown>>;
  for (const { name, key } of told(resource))
    if (!hidden.has(key) && (fields.length === 0 || fields.includes(name))) shown[name] = values[key];
  return shown;
}
