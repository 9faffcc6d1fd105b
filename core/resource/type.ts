/**
 * What an attribute's type answers. A type is a record of functions: how a client's value is read, under which texts
 * a filter or an index finds a value, how two values are ordered.
 */
import type { Refusal } from "../result.ts";

/** A value, or why there is none. A client's value that cannot be converted and one that may not be are told differently by Neutron. */
export type Read<T> = { readonly value: T } | Wrong;

export type Wrong =
  /** `convert`: 400 InvalidInput with the reason; `validate`: 400 HTTPBadRequest that names the attribute. */
  | { readonly fault: "convert" | "validate"; readonly reason: string }
  /** Where Neutron has an exception of its own for the attribute. */
  | { readonly fault: "refuse"; readonly refusal: Refusal };

/** A condition on a value. (A method, so that a type of one value stands for a type of any.) */
export interface Condition<T> {
  holds(value: T): boolean;
  /** Whatever it holds for has one of these keys. Absent: an index is of no use. */
  readonly keys?: readonly string[];
}

export interface Type<T> {
  /** For people and documents: `text(255)`, `list of ip`. */
  readonly name: string;
  /** Reads a value of a request's body: JSON, present, not yet trusted. */
  read(raw: unknown): Read<T>;
  /** The texts that find the value: itself, or each member of a list; null is found by none. */
  keys(value: T): readonly string[];
  /** Reads a text of a query into such a key. */
  key(text: string): Read<string>;
  /** For sort keys. */
  order(left: T, right: T): number;
  /** What its values look like, as JSON Schema; absent: it has no words for it. */
  readonly schema?: { readonly [keyword: string]: unknown };
  /** Values that rows have although nobody may say them. */
  readonly kept?: readonly T[];
  /** Only of types whose filter is more than "one of these keys": several texts of one query, as one condition. */
  filter?(texts: readonly string[]): Read<Condition<T>>;
}

export type TypeOf<T> = T extends Type<infer V> ? V : never;

export function invalid(reason: string): Wrong {
  return { fault: "validate", reason };
}

export function unconvertible(reason: string): Wrong {
  return { fault: "convert", reason };
}

export function refusedAs(refusal: Refusal): Wrong {
  return { fault: "refuse", refusal };
}

/** The reason of a wrong value, in words. */
export function reasonOf(wrong: Wrong): string {
  return wrong.fault === "refuse" ? wrong.refusal.message : wrong.reason;
}

export function isWrong(read: Read<unknown>): read is Wrong {
  return "fault" in read;
}

/** Orders texts by code unit: the same on every machine. */
export function orderTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A value as Neutron prints it in its messages: Python's `str`. */
export function printed(value: unknown): string {
  return typeof value === "string" ? value : literal(value);
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, part]) => `'${key}': ${literal(part)}`)
      .join(", ")}}`;
  return String(value);
}
