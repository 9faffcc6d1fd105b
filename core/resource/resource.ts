/**
 * The language in which an API resource is declared: plain data, once. Types, body readers, rendering, filters, indexes,
 * policy names, routes and documents follow from it.
 */
import type { Rule } from "../policy/rule.ts";
import type { Condition, Type, TypeOf } from "./type.ts";

/** The default of an attribute that the server chooses when a client leaves it out. */
export const chosen: unique symbol = Symbol("chosen");

export interface Attribute {
  readonly type: Type<unknown>;
  /** Who may say it: nobody, who creates, who changes, or both. */
  readonly write: "never" | "create" | "change" | "always";
  /** Of attributes that can be written: its value when left out. Without one, it must be given on creation. */
  readonly default?: unknown;
  readonly filter?: true;
  /** Filters under other names that look at this attribute: `not-tags`. */
  readonly filters?: Readonly<Record<string, (texts: readonly string[]) => Condition<unknown>>>;
  readonly sort?: true;
  /** What rows from before it was declared have of it, where that is not its default, and not none (null, an empty list). */
  readonly before?: unknown;
  /** Table of what it names by id, where its own name does not tell: `network_id` and `security_groups` do. */
  readonly refers?: string;
  /** Looked up often: the cloud keeps an index of it, or rows are kept by it anyway. */
  readonly index?: true | "key";
  /** Not kept in the row: its rules compute it when it is shown. */
  readonly computed?: true;
  /** Told to nobody: a wish that is heard on creation and then forgotten, or something that is kept for ourselves. */
  readonly hidden?: "wish" | "kept";
  /** Who may give it on creation, give it on update, see it; absent: whoever may do so with the resource. */
  readonly guard?: Guard;
  /** Members of a record or of a list of records that have a rule of their own: `fixed_ips` may, `ip_address` in it may not. */
  readonly guardMembers?: Readonly<Record<string, Guard>>;
  /** Alias of the extension that brings it. */
  readonly extension?: string;
  readonly note: string;
}

export interface Guard {
  readonly create?: Rule;
  readonly update?: Rule;
  readonly get?: Rule;
  /** Of tags alone: who may take them away. */
  readonly delete?: Rule;
}

export type Attributes = Readonly<Record<string, Attribute>>;

export interface Resource<A extends Attributes = Attributes> {
  /** In bodies and policy names: `security_group`. */
  readonly name: string;
  /** In bodies and, with hyphens, in URLs: `security_groups`. */
  readonly plural: string;
  /** In URLs, where it is written otherwise: `availability_zones`. */
  readonly segment?: string;
  /** What its URL begins with: `qos`. */
  readonly prefix?: string;
  /** It lies below one of another resource, whose id it keeps in an attribute: port forwardings below a floating IP. */
  readonly under?: { readonly resource: string; readonly attribute: string };
  readonly note: string;
  /** Who may do what with it; a verb without a rule is not offered. */
  readonly may: Readonly<Partial<Record<"create" | "get" | "update" | "delete", Rule>>>;
  readonly attributes: A;
}

/** Declares a resource; the declaration is its own type. */
export function resource<const A extends Attributes>(declaration: Resource<A>): Resource<A> {
  return declaration;
}

/** Attributes that several resources have, declared once and spread into each. */
export function attributes<const A extends Attributes>(declared: A): A {
  return declared;
}

/** The last part of its URL: `security-groups`. */
export function segmentOf(declared: Resource): string {
  return declared.segment ?? declared.plural.replaceAll("_", "-");
}

/** Its URL below the version, or below the id of what it lies under: `qos/policies`. */
export function pathOf(declared: Resource): string {
  return declared.prefix === undefined ? segmentOf(declared) : `${declared.prefix}/${segmentOf(declared)}`;
}

/** How policy files call it: `floatingip_port_forwarding`. */
export function policyNameOf({ name, under }: Resource): string {
  return under === undefined ? name : `${under.resource}_${name}`;
}

type Keys<A extends Attributes, Want> = { [K in keyof A]: A[K] extends Want ? K : never }[keyof A];
type Values<A extends Attributes, K extends keyof A> = { readonly [P in K]: TypeOf<A[P]["type"]> };
type Stored<A extends Attributes> = Exclude<keyof A, Keys<A, { computed: true }> | Keys<A, { hidden: "wish" }>>;
type Writable<A extends Attributes> = Keys<A, { write: "create" | "always" }>;
/** `project_id` is always filled by the reader of bodies: it knows who asks. */
type Left<A extends Attributes> = Exclude<Keys<A, { default: typeof chosen }>, "project_id">;

/** One stored object. */
export type Row<R extends Resource> = Values<R["attributes"], Stored<R["attributes"]>>;

/** What a creation says: defaults filled in, only what the server chooses may be absent. */
export type Create<R extends Resource> = Values<R["attributes"], Exclude<Writable<R["attributes"]>, Left<R["attributes"]>>> &
  Partial<Values<R["attributes"], Extract<Writable<R["attributes"]>, Left<R["attributes"]>>>>;

/** What a change says: nothing but what is to change. */
export type Patch<R extends Resource> = Partial<Values<R["attributes"], Keys<R["attributes"], { write: "change" | "always" }>>>;

/** What is computed when it is shown. */
export type Computed<R extends Resource> = Values<R["attributes"], Keys<R["attributes"], { computed: true }>>;

/** Attributes that the cloud keeps an index of. */
export type Indexed<R extends Resource> = Extract<Keys<R["attributes"], { index: true | "key" }>, string>;
