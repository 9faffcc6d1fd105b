/** Prefix lists, community lists and static routes. */
import { familyOf, widthOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { lengthOf, readCidr } from "../../net/prefix.ts";
import type { Condition, PrefixRange, PrefixSet } from "../policy.ts";
import type { Draft } from "./read-draft.ts";

export interface ListEntry {
  readonly sequence: number;
  readonly verdict: "permit" | "deny";
  readonly range: PrefixRange;
}

const PREFIX_LIST = /^(ip|ipv6) prefix-list (\S+) (?:seq (\d+) )?(permit|deny) (\S+)((?: (?:ge|le) \d+)*)$/;
const COMMUNITIES = /^bgp community-list (?:standard )?(\S+) (?:seq \d+ )?(permit|deny) (.+)$/;
const DISCARD = /^(?:ip|ipv6) route (\S+) (?:reject|blackhole|Null0|null0)(?: \d+)?$/;
const ROUTE = /^(?:ip|ipv6) route \S+/;
const DESCRIPTION = /^(ip|ipv6) prefix-list \S+ description\b/;

export function readListLine(draft: Draft, line: string): "read" | "not mine" {
  if (DESCRIPTION.test(line)) return "read";
  const list = PREFIX_LIST.exec(line);
  if (list !== null) return readEntry(draft, list);
  const communities = COMMUNITIES.exec(line);
  if (communities !== null) {
    const [, name = "", verdict, all = ""] = communities;
    // A list of regular expressions holds what no community is: conditions that name it stay open.
    const entry = { verdict: verdict === "deny" ? ("deny" as const) : ("permit" as const), all: all.split(" ") };
    draft.communityLists.set(name, [...(draft.communityLists.get(name) ?? []), entry]);
    return "read";
  }
  const discard = readCidr(DISCARD.exec(line)?.[1] ?? "");
  if (discard !== undefined) draft.statics.push(discard);
  return discard !== undefined || ROUTE.test(line) ? "read" : "not mine";
}

function readEntry(draft: Draft, [, word, name = "", sequence, verdict, text = "", bounds = ""]: RegExpExecArray): "read" | "not mine" {
  const any = word === "ip" ? "0.0.0.0/0" : "::/0";
  const prefix = readCidr(text === "any" ? any : text);
  if (prefix === undefined || (familyOf(prefix) === 4) !== (word === "ip")) return "not mine";
  const bound = (what: string) => /\d+/.exec(new RegExp(` ${what} \\d+`).exec(text === "any" ? " le 128" : bounds)?.[0] ?? "")?.[0];
  const width = widthOf(familyOf(prefix));
  const least = bound("ge") === undefined ? lengthOf(prefix) : Number(bound("ge"));
  const most = bound("le") === undefined ? (bound("ge") === undefined ? lengthOf(prefix) : width) : Math.min(width, Number(bound("le")));
  const entries = draft.prefixLists.get(name) ?? [];
  const last = entries.at(-1)?.sequence ?? 0;
  const entry = {
    sequence: sequence === undefined ? last + 5 : Number(sequence),
    verdict: verdict === "deny" ? "deny" : "permit",
    range: { prefix, least, most },
  } as const;
  draft.prefixLists.set(
    name,
    [...entries.filter((each) => each.sequence !== entry.sequence), entry].toSorted((a, b) => a.sequence - b.sequence),
  );
  return "read";
}

/** A list that only permits is one set; of another, each entry is a set of its own. */
export function setsOf(name: string, entries: readonly ListEntry[]): readonly PrefixSet[] {
  const [first] = entries;
  if (first === undefined) return [];
  const family = familyOf(first.range.prefix);
  if (entries.every(({ verdict }) => verdict === "permit")) return [{ name, family, ranges: entries.map(({ range }) => range) }];
  return entries.map(({ sequence, range }) => ({ name: `${name} ${sequence}`, family, ranges: [range] }));
}

/** The first entry that a prefix is in decides; what is in none is denied. */
export function conditionOf(name: string, entries: readonly ListEntry[], family: Family): Condition {
  if (entries.length === 0) return { unknown: `prefix-list ${name} is not defined` };
  if (entries.every(({ verdict }) => verdict === "permit")) return { all: [{ prefixes: name }, { family }] };
  const inside = (entry: ListEntry): Condition => ({ prefixes: `${name} ${entry.sequence}` });
  const permitted = entries.flatMap((entry, at): Condition[] =>
    entry.verdict === "deny"
      ? []
      : [
          {
            all: [
              inside(entry),
              ...entries.slice(0, at).flatMap((before): Condition[] => (before.verdict === "deny" ? [{ not: inside(before) }] : [])),
            ],
          },
        ],
  );
  return { any: permitted };
}
