/** The rows of one resource, with the indexes that its declaration asks for. */
import type { Attribute, Attributes } from "../resource/resource.ts";
import { SortedKeys } from "./sorted-keys.ts";

type Fields = Readonly<Record<string, unknown>>;

export class Table {
  readonly rows = new Map<string, object>();
  readonly #attributes: Attributes;
  readonly #indexes: readonly Index[];
  #sorted: SortedKeys | undefined;

  constructor(attributes: Attributes) {
    this.#attributes = attributes;
    this.#indexes = Object.entries(attributes).flatMap(([name, attribute]) =>
      attribute.index === true ? [new Index(name, { attribute, rows: this.rows })] : [],
    );
  }

  /** The ids in order. Sorted when it is first asked for: at its beginning a cloud takes in all of its rows. */
  get sorted(): SortedKeys {
    return (this.#sorted ??= new SortedKeys(this.rows.keys()));
  }

  /** Returns the row that was there before. */
  put(id: string, row: object | undefined): object | undefined {
    const old = this.rows.get(id);
    for (const index of this.#indexes) index.move(id, old, row);
    if (row === undefined) this.rows.delete(id);
    else this.rows.set(id, row);
    if (row === undefined) this.#sorted?.remove(id);
    else if (old === undefined) this.#sorted?.add(id);
    return old;
  }

  /** Ids of the rows that `key` finds in an indexed attribute. */
  ids(attribute: string, key: string): ReadonlySet<string> {
    if (this.#attributes[attribute]?.index === "key") return this.rows.has(key) ? new Set([key]) : NONE;
    const index = this.#indexes.find(({ name }) => name === attribute);
    if (index === undefined) throw new Error(`${attribute} has no index`);
    return index.ids(key);
  }

  hasIndex(attribute: string): boolean {
    return this.#attributes[attribute]?.index !== undefined;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** By key: most find one row, whose id then stands by itself, which takes a fraction of the memory of a set. */
type Ids = Map<string, string | Set<string>>;

interface Indexing {
  readonly attribute: Attribute;
  readonly rows: ReadonlyMap<string, object>;
}

class Index {
  readonly name: string;
  readonly #attribute: Attribute;
  readonly #rows: ReadonlyMap<string, object>;
  #ids: Ids | undefined;

  constructor(name: string, { attribute, rows }: Indexing) {
    this.name = name;
    this.#attribute = attribute;
    this.#rows = rows;
  }

  ids(key: string): ReadonlySet<string> {
    const found = this.#made().get(key);
    if (found === undefined) return NONE;
    return typeof found === "string" ? new Set([found]) : found;
  }

  /** Made when it is first asked for: at its beginning a cloud takes in all of its rows, and answers the sooner. */
  #made(): Ids {
    if (this.#ids !== undefined) return this.#ids;
    const ids: Ids = new Map();
    for (const [id, row] of this.#rows) for (const key of this.#keys(this.#value(row))) add(ids, key, id);
    return (this.#ids = ids);
  }

  move(id: string, old: object | undefined, row: object | undefined): void {
    const ids = this.#ids;
    if (ids === undefined) return;
    const [before, after] = [this.#value(old), this.#value(row)];
    if (before === after) return;
    for (const key of this.#keys(before)) remove(ids, key, id);
    for (const key of this.#keys(after)) add(ids, key, id);
  }

  // A row is a plain record of its declared attributes; which they are, only the declaration knows.
  #value(row: object | undefined): unknown {
    return row === undefined ? undefined : (row as Fields)[this.name];
  }

  #keys(value: unknown): readonly string[] {
    return value === undefined ? [] : this.#attribute.type.keys(value);
  }
}

function add(ids: Ids, key: string, id: string): void {
  const found = ids.get(key);
  if (found === undefined) ids.set(key, id);
  else if (typeof found !== "string") found.add(id);
  else if (found !== id) ids.set(key, new Set([found, id]));
}

function remove(ids: Ids, key: string, id: string): void {
  const found = ids.get(key);
  if (found === id) ids.delete(key);
  if (found === undefined || typeof found === "string") return;
  found.delete(id);
  if (found.size === 0) ids.delete(key);
}
