/**
 * A host as a model: it holds values by kind, as a kernel and a disk would, whoever put them there. It can be told to
 * fail, to lose what a reboot loses, and to have links. Drivers made of it keep nothing themselves.
 */
import { address } from "#core/kinds/address.ts";
import { daemon, OUTLIVED } from "#core/kinds/daemon.ts";
import type { Daemon } from "#core/kinds/daemon.ts";
import { file } from "#core/kinds/file.ts";
import { lineOf, refOf } from "#core/kinds/kind.ts";
import type { Kind, Ref } from "#core/kinds/kind.ts";
import { link, OWN_LINK_PREFIX } from "#core/kinds/link.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import { nft } from "#core/kinds/nft.ts";
import { offload } from "#core/kinds/offload.ts";
import { route } from "#core/kinds/route.ts";
import { sysctl } from "#core/kinds/sysctl.ts";
import type { Change } from "#core/reconcile/diff.ts";
import { DONE } from "./driver.ts";
import type { Driver, HostDrivers, Outcome } from "./driver.ts";

export interface FakeHost {
  readonly drivers: HostDrivers;
  /** Links that others make: Nova a tap. An unplugged one takes along what the kernel binds to it. */
  plug(name: string): void;
  unplug(name: string): void;
  /** Whatever the kernel binds to it goes on under its new name. */
  rename(name: string, to: string): void;
  /** The next change of this object fails with this reason; with `times`, the next ones. */
  failApply(ref: Ref, reason: string, times?: number): void;
  /** Listing this kind fails, until called without a reason. */
  failList(kind: string, reason?: string): void;
  /** Somebody else removes an object. */
  lose(ref: Ref): void;
  /** Everything goes but files and the links that others made. */
  reboot(): void;
  /** One line per object that is held, sorted, without the links that others made: `route 10.65.0.5/32 dev tap1 metric 1024`. */
  holds(): readonly string[];
  /** Changes that were done, in order: `create route/…`. */
  readonly done: readonly string[];
  /** What was put where something it needs was missing, or taken from under something that stood. */
  readonly violations: readonly string[];
}

/** How the model of one kind behaves where kinds differ. */
interface Nature<V> {
  /** Made by others: to create it is not for us. */
  readonly isFact?: (value: V) => boolean;
  /** Only what is wanted is spoken of, and to delete is to forget. */
  readonly onlyWanted?: boolean;
  /** Goes when a link that it needs goes. */
  readonly boundToLinks?: boolean;
  readonly survivesReboot?: boolean;
}

/** One thing that a host holds, of whatever kind. */
interface Thing {
  readonly ref: Ref;
  readonly show: () => string;
  readonly needs: readonly Ref[];
  readonly fact: boolean;
  readonly boundToLinks: boolean;
  readonly survivesReboot: boolean;
}

/** What a host holds of one kind. */
interface Shelf<V> extends Driver<V> {
  put(value: V): void;
  drop(ref: Ref): void;
  /** Each becomes what is answered for it. */
  alter(change: (value: V) => V): void;
  things(): readonly Thing[];
  rename(name: string, to: string): void;
}

/** What the operator of the model has asked for. */
interface Troubles {
  readonly applies: Map<Ref, { readonly reason: string; left: number }>;
  readonly lists: Map<string, string>;
}

/** What a shelf knows of the rest of the host. */
interface Around {
  readonly troubles: Troubles;
  readonly done: Done;
  readonly hasLink: (ref: Ref) => boolean;
}

type Done = (change: { readonly op: string; readonly ref: Ref; readonly needs: readonly Ref[] }) => void;

