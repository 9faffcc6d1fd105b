/**
 * What is wanted of one kind, put together from the parts of an intent. A part that is the very value that it was is not looked at:
 * what a change costs goes with what it changes, not with all that a host holds.
 */
import { refOf } from "#core/kinds/kind.ts";
import type { Kind, Ref, Wanted } from "#core/kinds/kind.ts";

/** An object of whatever kind. */
export interface Item<V = unknown> {
  readonly ref: Ref;
  /** One line for people. */
  readonly show: string;
  readonly because: readonly string[];
  readonly needs: readonly Ref[];
  /** Only ever compared as text. */
  readonly value: V;
}

export interface Gathering<V> {
  /** Takes in what is wanted from now on; gives, by name, every object that is wanted otherwise than before, and how it was wanted then. */
  take(lists: Iterable<readonly Wanted<V>[]>): ReadonlyMap<Ref, Item<V> | undefined>;
  get(ref: Ref): Item<V> | undefined;
  all(): MapIterator<Item<V>>;
  size(): number;
  /** Objects that somebody wants otherwise than somebody else: the first is taken. */
  contested(): readonly Item<V>[];
  /** API objects that something is wanted because of. */
  causes(): MapIterator<string>;
}

/** There are tens of thousands: what can be worked out from the value is, when somebody asks. */
class Wish<V> implements Item<V> {
  readonly #kind: Kind<V>;
  readonly ref: Ref;
  readonly wanted: Wanted<V>;

  constructor(kind: Kind<V>, ref: Ref, wanted: Wanted<V>) {
    this.#kind = kind;
    this.ref = ref;
    this.wanted = wanted;
  }

  get value(): V {
    return this.wanted.value;
  }

  get because(): readonly string[] {
    return this.wanted.because;
  }

  get needs(): readonly Ref[] {
    return this.#kind.needs(this.wanted.value);
  }

  get show(): string {
    return this.#kind.show(this.wanted.value);
  }
}

export function itemOf<V>(kind: Kind<V>, wanted: Wanted<V>, ref = refOf(kind, wanted.value)): Item<V> {
  return new Wish(kind, ref, wanted);
}

type List<V> = readonly Wanted<V>[];

/** What several want alike is wanted once, because of all of them. */
export function gathering<V>(kind: Kind<V>): Gathering<V> {
  let lists: ReadonlySet<List<V>> = new Set();
  const items = new Map<Ref, Wish<V>>();
  /** All who want it, where they are several. */
  const crowds = new Map<Ref, Wanted<V>[]>();
  let contested: readonly Item<V>[] = [];
  const causes = new Map<string, number>();

  const count = (because: readonly string[], by: 1 | -1) => {
    for (const cause of because) {
      const sum = (causes.get(cause) ?? 0) + by;
      if (sum === 0) causes.delete(cause);
      else causes.set(cause, sum);
    }
  };
  const put = (ref: Ref, wanted: Wanted<V> | undefined, old: Wish<V> | undefined) => {
    if (old !== undefined) count(old.because, -1);
    if (wanted === undefined) return items.delete(ref);
    count(wanted.because, 1);
    return items.set(ref, new Wish(kind, ref, wanted));
  };
  const leave = (ref: Ref, wanted: Wanted<V>, known: Wish<V> | undefined) => {
    const crowd = crowds.get(ref);
    if (crowd === undefined) return put(ref, undefined, known);
    crowd.splice(crowd.indexOf(wanted), 1);
    if (crowd.length > 1) return;
    crowds.delete(ref);
    put(ref, crowd[0], known);
  };
  const come = (ref: Ref, wanted: Wanted<V>, known: Wish<V> | undefined) => {
    if (known === undefined) return put(ref, wanted, known);
    const crowd = crowds.get(ref);
    if (crowd !== undefined) crowd.push(wanted);
    else crowds.set(ref, [known.wanted, wanted]);
  };

  const take: Gathering<V>["take"] = (asked) => {
    const now = new Set<List<V>>();
    for (const list of asked) if (list.length > 0) now.add(list);
    const { leaving, coming } = difference(lists, now);
    lists = now;
    const former = new Map<Ref, Item<V> | undefined>();
    const touch = (ref: Ref, known: Item<V> | undefined) => former.has(ref) || former.set(ref, known);
    for (const [step, all] of [
      [leave, leaving],
      [come, coming],
    ] as const)
      for (const wanted of all) {
        const ref = refOf(kind, wanted.value);
        const known = items.get(ref);
        touch(ref, known);
        step(ref, wanted, known);
      }
    contested = [];
    if (crowds.size > 0) {
      const order = orderOf(now);
      const settled = [...crowds].map(([ref, crowd]) => settle(kind, { ref, crowd, order }));
      for (const { ref, first } of settled) {
        const known = items.get(ref);
        if (known !== undefined && isAlike(known.wanted, first)) continue;
        touch(ref, known);
        put(ref, first, known);
      }
      contested = settled.flatMap(({ others }) => others);
    }
    return former;
  };

  return {
    take,
    get: (ref) => items.get(ref),
    all: () => items.values(),
    size: () => items.size,
    contested: () => contested,
    causes: () => causes.keys(),
  };
}

/** A list may be another one and yet hold mostly what another held before. */
function difference<V>(before: ReadonlySet<List<V>>, now: ReadonlySet<List<V>>) {
  const spare = new Map<Wanted<V>, number>();
  for (const list of before) if (!now.has(list)) for (const wanted of list) spare.set(wanted, (spare.get(wanted) ?? 0) + 1);
  const coming: Wanted<V>[] = [];
  for (const list of now) {
    if (before.has(list)) continue;
    for (const wanted of list) {
      const left = spare.get(wanted);
      if (left === undefined) coming.push(wanted);
      else if (left === 1) spare.delete(wanted);
      else spare.set(wanted, left - 1);
    }
  }
  const leaving = [...spare].flatMap(([wanted, times]) => Array.from({ length: times }, () => wanted));
  return { leaving, coming };
}

/** Asked for only where several want one object: hardly ever. */
function orderOf<V>(lists: Iterable<List<V>>): ReadonlyMap<Wanted<V>, number> {
  const order = new Map<Wanted<V>, number>();
  for (const list of lists) for (const wanted of list) if (!order.has(wanted)) order.set(wanted, order.size);
  return order;
}

interface Crowd<V> {
  readonly ref: Ref;
  readonly crowd: readonly Wanted<V>[];
  readonly order: ReadonlyMap<Wanted<V>, number>;
}

/** The first has it, and whoever wants the same. */
function settle<V>(kind: Kind<V>, { ref, crowd, order }: Crowd<V>) {
  const [first, ...rest] = crowd.toSorted((one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0));
  if (first === undefined) throw new Error(`nobody wants ${ref}`);
  const alike = rest.filter(({ value }) => kind.same(value, first.value));
  const others = rest.filter((one) => !alike.includes(one)).map((one) => itemOf(kind, one, `${ref} (wanted again)`));
  return { ref, first: { value: first.value, because: [...new Set([first, ...alike].flatMap(({ because }) => because))] }, others };
}

function isAlike<V>(one: Wanted<V>, other: Wanted<V>): boolean {
  return (
    one.value === other.value &&
    one.because.length === other.because.length &&
    one.because.every((cause, at) => cause === other.because[at])
  );
}
