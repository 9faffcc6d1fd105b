/**
 * Rows of older programs are brought forward before anybody looks at them: in one commit, after a copy of the store was
 * put aside.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { StoreFiles } from "#contracts/store-files.ts";
import type { Entry, Store, Write } from "#contracts/store.ts";
import type { Fresh, RowWrite } from "#core/neutron/decision.ts";
import { migration, ROWS_VERSION } from "#core/neutron/migrations.ts";
import { HEAD, HEAD_TEXT, isRow, mustBeKnown, rowsVersion } from "./head.ts";
import { rowOf } from "./present.ts";

/** The rows among the entries of a store, and their version. */
export interface VersionedRows {
  readonly rows: ReadonlyMap<string, object>;
  readonly version: number;
  readonly head: Entry | undefined;
}

/** Throws when they are of a newer program, and when an entry is no row. */
export function versionedRows(entries: readonly Entry[]): VersionedRows {
  const head = entries.find(({ key }) => key === HEAD);
  if (head !== undefined) mustBeKnown(head.value);
  const rows = new Map(entries.filter(({ key }) => isRow(key)).map(({ key, value }) => [key, rowOf(key, value)]));
  return { rows, version: head === undefined ? ROWS_VERSION : rowsVersion(head.value), head };
}

/** The same rows as this program keeps them. */
export function forward({ rows, version }: VersionedRows, fresh: Fresh): ReadonlyMap<string, object> {
  const all = new Map(rows);
  for (const { key, row } of migration(rows, version, { fresh })) {
    if (row === undefined) all.delete(key);
    else all.set(key, row);
  }
  return all;
}

export interface ForwardParts {
  readonly store: Store;
  readonly files: Pick<StoreFiles, "keep">;
  readonly fresh: () => Fresh;
  readonly clock: Clock;
  readonly log: Log;
}

/** Rejects, with both versions named, when the rows are of a newer program. */
export async function bringForward(parts: ForwardParts): Promise<void> {
  while (true) {
    const { rows, version, head } = versionedRows((await parts.store.range("")).entries);
    const writes = migration(rows, version, { fresh: parts.fresh() });
    if (writes.length === 0 && version === ROWS_VERSION) return;
    const backup = await parts.files.keep(`backup-v${version}-${timeInName(parts.clock.now())}`);
    const condition = { key: HEAD, revision: head?.revision ?? 0 };
    const revision = await parts.store.commit({ if: [condition], writes: [...writes.map(textOf), { key: HEAD, value: HEAD_TEXT }] });
    // Otherwise another controller on the same store was faster: what it left is looked at again.
    if (revision !== undefined)
      return parts.log.info("rows were brought forward", { from: version, to: ROWS_VERSION, rows: writes.length, backup });
  }
}

/** `20261123T080000123Z` */
export function timeInName(now: number): string {
  return new Date(now).toISOString().replaceAll(/[-:.]/g, "");
}

function textOf({ key, row }: RowWrite): Write {
  return row === undefined ? { key } : { key, value: JSON.stringify(row) };
}