function shelf<V>(kind: Kind<V>, nature: Nature<V>, { troubles, done, hasLink }: Around): Shelf<V> {
  const values = new Map<Ref, V>();
  // What an object needs is said by whoever wants it, and is no part of it: it may change while the object stays.
  const lastNeeds = new Map<Ref, readonly Ref[]>();
  const isFact = (value: V) => nature.isFact?.(value) ?? false;

  const ownNeeds = (value: V) => kind.needs(value).filter((ref) => ref.startsWith(`${kind.name}/`));

  const applyOne = (change: Change<V>): Outcome => {
    const trouble = troubles.applies.get(change.ref);
    if (trouble !== undefined && trouble.left > 0) {
      trouble.left--;
      return { state: "failed", reason: trouble.reason };
    }
    const user = change.op === "delete" ? [...values].find(([, value]) => ownNeeds(value).includes(change.ref)) : undefined;
    if (user !== undefined) return { state: "failed", reason: `in use by ${user[0]}` };
    // It may have gone since the host was looked at.
    const gone =
      change.op === "delete" || nature.boundToLinks !== true
        ? undefined
        : kind.needs(change.want).find((ref) => ref.startsWith("link/") && !hasLink(ref));
    if (gone !== undefined) return { state: "failed", reason: `Cannot find device "${gone.slice("link/".length)}"` };
    if (change.op !== "delete" && isFact(change.want)) return { state: "held" };
    if (change.op !== "delete") lastNeeds.set(change.ref, kind.needs(change.want));
    if (change.op !== "delete") values.set(change.ref, change.want);
    else if (nature.onlyWanted !== true) values.delete(change.ref);
    return DONE;
  };

  const thingOf = (ref: Ref, value: V): Thing => ({
    ref,
    show: () => lineOf(kind, value),
    needs: lastNeeds.get(ref) ?? kind.needs(value),
    fact: isFact(value),
    boundToLinks: nature.boundToLinks === true,
    survivesReboot: nature.survivesReboot === true,
  });

  const watchers = new Set<() => void>();
  const touched = () => watchers.forEach((changed) => changed());
  const mayList = () => {
    const trouble = troubles.lists.get(kind.name);
    if (trouble !== undefined) throw new Error(trouble);
  };

  return {
    put: (value) => {
      values.set(refOf(kind, value), value);
      touched();
    },
    drop: (ref) => {
      if (values.delete(ref)) touched();
    },
    alter: (change) => {
      for (const [ref, value] of values) {
        if (change(value) === value) continue;
        values.set(ref, change(value));
        touched();
      }
    },
    rename: (name, to) => {
      const bound = nature.boundToLinks === true || nature.isFact !== undefined;
      const renamed = [...values].filter(([ref, value]) => bound && [ref, ...kind.needs(value)].includes(`link/${name}`));
      for (const [ref, value] of renamed) {
        values.delete(ref);
        // Names of links are words of their own wherever a value has them.
        const next = JSON.parse(JSON.stringify(value).replaceAll(name, to)) as V;
        values.set(refOf(kind, next), next);
      }
      if (renamed.length > 0) touched();
    },
    things: () => [...values].map(([ref, value]) => thingOf(ref, value)),
    watch: (changed) => {
      const watcher = () => changed();
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    note: (noted) => noted.forEach((value) => lastNeeds.set(refOf(kind, value), kind.needs(value))),
    read: async (asked) => {
      mayList();
      return asked.flatMap((value) => values.get(refOf(kind, value)) ?? []);
    },
    list: async (want) => {
      mayList();
      const wanted = new Set(want.map((value) => refOf(kind, value)));
      for (const value of want) lastNeeds.set(refOf(kind, value), kind.needs(value));
      const spokenOf = (ref: Ref, value: V) => wanted.has(ref) || !(isFact(value) || nature.onlyWanted === true);
      return [...values].flatMap(([ref, value]) => (spokenOf(ref, value) ? [value] : []));
    },
    apply: async (changes) => {
      const outcomes = new Map<Change<V>, Outcome>();
      // As a driver of the real thing does, it orders its own objects: what needs one that is still to come waits for it, and
      // what one that is still to go needs goes after it.
      const isGoing = (ref: Ref) =>
        changes.some((change) => change.op === "delete" && !outcomes.has(change) && ownNeeds(change.have).includes(ref));
      const ready = (change: Change<V>) =>
        change.op === "delete" ? !isGoing(change.ref) : ownNeeds(change.want).every((ref) => values.has(ref));
      const next = () => changes.find((change) => !outcomes.has(change) && ready(change));
      for (let change = next(); change !== undefined; change = next()) {
        outcomes.set(change, applyOne(change));
        if (outcomes.get(change)?.state === "done")
          done({ op: change.op, ref: change.ref, needs: change.op === "delete" ? [] : kind.needs(change.want) });
      }
      return changes.map((change) => outcomes.get(change) ?? { state: "held" });
    },
  };
}

/** It remembers who was behind a link that is gone: no more what it was started for. */
function outOfDate(value: Daemon, link: string): Daemon {
  return value.forgetsWith?.includes(link) === true ? { ...value, startedWith: OUTLIVED } : value;
}

export function fakeHost(): FakeHost {
  const troubles: Troubles = { applies: new Map(), lists: new Map() };
  const log: string[] = [];
  const violations: string[] = [];
  const done: Done = ({ op, ref, needs }) => {
    log.push(`${op} ${ref}`);
    const held = things();
    if (op === "delete")
      violations.push(...held.filter((thing) => thing.needs.includes(ref)).map((user) => `${ref} was taken from under ${user.ref}`));
    else
      violations.push(...needs.filter((need) => !held.some((thing) => thing.ref === need)).map((need) => `${ref} was put without ${need}`));
  };

  const ours: Around = { troubles, done, hasLink: (ref) => drivers.links.things().some((thing) => thing.ref === ref) };
  const drivers = {
    links: shelf(link, { isFact: ({ name }) => !name.startsWith(OWN_LINK_PREFIX) }, ours),
    sysctls: shelf(sysctl, { onlyWanted: true, boundToLinks: true }, ours),
    nft: shelf(nft, {}, ours),
    neighbours: shelf(neighbour, { boundToLinks: true }, ours),
    addresses: shelf(address, { boundToLinks: true }, ours),
    files: shelf(file, { survivesReboot: true }, ours),
    daemons: shelf(daemon, {}, ours),
    routes: shelf(route, { boundToLinks: true }, ours),
    offloads: shelf(offload, { boundToLinks: true }, ours),
  };
  const shelves = Object.values(drivers);
  const things = () => shelves.flatMap((each) => each.things());
  const drop = (which: (thing: Thing) => boolean) => {
    for (const each of shelves) for (const thing of each.things()) if (which(thing)) each.drop(thing.ref);
  };

  return {
    drivers,
    done: log,
    violations,
    plug: (name) => drivers.links.put({ name }),
    unplug: (name) => {
      drop(({ ref, boundToLinks, needs }) => ref === `link/${name}` || (boundToLinks && needs.includes(`link/${name}`)));
      drivers.daemons.alter((value) => outOfDate(value, name));
    },
    rename: (name, to) => {
      shelves.forEach((each) => each.rename(name, to));
      drivers.daemons.alter((value) => outOfDate(value, name));
    },
    failApply: (ref, reason, times = 1) => void troubles.applies.set(ref, { reason, left: times }),
    failList: (kind, reason) => void (reason === undefined ? troubles.lists.delete(kind) : troubles.lists.set(kind, reason)),
    lose: (lost) => drop(({ ref }) => ref === lost),
    reboot: () => drop(({ survivesReboot, fact }) => !survivesReboot && !fact),
    holds: () =>
      things()
        .filter(({ fact }) => !fact)
        .map(({ show }) => show())
        .toSorted(),
  };
}
