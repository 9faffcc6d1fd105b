/**
 * The language in which the form of a data centre file is written: a form is a mapping of readers. A reader answers
 * with the value at a place, or blames the place and answers undefined, so that the rest can still be read and checked.
 */
import { isMapping } from "./source.ts";
import type { Path, Source } from "./source.ts";
import { nearest } from "./spelling.ts";

export type Reader<T> = (source: Source, path: Path) => T | undefined;

type Fields = Readonly<Record<string, Reader<unknown>>>;
/** What a mapping of readers reads: each value, or undefined when absent or blamed. */
export type Draft<F extends Fields> = { readonly [K in keyof F]: ReturnType<F[K]> };

/** A mapping with these keys and no others. */
export function mapping<F extends Fields>(fields: F): Reader<Draft<F>> {
  return (source, path) => {
    const value = source.at(path);
    if (!isMapping(value)) {
      source.blame(path, value === null && path.length > 0 ? EMPTY : "not a mapping (key: value)");
      return undefined;
    }
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(fields, key)) source.blame([...path, key], unknownKey(key, Object.keys(fields)));
    }
    // Object.fromEntries forgets which key has which type.
    return Object.fromEntries(Object.entries(fields).map(([key, read]) => [key, read(source, [...path, key])])) as Draft<F>;
  };
}

/** Must be there. */
export function needed<T>(read: Reader<T>): Reader<T> {
  return (source, path) => {
    if (source.at(path) !== undefined) return read(source, path);
    source.blame(path, "missing");
    return undefined;
  };
}

/** May be left out; but a key without a value is refused: it is more often a mistake than a wish. */
export function optional<T>(read: Reader<T>): Reader<T> {
  return (source, path) => (source.at(path) === undefined ? undefined : read(source, path));
}

/** May be left out, which means `value`. */
export function otherwise<T>(value: T, read: Reader<T>): Reader<T> {
  return (source, path) => (source.at(path) === undefined ? value : read(source, path));
}

/** A list; items that were blamed keep their place as undefined, so that an index is still a path. Absent: empty. */
export function list<T>(read: Reader<T>): Reader<readonly (T | undefined)[]> {
  return (source, path) => {
    const value = source.at(path);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.map((_, index) => read(source, [...path, index]));
    source.blame(path, value === null ? EMPTY : "not a list");
    return undefined;
  };
}

/** A text that `understand` makes sense of; `wanted` says what it should have been. */
export function text<T>(wanted: string, understand: (text: string) => T | undefined): Reader<T> {
  return (source, path) => {
    const value = source.at(path);
    if (typeof value !== "string") {
      source.blame(
        path,
        value === null
          ? EMPTY
          : isMapping(value) || Array.isArray(value)
            ? `not a text (${wanted})`
            : `not a text (${wanted}); put it in quotes`,
      );
      return undefined;
    }
    const understood = understand(value);
    if (understood === undefined) source.blame(path, `not ${wanted}`);
    return understood;
  };
}

/** A whole number within bounds. */
export function whole(wanted: string, least: number, most: number): Reader<number> {
  return (source, path) => {
    const value = source.at(path);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const quoted = typeof value === "string" && /^\d+$/.test(value);
    source.blame(path, value === null ? EMPTY : `not ${wanted} (${least} to ${most})${quoted ? "; write it without quotes" : ""}`);
    return undefined;
  };
}

/** A reader with one more condition: `objection` says what is against a value, or undefined. */
export function unless<T>(read: Reader<T>, objection: (value: T) => string | undefined): Reader<T> {
  return (source, path) => {
    const value = read(source, path);
    const against = value === undefined ? undefined : objection(value);
    if (against === undefined) return value;
    source.blame(path, against);
    return undefined;
  };
}

const EMPTY = "has no value; write one or leave the key out";

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return `unknown key; ${meant === undefined ? `known here: ${known.join(", ")}` : `did you mean ${meant}?`}`;
}
