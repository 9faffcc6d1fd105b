/** What of an object its row keeps, and what rows have of an attribute that they are older than. */
import type { Attribute, Resource } from "./resource.ts";
import { chosen } from "./resource.ts";
import { isObject } from "./composites.ts";
import { isWrong, orderTexts } from "./type.ts";

/** Attributes that rows have: not what is computed when it is shown, nor wishes that are heard once. */
export function keptAttributes({ attributes }: Resource): readonly (readonly [name: string, attribute: Attribute])[] {
  return Object.entries(attributes).filter(([, { computed, hidden }]) => computed !== true && hidden !== "wish");
}

/**
 * The value of an attribute in a row from before it was declared: what the declaration says of such rows, else its default,
 * else none (null, or an empty list), where its type knows none. Undefined: the declaration must say it in `before`.
 */
export function valueBefore(attribute: Attribute): { readonly value: unknown } | undefined {
  if ("before" in attribute) return { value: attribute.before };
  if ("default" in attribute && attribute.default !== chosen) return { value: attribute.default };
  return [null, []].map((value) => ({ value })).find(({ value }) => isValue(attribute, value));
}

/** May a row have this value? It is what its type reads, as it reads it, or what is kept though nobody may say it. */
export function isValue({ type }: Attribute, value: unknown): boolean {
  if (type.kept?.some((one) => one === value) === true) return true;
  const read = type.read(value);
  return !isWrong(read) && textOf(read.value) === textOf(value);
}

/** In what order the members of a record stand says nothing. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => orderTexts(one, other))) : part,
  );
}
