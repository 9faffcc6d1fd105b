/**
 * Which life each link is in: a tap that went and came again has its name and another number. What a daemon remembers of who was behind
 * it ends with it.
 */
import type { Kernel } from "../netlink/kernel.ts";
import { linkNumbers } from "../netlink/links.ts";
import type { RunRecord } from "./run-record.ts";

export interface LinkLives {
  /** Nothing that was told before is believed any longer. */
  forget?(): void;
  /** Numbers of those of these links that there are: while `watch` is listened to, as they were told. */
  now(names: readonly string[]): ReadonlyMap<string, number>;
  /** Calls `changed` when a link may have come or gone, the one of this name where one is told, until the returned function is called. */
  watch?(changed: (on?: string) => void): () => void;
}

export function linkLives({ route, watch }: Pick<Kernel, "route" | "watch">): LinkLives {
  const told = new Map<string, number | undefined>();
  let listeners = 0;
  const ask = (names: readonly string[]) => {
    const found = linkNumbers(route, names);
    if (listeners > 0) for (const name of names) told.set(name, found.get(name));
    return found;
  };
  return {
    forget: () => told.clear(),
    now: (names) => {
      const found = ask(names.filter((name) => !told.has(name)));
      return new Map(names.flatMap((name) => namedNumber(name, found.get(name) ?? told.get(name))));
    },
    watch: (changed) => {
      listeners++;
      const end = watch.route(["links"], (on) => {
        if (on === undefined) told.clear();
        else told.delete(on);
        changed(on);
      });
      return () => {
        listeners--;
        told.clear();
        end();
      };
    },
  };
}

function namedNumber(name: string, number: number | undefined): [string, number][] {
  return number === undefined ? [] : [[name, number]];
}

/** Where nobody tells of links. */
export const NO_LINKS: LinkLives = { now: () => new Map() };

/** The record with the links that are there now and were not before. */
export function sighted(record: RunRecord, links: LinkLives): RunRecord {
  const { forgetsWith = [] } = record.daemon;
  if (forgetsWith.length === 0) return record;
  const unseen = forgetsWith.filter((name) => record.links?.[name] === undefined);
  if (unseen.length === 0) return record;
  const now = links.now(unseen);
  const fresh = unseen.flatMap((name) => (now.has(name) ? [[name, now.get(name) ?? 0] as const] : []));
  return fresh.length === 0 ? record : { ...record, links: { ...record.links, ...Object.fromEntries(fresh) } };
}

/** Is its memory of these links out of date? They were seen, and are gone or others now. */
export function isOutdated({ links: seen = {} }: RunRecord, links: LinkLives, forgetsWith: readonly string[] = []): boolean {
  const known = forgetsWith.filter((name) => seen[name] !== undefined);
  const now = known.length === 0 ? new Map() : links.now(known);
  return known.some((name) => seen[name] !== now.get(name));
}
