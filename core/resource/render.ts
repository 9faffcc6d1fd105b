/** An object as a client sees it: the attributes that it asked for and may see, in the order of the declaration. */
import type { Resource } from "./resource.ts";

export interface View {
  /** Names asked for with `fields=`; empty: all. */
  readonly fields: readonly string[];
  /** Attributes that the asker may not see. */
  readonly hidden: ReadonlySet<string>;
}

export function render({ attributes }: Resource, full: object, { fields, hidden }: View): Record<string, unknown> {
  const wanted = fields.length === 0 ? undefined : new Set(fields);
  const shown: Record<string, unknown> = {};
  // A row is a plain record of its declared attributes.
  const values = full as Readonly<Record<string, unknown>>;
  for (const [key, attribute] of Object.entries(attributes)) {
    if (hidden.has(key) || attribute.hidden !== undefined) continue;
    if (wanted === undefined || wanted.has(key)) shown[key] = values[key];
    if (key === "project_id" && (wanted === undefined || wanted.has("tenant_id"))) shown["tenant_id"] = values[key];
  }
  return shown;
}
