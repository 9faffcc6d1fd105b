/** What applying a data centre changes, object by object, in words that an operator can compare with the file. */
import { showPath } from "./source.ts";
import type { Path } from "./source.ts";

export interface Detail {
  /** An attribute of the API, or a place of the file: `allocation_pools`, `hosts[1].ipv4`. */
  readonly attribute: string;
  /** Absent: there was none. */
  readonly old?: unknown;
  /** Absent: there will be none. */
  readonly new?: unknown;
}

export interface Changed {
  readonly object: "network" | "subnet" | "quota" | "datacenter" | "session" | "reflector" | "tor" | "gateway" | "compute";
  readonly name: string;
  readonly action: "create" | "change" | "delete";
  readonly details: readonly Detail[];
}

/** Empty: nothing to change. */
export type Difference = readonly Changed[];

type Fields = Readonly<Record<string, unknown>>;

/** Attributes of which two objects differ; absent objects have none. Values are plain data. */
export function detailsOf(before: object | undefined, after: object | undefined): readonly Detail[] {
  // Plain records, compared by whatever names they have.
  const [old, next] = [(before ?? {}) as Fields, (after ?? {}) as Fields];
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  return names
    .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(next[name]))
    .map((attribute) => ({
      attribute,
      ...(old[attribute] === undefined ? {} : { old: old[attribute] }),
      ...(next[attribute] === undefined ? {} : { new: next[attribute] }),
    }));
}

/** The change between two states of one object; none where they are the same. */
export function changed(which: Pick<Changed, "object" | "name">, before: object | undefined, after: object | undefined): Difference {
  const details = detailsOf(before, after);
  if (details.length === 0) return [];
  return [{ ...which, action: before === undefined ? "create" : after === undefined ? "delete" : "change", details }];
}

/** Every single value of plain data by its place: `hosts[1].ipv4`. */
export function valuesOf(data: unknown, path: Path = []): Fields {
  if (typeof data !== "object" || data === null) return { [showPath(path)]: data };
  const inner = Array.isArray(data) ? [...data.entries()] : Object.entries(data);
  return Object.assign({}, ...inner.map(([key, value]: [string | number, unknown]) => valuesOf(value, [...path, key])));
}
