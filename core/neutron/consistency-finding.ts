/** What is wrong with the rows of a cloud, and the rows as those who look for it see them. */
import type { Resource } from "../resource/resource.ts";
import { DECLARED } from "./tables.ts";
import type { TableName, Tables } from "./tables.ts";

export interface Finding {
  /** `port/ID fixed_ips` */
  readonly place: string;
  /** What is the case, with the values. */
  readonly problem: string;
  /** What to do about it. */
  readonly advice: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** One row of a declared table; whether it is what its declaration says, is not known yet. */
export interface Kept {
  readonly key: string;
  readonly table: string;
  readonly id: string;
  readonly declared: Resource;
  readonly fields: Fields;
}

export interface Stock {
  readonly rows: ReadonlyMap<string, object>;
  readonly kept: readonly Kept[];
  /** Rows of a table, once they are known to be what its declaration says. */
  all<T extends TableName>(table: T): readonly Tables[T][];
}

export type Check = (stock: Stock) => Iterable<Finding>;

const declared: Readonly<Record<string, Resource>> = DECLARED;

export function stockOf(rows: ReadonlyMap<string, object>): Stock {
  const kept = [...rows].flatMap(([key, row]) => {
    const [table, id] = splitKey(key);
    const resource = declared[table];
    // A row is a plain record.
    return resource === undefined ? [] : [{ key, table, id, declared: resource, fields: row as Fields }];
  });
  const byTable = Map.groupBy(rows, ([key]) => splitKey(key)[0]);
  return {
    rows,
    kept,
    // Asked for only of rows whose form has been found right.
    all: <T extends TableName>(table: T) => (byTable.get(table) ?? []).map(([, row]) => row as Tables[T]),
  };
}

export function splitKey(key: string): readonly [table: string, id: string] {
  const slash = key.indexOf("/");
  return slash < 0 ? [key, ""] : [key.slice(0, slash), key.slice(slash + 1)];
}
