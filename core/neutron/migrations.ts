/**
 * What the rows of older programs become. Rows have a version of their own, apart from that of the file that holds them:
 * `STEPS[n]` leads from version n + 1 to n + 2. A step is for what changes its meaning or its place. An attribute that is
 * merely new needs none: rows from before it get what its declaration says.
 */
import { keptAttributes, valueBefore } from "../resource/kept.ts";
import type { Resource } from "../resource/resource.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { DECLARED } from "./tables.ts";
import { sharingBecomesPolicies } from "./migration-sharing.ts";

/** Every row by its key, `TABLE/ID`. */
export type RowsByKey = ReadonlyMap<string, object>;

/** What is to be written to bring the rows one version further. */
export type Step = (rows: RowsByKey, fresh: Fresh) => readonly RowWrite[];

const STEPS: readonly Step[] = [sharingBecomesPolicies];

/** The version of the rows that this program keeps. */
export const ROWS_VERSION = STEPS.length + 1;

/** Rows that leave out what follows a default: a quota has the limits that somebody has set. */
const PARTIAL: ReadonlySet<string> = new Set(["quota"]);

export interface MigrationParts {
  readonly fresh: Fresh;
  /** For tests: other steps, other declarations. */
  readonly steps?: readonly Step[];
  readonly declared?: Readonly<Record<string, Resource>>;
}

/** What is to be written so that rows of version `from` are what this program keeps; each key once. Throws when they are newer. */
export function migration(
  rows: RowsByKey,
  from: number,
  { fresh, steps = STEPS, declared = DECLARED }: MigrationParts,
): readonly RowWrite[] {
  if (from > steps.length + 1) throw new Error(newerRows(from, steps.length + 1));
  const now = new Map(rows);
  const written = new Map<string, RowWrite>();
  const take = (writes: readonly RowWrite[]) => {
    for (const write of writes) {
      written.set(write.key, write);
      if (write.row === undefined) now.delete(write.key);
      else now.set(write.key, write.row);
    }
  };
  for (const step of steps.slice(from - 1)) take(step(now, fresh));
  take([...completed(now, declared)]);
  return [...written.values()];
}

/** Why rows of a version cannot be used. */
export function newerRows(theirs: number, known: number = ROWS_VERSION): string {
  return `its rows have version ${theirs}, and this program knows versions up to ${known}`;
}

/** Rows that lack attributes which have been declared since. */
function* completed(rows: RowsByKey, declared: Readonly<Record<string, Resource>>): Generator<RowWrite> {
  const whole = Object.entries(declared).filter(([table]) => !PARTIAL.has(table));
  const kept = new Map(whole.map(([table, resource]) => [table, keptAttributes(resource)]));
  for (const [key, row] of rows) {
    const lacking = (kept.get(key.slice(0, key.indexOf("/"))) ?? []).filter(([name]) => !(name in row));
    if (lacking.length === 0) continue;
    const values = lacking.flatMap(([name, attribute]) => {
      const before = valueBefore(attribute);
      return before === undefined ? [] : [[name, before.value] as const];
    });
    if (values.length > 0) yield { key, row: { ...row, ...Object.fromEntries(values) } };
  }
}
