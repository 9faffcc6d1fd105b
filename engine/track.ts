/** One kind of host object in the loop: what is wanted of it, what the host holds of it, and the hands to change it. */
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { Intent } from "#core/intent/intent.ts";
import { refOf } from "#core/kinds/kind.ts";
import type { Kind, Ref, Wanted } from "#core/kinds/kind.ts";
import { diff } from "#core/reconcile/diff.ts";
import type { Change, DiffOptions } from "#core/reconcile/diff.ts";

/** An object of whatever kind. */
export interface Item {
  readonly ref: Ref;
  /** One line for people. */
  readonly show: string;
  readonly because: readonly string[];
  readonly needs: readonly Ref[];
  /** Only ever compared as text. */
  readonly value: unknown;
}

export interface Pending extends Item {
  readonly op: Change<unknown>["op"];
  /** What the object that stands needs, as far as it is known. */
  readonly standsOn: readonly Ref[];
  /** Takes away what stands, where that may not stay until this is done. */
  readonly retreat?: Pending;
}

/** One kind in one round. */
export interface Survey {
  readonly kind: string;
  readonly wanted: ReadonlyMap<Ref, Item>;
  readonly changes: readonly Pending[];
  /** Objects that somebody wants otherwise than somebody else: the first is taken. */
  readonly contested: readonly Item[];
  /** When it could not be listed: why, and what was wanted of it before, which may stand. */
  readonly unknown?: { readonly reason: string; readonly mayStand: readonly Item[] };
  /** One outcome per change. */
  apply(changes: readonly Pending[]): Promise<readonly Outcome[]>;
}

export interface Track {
  readonly kind: string;
  survey(intent: Intent, options: DiffOptions): Promise<Survey>;
}

/** `pick` takes the kind's field from an intent. */
export function track<V>(kind: Kind<V>, driver: Driver<V>, pick: (intent: Intent) => readonly Wanted<V>[]): Track {
  // What was wanted, until it is gone: a host does not tell what an object waited for, nor whom it was for.
  let known: ReadonlyMap<Ref, Item> = new Map();
  // The same intent is asked for again and again while a host is at rest.
  let last: { readonly intent: Intent; readonly gathered: Gathered<V> } | undefined;
  return {
    kind: kind.name,
    survey: async (intent, options) => {
      if (last?.intent !== intent) last = { intent, gathered: gather(kind, pick(intent)) };
      const { values, wanted, contested } = last.gathered;
      const before = known;
      try {
        const changes = new Map(
          diff(kind, values, await driver.list(values), options).map((change) => [pendingOf(kind, change, { before, wanted }), change]),
        );
        const leaving = [...changes.keys()].filter(({ op }) => op === "delete");
        known = leaving.length === 0 ? wanted : new Map([...wanted, ...leaving.map((item) => [item.ref, item] as const)]);
        return { kind: kind.name, wanted, contested, changes: [...changes.keys()], apply: applying(driver, withRetreats(changes)) };
      } catch (error) {
        const unknown = { reason: wordsOf(error), mayStand: [...before.values()] };
        return { kind: kind.name, wanted, contested, changes: [], unknown, apply: async () => [] };
      }
    },
  };
}

interface Gathered<V> {
  readonly values: readonly V[];
  readonly wanted: ReadonlyMap<Ref, Item>;
  readonly contested: readonly Item[];
}

/** What several want alike is wanted once, because of all of them. */
function gather<V>(kind: Kind<V>, all: readonly Wanted<V>[]): Gathered<V> {
  const first = new Map<Ref, Wanted<V>>();
  const contested: Item[] = [];
  for (const each of all) {
    const ref = refOf(kind, each.value);
    const known = first.get(ref);
    if (known === undefined) first.set(ref, each);
    else if (kind.same(each.value, known.value))
      first.set(ref, { value: known.value, because: [...new Set([...known.because, ...each.because])] });
    else contested.push({ ...itemOf(kind, each), ref: `${ref} (wanted again)` });
  }
  const wanted = new Map([...first].map(([ref, each]) => [ref, itemOf(kind, each)]));
  return { values: [...first.values()].map(({ value }) => value), wanted, contested };
}

function itemOf<V>(kind: Kind<V>, { value, because }: Wanted<V>): Item {
  return { ref: refOf(kind, value), show: kind.show(value), because, needs: kind.needs(value), value };
}

interface Items {
  readonly before: ReadonlyMap<Ref, Item>;
  readonly wanted: ReadonlyMap<Ref, Item>;
}

function pendingOf<V>(kind: Kind<V>, change: Change<V>, { before, wanted }: Items): Pending {
  const old = before.get(change.ref);
  const standsOn = change.op === "create" ? [] : [...kind.needs(change.have), ...(old?.needs ?? [])];
  const item =
    wanted.get(change.ref) ?? itemOf(kind, { value: change.op === "delete" ? change.have : change.want, because: old?.because ?? [] });
  if (change.op !== "replace" || kind.isAstray?.(change.want, change.have) !== true) return { ...item, op: change.op, standsOn };
  const leaving = itemOf(kind, { value: change.have, because: old?.because ?? [] });
  return { ...item, op: change.op, standsOn, retreat: { ...leaving, op: "delete", standsOn } };
}

function withRetreats<V>(changes: ReadonlyMap<Pending, Change<V>>): ReadonlyMap<Pending, Change<V>> {
  const retreats = [...changes].flatMap(([{ retreat }, change]) =>
    retreat === undefined || change.op !== "replace" ? [] : [[retreat, { op: "delete", ref: change.ref, have: change.have }] as const],
  );
  return retreats.length === 0 ? changes : new Map<Pending, Change<V>>([...changes, ...retreats]);
}

/** A driver that throws instead of answering has done nothing that is known. */
function applying<V>(driver: Driver<V>, changes: ReadonlyMap<Pending, Change<V>>): Survey["apply"] {
  return async (asked) => {
    try {
      return await driver.apply(asked.flatMap((pending) => changes.get(pending) ?? []));
    } catch (error) {
      return asked.map(() => ({ state: "failed", reason: wordsOf(error) }));
    }
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
