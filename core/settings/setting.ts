/**
 * The language in which a process's settings are declared: plain data, once. The reader of the file, its documents and the
 * types of the values follow from it.
 */
import type { Type, TypeOf } from "../resource/type.ts";

export interface Setting<T = unknown> {
  readonly type: Type<T>;
  /** As it would be written in the file; null: none, which nobody can write. Without one, the file must say it. */
  readonly default?: unknown;
  /** `seconds`, `bytes`. */
  readonly unit?: string;
  /** Its value is never told: not in findings, not in logs, not in what changed. */
  readonly secret?: true;
  /** When a change of the file takes effect in a process that is told to read it again. */
  readonly takes: "at once" | "restart";
  readonly note: string;
}

export type Settings = Readonly<Record<string, Setting>>;

/** What one section of the file says. */
export type Values<S extends Settings> = { readonly [K in keyof S]: TypeOf<S[K]["type"]> };

/** What is against the values of a section, and which key is to blame. */
export interface Objection {
  readonly key: string;
  readonly reason: string;
}

export interface Section<S extends Settings = Settings> {
  readonly note: string;
  readonly settings: S;
  /** What must hold between its values, once each of them is right by itself. */
  objection?(values: Values<S>): Objection | undefined;
}

/** By their keys in the file. */
export type Sections = Readonly<Record<string, Section>>;
export type SettingsOf<S extends Sections> = { readonly [K in keyof S]: Values<S[K]["settings"]> };

/** Declares a section; the declaration is its own type. */
export function section<const S extends Settings>(declared: Section<S>): Section<S> {
  return declared;
}
