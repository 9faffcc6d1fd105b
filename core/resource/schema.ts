/** JSON Schema (2020-12) of values, as documents of the API show it: what a type reads, in a form that programs understand. */
import type { Type } from "./type.ts";

export type Schema = { readonly [keyword: string]: unknown };

/** A type without one is described by its name alone. */
export function schemaOf(type: Type<unknown>): Schema {
  return type.schema ?? { description: type.name };
}

export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: "null" }] };
}
