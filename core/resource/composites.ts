/** Types made of other types: lists, records, values that may be null. */
import { orNull, schemaOf } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { invalid, isWrong, printed, unconvertible } from "./type.ts";
import type { Condition, Read, Type, TypeOf, Wrong } from "./type.ts";

/** A value, or null: "none" as a thing that can be said. */
export function nullable<T>(type: Type<T>): Type<T | null> {
  const { filter } = type;
  return {
    name: `${type.name} or null`,
    schema: orNull(schemaOf(type)),
    read: (raw) => (raw === null ? { value: null } : type.read(raw)),
    keys: (value) => (value === null ? [] : type.keys(value)),
    key: (query) => type.key(query),
    order: (left, right) => {
      if (left === null || right === null) return Number(left !== null) - Number(right !== null);
      return type.order(left, right);
    },
    ...(filter === undefined ? {} : { filter: (texts) => notNull(filter(texts)) }),
  };
}

function notNull<T>(read: Read<Condition<T>>): Read<Condition<T | null>> {
  return isWrong(read) ? read : { value: { holds: (value) => value !== null && read.value.holds(value) } };
}

/** A null that Neutron reads as something else: `nullMeans([], list(uuid))`. */
export function nullMeans<T>(instead: T, type: Type<T>): Type<T> {
  return { ...type, read: (raw) => (raw === null ? { value: instead } : type.read(raw)) };
}

/** What a list may hold: as many members as one likes or only so many, each as often as one likes or only once. */
export interface ListLimits {
  readonly unique?: true;
  readonly most?: { readonly length: number; readonly reason: string };
}

export function list<T>(of: Type<T>, limits: ListLimits = {}): Type<readonly T[]> {
  return {
    name: `list of ${of.name}`,
    schema: listSchema(of, limits),
    read: (raw) => readList(of, limits, raw),
    keys: (values) => values.flatMap((value) => of.keys(value)),
    key: (query) => of.key(query),
    order: (left, right) => left.length - right.length,
  };
}

function listSchema(of: Type<unknown>, { unique, most }: ListLimits): Schema {
  const few = most === undefined ? {} : { maxItems: most.length };
  return { type: "array", items: schemaOf(of), ...(unique === true ? { uniqueItems: true } : {}), ...few };
}

function readList<T>(of: Type<T>, limits: ListLimits, raw: unknown): Read<readonly T[]> {
  if (!Array.isArray(raw)) return invalid(`'${printed(raw)}' is not a list`);
  if (limits.most !== undefined && raw.length > limits.most.length) return invalid(limits.most.reason);
  const values: T[] = [];
  const seen = new Set<string>();
  for (const member of raw as readonly unknown[]) {
    const read = of.read(member);
    if (isWrong(read)) return read;
    const text = JSON.stringify(read.value);
    if (limits.unique === true && seen.has(text)) return invalid(`Duplicate items in the list: '${printed(member)}'`);
    seen.add(text);
    values.push(read.value);
  }
  return { value: values };
}

/** A member of a record: present always, or left out at will. */
export interface Member<T, O extends boolean = boolean> {
  readonly type: Type<T>;
  readonly optional: O;
}

export function must<T>(type: Type<T>): Member<T, false> {
  return { type, optional: false };
}

export function may<T>(type: Type<T>): Member<T, true> {
  return { type, optional: true };
}

type Members = Readonly<Record<string, Member<unknown>>>;
type MembersIn<M extends Members, O extends boolean> = { [K in keyof M]: M[K]["optional"] extends O ? K : never }[keyof M];
export type RecordOf<M extends Members> = { readonly [K in MembersIn<M, false>]: TypeOf<M[K]["type"]> } & {
  readonly [K in MembersIn<M, true>]?: TypeOf<M[K]["type"]>;
};

/** An object with these members and no others; `wrongKeys`: what Neutron says of others, where it has words of its own. */
export function record<const M extends Members>(members: M, wrongKeys?: Wrong): Type<RecordOf<M>> {
  return {
    name: `{ ${Object.entries(members)
      .map(([name, member]) => `${name}${member.optional ? "?" : ""}: ${member.type.name}`)
      .join(", ")} }`,
    schema: recordSchema(members),
    read: (raw) => {
      if (!isObject(raw)) return invalid(`'${printed(raw)}' is not a dictionary`);
      if (!fits(members, raw)) return wrongKeys ?? invalid(keysReason(members, raw));
      // Each member is read by its own type; the compiler cannot follow the loop.
      return readMembers(members, raw) as Read<RecordOf<M>>;
    },
    keys: (value) => Object.entries(members).flatMap(([name, member]) => keysOf(name, member, value)),
    key: (query) => ({ value: query }),
    order: () => 0,
  };
}

function recordSchema(members: Members): Schema {
  const entries = Object.entries(members);
  const properties = Object.fromEntries(entries.map(([name, { type }]) => [name, schemaOf(type)]));
  const required = entries.filter(([, { optional }]) => !optional).map(([name]) => name);
  return { type: "object", properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false };
}

/** `ip_address=10.65.0.5`: the form in which Neutron's filters name a member. */
function keysOf(name: string, member: Member<unknown>, value: object): string[] {
  const part: unknown = (value as Readonly<Record<string, unknown>>)[name];
  return part === undefined ? [] : member.type.keys(part).map((key) => `${name}=${key}`);
}

function fits(members: Members, raw: Readonly<Record<string, unknown>>): boolean {
  const known = Object.keys(raw).every((name) => Object.hasOwn(members, name));
  return known && Object.entries(members).every(([name, member]) => member.optional || raw[name] !== undefined);
}

function keysReason(members: Members, raw: object): string {
  const set = (names: readonly string[]) => `{${names.map((name) => `'${name}'`).join(", ")}}`;
  return `Validation of dictionary's keys failed. Expected keys: ${set(Object.keys(members))} Provided keys: ${set(Object.keys(raw))}`;
}

function readMembers(members: Members, raw: Readonly<Record<string, unknown>>): Read<Record<string, unknown>> {
  const value: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(members)) {
    if (raw[name] === undefined) continue;
    const read = member.type.read(raw[name]);
    if (isWrong(read)) return read;
    value[name] = read.value;
  }
  return { value };
}

export function isObject(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

/** An object that we keep and give back as it is: `binding:profile`. */
export const opaque: Type<Readonly<Record<string, unknown>>> = {
  name: "object",
  schema: { type: "object" },
  read: (raw) => (isObject(raw) ? { value: raw } : unconvertible(`'${printed(raw)}' is not a dictionary`)),
  keys: () => [],
  key: (query) => ({ value: query }),
  order: () => 0,
};

/** A value that may be none, which nobody can say: it is none by being left out. */
export function said<T>(type: Type<T>): Type<T | null> {
  return { ...nullable(type), name: `${type.name} or none`, read: (raw) => type.read(raw), kept: [null] };
}
