/** The keys of the store that are no rows: the head, which says what all rows are, and what others keep in the same store. */
import { newerRows, ROWS_VERSION } from "#core/neutron/migrations.ts";

/** Every batch writes this key and depends on its revision, so that of several controllers one writes at a time. */
export const HEAD = "head";

/** What it holds while the rows are of this program's version. */
export const HEAD_TEXT = JSON.stringify({ rows: ROWS_VERSION });

/** The same, signed by the process whose batch it is. */
export function signedHead(by: string | undefined): string {
  return by === undefined ? HEAD_TEXT : JSON.stringify({ rows: ROWS_VERSION, by });
}

/** Whose batch it was. */
export function signerOf(head: string): unknown {
  return Object.entries(JSON.parse(head) as object).find(([key]) => key === "by")?.[1];
}

/** What lies below it is the identity service's: no row, and no decision depends on it. */
const NO_ROWS = "identity/";

export function isRow(key: string): boolean {
  return key !== HEAD && !key.startsWith(NO_ROWS);
}

/** Version of the rows under that head; before rows had a version, it held nothing. */
export function rowsVersion(head: string): number {
  const version = Object.entries(JSON.parse(head) as object).find(([key]) => key === "rows")?.[1];
  return typeof version === "number" ? version : 1;
}

/** Throws, with both versions named, when the rows are of a newer program: a controller beside this one has brought them forward. */
export function mustBeKnown(head: string): void {
  if (head !== HEAD_TEXT && rowsVersion(head) > ROWS_VERSION) throw new Error(`Cannot use the store: ${newerRows(rowsVersion(head))}`);
}
