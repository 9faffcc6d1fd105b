/**
 * Which life each link is in: a tap that went and came again has its name and another number. What a daemon remembers of who was behind
 * it ends with it.
 */
import type { Kernel } from "../netlink/kernel.ts";
import { linkNumbers } from "../netlink/links.ts";
import type { RunRecord } from "./run-record.ts";

export interface LinkLives {
  /** Numbers of those of these links that there are. */
  now(names: readonly string[]): ReadonlyMap<string, number>;
  /** Calls `changed` when a link may have come or gone, the one of this name where one is told, until the returned function is called. */
  watch?(changed: (on?: string) => void): () => void;
}

export function linkLives({ route, watch }: Pick<Kernel, "route" | "watch">): LinkLives {
  return { now: (names) => linkNumbers(route, names), watch: (changed) => watch.route(["links"], changed) };
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
