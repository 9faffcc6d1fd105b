/**
 * Which life each link is in: a tap that went and came again has its name and another number. What a daemon remembers of who was behind
 * it ends with it.
 */
import { readFileSync } from "node:fs";
import { isMissing } from "./errors.ts";
import type { RunRecord } from "./run-record.ts";

/** Numbers of links by name. */
export type LinkLives = () => ReadonlyMap<string, number>;

/** Those that are up, and so have an IPv6 address: what is remembered by other than their MAC is remembered of IPv6 guests alone. */
export function linksWithIPv6(): ReadonlyMap<string, number> {
  try {
    return readLinks(readFileSync("/proc/self/net/if_inet6", "latin1"));
  } catch (error) {
    // A kernel without IPv6.
    if (isMissing(error)) return new Map();
    throw error;
  }
}

/** `fe80…01 0c 40 20 80     tap1`: address, number, prefix length, scope and flags in hexadecimal, name. */
export function readLinks(text: string): ReadonlyMap<string, number> {
  const rows = text.split("\n").map((line) => line.trim().split(/\s+/));
  return new Map(rows.flatMap(([, number, , , , name]) => (name === undefined ? [] : [[name, Number.parseInt(number ?? "", 16)]])));
}

/** The record with the links that are there now and were not before. */
export function sighted(record: RunRecord, links: LinkLives): RunRecord {
  const { forgetsWith = [] } = record.daemon;
  if (forgetsWith.length === 0) return record;
  const now = links();
  const fresh = forgetsWith.filter((name) => record.links?.[name] === undefined && now.has(name));
  return fresh.length === 0
    ? record
    : { ...record, links: { ...record.links, ...Object.fromEntries(fresh.map((name) => [name, now.get(name) ?? 0])) } };
}

/** What of its memory is out of date: links that were seen, and are gone or others now. */
export function outdated({ daemon: { forgetsWith = [] }, links: seen = {} }: RunRecord, links: LinkLives): string[] {
  if (forgetsWith.every((name) => seen[name] === undefined)) return [];
  const now = links();
  return forgetsWith
    .filter((name) => seen[name] !== undefined && seen[name] !== now.get(name))
    .map((name) => `who was behind ${name} ${seen[name]}`);
}
