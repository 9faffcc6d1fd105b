/** What a host holds, from the host: all of it, or what has just been changed. Done is what was read back. */
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { Kind, Ref } from "#core/kinds/kind.ts";
import type { Change } from "#core/reconcile/diff.ts";
import { byRef } from "./belief.ts";

export interface Hands<V> {
  readonly kind: Kind<V>;
  readonly driver: Driver<V>;
}

/** An outcome, and for what is done what the host holds now. */
export interface Confirmed<V> {
  readonly outcome: Outcome;
  readonly have: V | undefined;
}

export const MISSING = { outcome: { state: "failed", reason: "its driver said nothing of it" }, have: undefined } as const;

/** More objects than these are found sooner by listing all. */
const READ_SINGLY = 2000;

/** Applies changes, and reads back what was done where that can be. A driver that throws has done nothing that is known. */
export async function confirmed<V>(
  hands: Hands<V>,
  changes: readonly Change<V>[],
  wanted: () => readonly V[],
): Promise<readonly Confirmed<V>[]> {
  const outcomes = await hands.driver
    .apply(changes)
    .catch((error: unknown) => changes.map((): Outcome => ({ state: "failed", reason: wordsOf(error) })));
  const done = changes.filter((_, at) => outcomes[at]?.state === "done");
  const found = await readBack(hands, done, wanted).catch((error: unknown) => `it was done, and cannot be read back: ${wordsOf(error)}`);
  return changes.map((change, at) => {
    const outcome = outcomes[at] ?? MISSING.outcome;
    const meant = change.op === "delete" ? undefined : change.want;
    if (outcome.state !== "done" || found === undefined) return { outcome, have: meant };
    const reason = typeof found === "string" ? found : whyNot(hands.kind, meant, found.get(change.ref));
    return { outcome: reason === undefined ? outcome : { state: "failed", reason }, have: meant };
  });
}

/** Undefined where nothing is cheaper than to list all: then the driver is believed. */
async function readBack<V>(hands: Hands<V>, done: readonly Change<V>[], wanted: () => readonly V[]): Promise<Map<Ref, V> | undefined> {
  const { kind, driver } = hands;
  if (driver.read === undefined) return undefined;
  return byRef(kind, await (done.length > READ_SINGLY ? driver.list(wanted()) : driver.read(done.map(valueOf))));
}

function whyNot<V>(kind: Kind<V>, meant: V | undefined, have: V | undefined): string | undefined {
  if (meant === undefined) return have === undefined ? undefined : `it was taken away, and is there: ${kind.show(have)}`;
  if (have !== undefined && kind.same(meant, have)) return undefined;
  return `it was done, and is not so: ${have === undefined ? "nothing is there" : kind.show(have)}`;
}

function valueOf<V>(change: Change<V>): V {
  return change.op === "delete" ? change.have : change.want;
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
