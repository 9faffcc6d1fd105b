/**
 * One kind of host object in the loop: what is wanted of it, what the host is believed to hold of it, and the hands to change it. The
 * host is listed when there is cause to: at first, after a failure, when somebody else changed something, and now and then.
 */
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { Part } from "#core/intent/intent.ts";
import type { Kind, Ref, Wanted } from "#core/kinds/kind.ts";
import type { Change, DiffOptions } from "#core/reconcile/diff.ts";
import { belief, byRef, isFact } from "./belief.ts";
import { confirmed, MISSING, wordsOf } from "./confirm.ts";
import { gathering, itemOf } from "./gather.ts";
import type { Item } from "./gather.ts";

export type { Item } from "./gather.ts";

export interface Pending extends Item {
  readonly op: Change<unknown>["op"];
  /** Is it others that make such things? */
  readonly isFact: boolean;
  /** What the object that stands needs, as far as it is known. */
  readonly standsOn: readonly Ref[];
  /** How somebody else left what stood as it was wanted. */
  readonly found?: string;
  /** Of an object that stands for many things: those that come and go. */
  readonly moved?: readonly string[];
  /** Takes away what stands, where that may not stay until this is done. */
  readonly retreat?: Pending;
}

/** One kind in one round. */
export interface Survey {
  readonly changes: readonly Pending[];
  /** Objects that somebody wants otherwise than somebody else: the first is taken. */
  readonly contested: readonly Item[];
  /** When it could not be listed: why, and what may stand of it. */
  readonly unknown?: { readonly reason: string; readonly mayStand: readonly Item[] };
}

export interface Track {
  readonly kind: string;
  /** Takes in what is wanted, and looks at the host where there is cause to. Gives the objects that are in another life than before. */
  prepare(parts: readonly Part[]): Promise<readonly Ref[]>;
  /** What needs one of these is looked at again. */
  doubt(lives: readonly Ref[]): Promise<void>;
  survey(options: DiffOptions): Survey;
  /** Does it stand as it is wanted? */
  stands(ref: Ref): boolean;
  /** These will be asked for, unless what they need fails; absent where nobody wants to know. */
  foresee?(changes: readonly Pending[]): void;
  /** One outcome per change: done is what was read back. */
  apply(changes: readonly Pending[]): Promise<readonly Outcome[]>;
  /** Lists the host; whatever is at work goes on meanwhile. */
  look(): Promise<void>;
  /** The host is listed before anything else is done of it: `changed`, when somebody else may have changed it. */
  mistrust(): void;
  /** Calls when there is cause to look; the returned function ends it. */
  watch(changed: () => void): () => void;
  /** All that is wanted. */
  wanted(): Iterable<Item>;
  /** API objects that something is wanted because of. */
  causes(): Iterable<string>;
}

