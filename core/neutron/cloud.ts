/**
 * The cloud as it is: every committed row in memory, with the indexes that the declarations ask for. Rows are never
 * changed in place; the only way in is `apply`.
 */
import type { Ip } from "../net/address.ts";
import type { Page } from "../resource/query.ts";
import type { Indexed } from "../resource/resource.ts";
import { Addresses } from "./addresses.ts";
import type { RowWrite } from "./decision.ts";
import { Grants } from "./grants.ts";
import type { Port } from "./port.ts";
import type { Released } from "./released.ts";
import type { Subnet } from "./subnet.ts";
import type { RbacPolicy } from "./rbac-policy.ts";
import { Table } from "./table.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import type { CloudSettings } from "./settings.ts";
import { DECLARED } from "./tables.ts";
import type { DeclaredTable, TableName, Tables } from "./tables.ts";

export class Cloud {
  /** Addresses that are not free: those of ports, first of all. */
  readonly addresses = new Addresses();
  /** What was given to other projects. */
  readonly grants = new Grants();
  readonly settings: CloudSettings;
  readonly #tables: ReadonlyMap<string, Table>;

  constructor(settings: CloudSettings = DEFAULT_SETTINGS) {
    this.settings = settings;
    const declared = Object.entries(DECLARED).map(([name, { attributes }]) => [name, new Table(attributes)] as const);
    this.#tables = new Map<string, Table>([
      ...declared,
      ["datacenter", new Table({})],
      ["rollout", new Table({})],
      ["released", new Table({})],
      ["topology", new Table({})],
      ["retired", new Table({})],
    ]);
  }

  get<T extends TableName>(table: T, id: string): Tables[T] | undefined {
    return this.#table(table).rows.get(id) as Tables[T] | undefined;
  }

  all<T extends TableName>(table: T): Iterable<Tables[T]> {
    return this.#table(table).rows.values() as Iterable<Tables[T]>;
  }

  /** Rows of which `attribute` is `value`, or has it among its members: `by("port", "fixed_ips", "subnet_id=…")`. */
  *by<T extends DeclaredTable>(table: T, attribute: Indexed<(typeof DECLARED)[T]>, value: string): Generator<Tables[T]> {
    const { rows } = this.#table(table);
    for (const id of this.#table(table).ids(attribute, value)) yield rows.get(id) as Tables[T];
  }

  /** How many rows `by` would give, without looking at them. */
  count<T extends DeclaredTable>(table: T, attribute: Indexed<(typeof DECLARED)[T]>, value: string): number {
    return this.#table(table).ids(attribute, value).size;
  }

  /** How many rows a table has. */
  size(table: TableName): number {
    return this.#table(table).rows.size;
  }

  /** Every row by its key, `TABLE/ID`. */
  *entries(): Generator<readonly [key: string, row: object]> {
    for (const [name, { rows }] of this.#tables) for (const [id, row] of rows) yield [`${name}/${id}`, row];
  }

  /** Applies one committed write: `row` undefined deletes. */
  apply(key: string, row: object | undefined): void {
    this.#put(key, row);
  }

  /**
   * Lets a decision of several steps see its own steps: what it passes to `put` is part of the cloud until it returns,
   * and is gone when this does.
   */
  attempt<T>(decide: (put: (writes: readonly RowWrite[]) => void) => T): T {
    const undo: RowWrite[] = [];
    try {
      return decide((writes) => {
        for (const { key, row } of writes) undo.push(rowWrite(key, this.#put(key, row)));
      });
    } finally {
      for (const { key, row } of undo.toReversed()) this.#put(key, row);
    }
  }

  /** Does a declaration ask for an index of it? For queries, which name attributes at run time. */
  indexed(table: DeclaredTable, attribute: string): boolean {
    return this.#table(table).hasIndex(attribute);
  }

  /** How many rows `found` would give at most, without looking at them. */
  countFound(table: DeclaredTable, attribute: string, keys: readonly string[]): number {
    return keys.reduce((sum, key) => sum + this.#table(table).ids(attribute, key).size, 0);
  }

  /** Rows in the order of their keys, beyond a marker where there is one. The table must not change meanwhile. */
  *ordered<T extends DeclaredTable>(table: T, { marker, reverse }: Pick<Page, "marker" | "reverse">): Generator<Tables[T]> {
    const { rows, sorted } = this.#table(table);
    for (const id of sorted.walk(reverse ? "down" : "up", marker)) yield rows.get(id) as Tables[T];
  }

  /** `by` for queries: rows that any of `keys` finds, each once. */
  found<T extends DeclaredTable>(table: T, attribute: string, keys: readonly string[]): readonly Tables[T][] {
    const ids = new Set(keys.flatMap((key) => [...this.#table(table).ids(attribute, key)]));
    return [...ids].flatMap((id) => this.get(table, id) ?? []);
  }

  #put(key: string, row: object | undefined): object | undefined {
    const slash = key.indexOf("/");
    const [name, id] = [key.slice(0, slash), key.slice(slash + 1)];
    const old = this.#table(name).put(id, row);
    if (name === "port") this.addresses.move(id, addressesOf(old), addressesOf(row));
    if (name === "subnet") this.addresses.moveGateway(gatewayOf(old), gatewayOf(row));
    // Its key is the address.
    if (name === "released") this.addresses.release(id as Ip, (row as Released | undefined)?.until);
    // A row is of the type of its table, before and after.
    if (name === "rbac_policy") this.grants.move(old as RbacPolicy | undefined, row as RbacPolicy | undefined);
    return old;
  }

  // Rows come from the store as we wrote them there, each under the name of its table; so what a table gives is of its type.
  #table(name: string): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`there is no table ${name}`);
    return table;
  }
}

function rowWrite(key: string, row: object | undefined): RowWrite {
  return row === undefined ? { key } : { key, row };
}

function gatewayOf(row: object | undefined) {
  return row === undefined ? null : (row as Subnet).gateway_ip;
}

function addressesOf(row: object | undefined) {
  return row === undefined ? [] : (row as Port).fixed_ips.map((fixed) => fixed.ip_address);
}