/** `pick` takes the kind's field from a part of an intent. */
export function track<V>(kind: Kind<V>, driver: Driver<V>, pick: (part: Part) => readonly Wanted<V>[] | undefined): Track {
  const wishes = gathering(kind);
  const host = belief(kind, wishes);
  const inTurn = turns();
  let trusted = false;
  let everListed = false;
  let failure: string | undefined;
  /** What changes could not do: however it is then, nobody else has made it so. */
  let failed = new Set<Ref>();
  /** What somebody else may have changed since it was looked at. */
  const doubted = new Set<Ref>();
  const lives = new Map<Ref, number>();
  let reborn = new Set<Ref>();

  const settle = (ref: Ref, have: V | undefined) => {
    if (kind.life !== undefined) live(ref, have === undefined ? undefined : kind.life(have));
    if (!everListed || failed.has(ref)) host.found(ref, have);
    else host.foundLater(ref, have);
  };
  const live = (ref: Ref, life: number | undefined) => {
    const before = lives.get(ref);
    if (before !== undefined && before !== life) reborn.add(ref);
    if (life === undefined) lives.delete(ref);
    else lives.set(ref, life);
  };
  const list = async () => {
    const asked = [...wishes.all()];
    const names = kind.isOurs === undefined ? undefined : new Set(asked.map(({ ref }) => ref));
    const others = new Set(await driver.list(asked.map(({ value }) => value)));
    // What stands as it is wanted is mostly the wanted value itself, whose name is known: there may be tens of thousands.
    const standing = asked.filter(({ value }) => others.delete(value));
    const strange = byRef(kind, others);
    const gone = everListed ? missing(new Set([...standing.map(({ ref }) => ref), ...strange.keys()])) : [];
    // Of kinds that only speak of what is wanted, nothing was said of what has been wanted since.
    for (const ref of gone) if (names?.has(ref) !== false) settle(ref, undefined);
    for (const { ref, value } of standing) settle(ref, value);
    for (const [ref, value] of strange) settle(ref, value);
    if (!everListed) host.begin();
    everListed = true;
    failed = new Set();
  };
  const missing = (listed: ReadonlySet<Ref>) => [...host.allHeld()].flatMap(([ref]) => (listed.has(ref) ? [] : [ref]));
  const look = () =>
    inTurn(async () => {
      trusted = true;
      try {
        await list();
        failure = undefined;
      } catch (error) {
        trusted = false;
        failure = wordsOf(error);
      }
    });
  const read = (values: readonly V[]) =>
    inTurn(async () => {
      if (driver.read === undefined || values.length === 0) return;
      const found = byRef(kind, await driver.read(values));
      for (const ref of byRef(kind, values).keys()) settle(ref, found.get(ref));
    });
  /** Where only what is wanted is looked at, what is wanted for the first time has never been. */
  const readUnseen = async (refs: Iterable<Ref>) => {
    if (kind.isOurs === undefined || !trusted) return;
    await readAgain([...refs].filter((ref) => host.held(ref) === undefined).flatMap((ref) => wishes.get(ref)?.value ?? []));
  };
  const readAgain = async (values: readonly V[]) => {
    if (!trusted || values.length === 0) return;
    if (driver.read === undefined) trusted = false;
    else await read(values).catch(() => (trusted = false));
  };
  const readDoubted = async () => {
    const values = [...doubted].flatMap((ref) => wishes.get(ref)?.value ?? host.held(ref) ?? []);
    doubted.clear();
    await readAgain(values);
  };
  /** Is there anything here that may be other than it is believed to be? */
  const suspect = (concerned?: (value: V) => boolean): boolean => {
    if (concerned === undefined) trusted = false;
    else {
      for (const { ref, value } of wishes.all()) if (concerned(value)) doubted.add(ref);
      for (const [ref, value] of host.allHeld()) if (concerned(value)) doubted.add(ref);
    }
    return !trusted || doubted.size > 0;
  };

  const listsIn = function* (parts: readonly Part[]) {
    for (const part of parts) yield pick(part) ?? [];
  };
  /** What is wanted is asked for more often than it changes. */
  let taken: readonly Part[] | undefined;
  const take = (parts: readonly Part[]) => {
    if (parts === taken) return NOTHING;
    taken = parts;
    return wishes.take(listsIn(parts));
  };
  const prepare: Track["prepare"] = async (parts) => {
    const changed = take(parts);
    for (const [ref, former] of changed) host.rewanted(ref, former);
    driver.note?.(
      [...changed].flatMap(([ref, former]) => (former !== undefined && host.stands(ref) ? (wishes.get(ref)?.value ?? []) : [])),
    );
    await readUnseen(changed.keys());
    await readDoubted();
    if (!trusted) await look();
    const others = [...reborn];
    reborn = new Set();
    return others;
  };

  const survey: Track["survey"] = ({ prune }) => {
    const contested = wishes.contested();
    if (failure !== undefined) {
      const leaving = [...host.allHeld()].flatMap(([ref, value]) =>
        wishes.get(ref) === undefined ? [itemOf(kind, { value, because: [] }, ref)] : [],
      );
      return { changes: [], contested, unknown: { reason: failure, mayStand: [...leaving, ...wishes.all()] } };
    }
    const changes = host.changes().filter(({ op }) => prune || op !== "delete");
    return { changes: changes.map(pendingOf), contested };
  };
  const pendingOf = (change: Change<V>): Pending => {
    const { op, ref } = change;
    const standsOn = op === "create" ? [] : kind.needs(change.have);
    const item = wishes.get(ref) ?? itemOf(kind, { value: op === "delete" ? change.have : change.want, because: host.because(ref) }, ref);
    const found = host.strayed(ref);
    const moved = movedBy(kind, change);
    const pending = {
      ...plain(item),
      op,
      isFact: isFact(kind, item.value),
      standsOn,
      ...(found === undefined ? {} : { found }),
      ...(moved.length === 0 ? {} : { moved }),
    };
    if (op !== "replace" || kind.isAstray?.(change.want, change.have) !== true) return pending;
    const leaving = itemOf(kind, { value: change.have, because: host.because(ref) }, ref);
    return { ...pending, retreat: { ...plain(leaving), op: "delete", isFact: false, standsOn } };
  };

  const changeOf = ({ op, ref }: Pending): Change<V>[] => {
    const [want, have] = [wishes.get(ref)?.value, host.held(ref)];
    if (op === "delete") return have === undefined ? [] : [{ op, ref, have }];
    if (want === undefined) return [];
    return [have === undefined ? { op: "create", ref, want } : { op: "replace", ref, want, have }];
  };
  const apply: Track["apply"] = (asked) =>
    inTurn(async () => {
      const changes = asked.flatMap(changeOf);
      const outcomes = await confirmed({ kind, driver }, changes, () => [...wishes.all()].map(({ value }) => value));
      for (const [at, { ref }] of changes.entries()) {
        const { outcome, have } = outcomes[at] ?? MISSING;
        if (outcome.state === "done") host.found(ref, have);
        if (outcome.state !== "failed") continue;
        trusted = false;
        failed.add(ref);
      }
      const byName = new Map(changes.map(({ ref }, at) => [ref, outcomes[at]?.outcome]));
      return asked.map(({ ref }) => byName.get(ref) ?? MISSING.outcome);
    });

  return {
    kind: kind.name,
    prepare,
    doubt: async (others) => {
      const needing = [...wishes.all()].filter(({ needs }) => others.some((other) => needs.includes(other)));
      if (needing.length === 0) return;
      await readAgain(needing.map(({ value }) => value));
      if (!trusted) await look();
      for (const { ref } of needing) host.excuse(ref);
    },
    survey,
    stands: (ref) => failure === undefined && host.stands(ref),
    ...(driver.foresee !== undefined && { foresee: (changes) => driver.foresee?.(changes.flatMap(changeOf)) }),
    apply,
    look,
    mistrust: () => void (trusted = false),
    watch: (changed) =>
      driver.watch?.((concerned) => {
        if (suspect(concerned)) changed();
      }) ?? (() => undefined),
    wanted: wishes.all,
    causes: wishes.causes,
  };
}

const NOTHING: ReadonlyMap<Ref, undefined> = new Map();

function plain({ ref, show, because, needs, value }: Item): Item {
  return { ref, show, because, needs, value };
}

function movedBy<V>(kind: Kind<V>, change: Change<V>): readonly string[] {
  if (kind.pieces === undefined) return [];
  const [have, want] = [change.op === "create" ? [] : kind.pieces(change.have), change.op === "delete" ? [] : kind.pieces(change.want)];
  const [before, after] = [new Set(have), new Set(want)];
  return [...have.filter((piece) => !after.has(piece)), ...want.filter((piece) => !before.has(piece))];
}

/** One after the other, whatever becomes of the one before. */
function turns(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const now = last.then(job, job);
    last = now.catch(() => undefined);
    return now;
  };
}
