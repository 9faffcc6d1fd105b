/** The packet filter of a machine, as far as it is judged: chains on hooks, ours and others', and what others translate. */

import { prefixesOf } from "../intent/pnat-pool.ts";
import { objectsOf } from "../router/nft/json.ts";
import { familyOf, readIp } from "../net/address.ts";

export interface FilterFacts {
  readonly chains: readonly ChainFact[];
  /** Tables of the old iptables, which nft does not list. */
  readonly legacy: readonly string[];
}

export interface ChainFact {
  /** `inet margay` */
  readonly table: string;
  readonly name: string;
  /** Absent: packets come to it by a jump only. */
  readonly hook?: string;
  readonly priority?: number;
  readonly type?: string;
  readonly policy?: string;
  readonly rules: readonly RuleFact[];
}

export interface RuleFact {
  /** Its digest, where it is ours. */
  readonly comment?: string;
  /** Does it end packets: drop, reject? */
  readonly ends: boolean;
  /** Does it change their source: snat, masquerade? */
  readonly translates: boolean;
  /** Prefixes and addresses that it asks the source for, not those that it excludes; none: it does not ask. */
  readonly sources: readonly string[];
  /** Destinations that it leaves alone. */
  readonly spares: readonly string[];
  readonly packets: number;
}

type Json = Readonly<Record<string, unknown>>;

/** `nft -j list ruleset`. Undefined: it is none. */
export function readRuleset(text: string): readonly ChainFact[] | undefined {
  const list = objectsOf(text);
  if (list === undefined) return undefined;
  const rules = Map.groupBy(
    list.flatMap(({ rule }) => (isJson(rule) ? [rule] : [])),
    (rule) => `${rule["family"]} ${rule["table"]} ${rule["chain"]}`,
  );
  return list.flatMap(({ chain }) => {
    if (!isJson(chain)) return [];
    const table = `${chain["family"]} ${chain["table"]}`;
    const own = rules.get(`${table} ${chain["name"]}`) ?? [];
    return [{ table, name: String(chain["name"]), ...hookOf(chain), rules: own.map(ruleFact) }];
  });
}

function hookOf(chain: Json): Partial<ChainFact> {
  if (typeof chain["hook"] !== "string") return {};
  return { hook: chain["hook"], priority: Number(chain["prio"]), type: String(chain["type"]), policy: String(chain["policy"] ?? "accept") };
}

function ruleFact(rule: Json): RuleFact {
  const parts = Array.isArray(rule["expr"]) ? rule["expr"].filter(isJson) : [];
  const has = (...words: readonly string[]) =>
    parts.some((part) => words.some((word) => Object.hasOwn(part, word) || isTarget(part, word)));
  return {
    ...(typeof rule["comment"] === "string" && { comment: rule["comment"] }),
    ends: has("drop", "reject", "DROP", "REJECT"),
    translates: has("snat", "masquerade", "SNAT", "MASQUERADE"),
    sources: parts.flatMap((part) => asked(part, "saddr", "==")),
    spares: parts.flatMap((part) => asked(part, "daddr", "!=")),
    packets: parts.reduce((sum, { counter }) => sum + (isJson(counter) ? Number(counter["packets"] ?? 0) : 0), 0),
  };
}

/** What iptables-nft says in iptables' own words. */
function isTarget(part: Json, word: string): boolean {
  const { xt } = part;
  return isJson(xt) && xt["type"] === "target" && xt["name"] === word;
}

/** What a match compares a field with, in this sense. */
function asked({ match }: Json, field: "saddr" | "daddr", sense: "==" | "!="): readonly string[] {
  if (!isJson(match) || (match["op"] === "!=") !== (sense === "!=") || !isJson(match["left"])) return [];
  const { payload } = match["left"];
  return isJson(payload) && payload["field"] === field ? prefixesIn(match["right"]) : [];
}

function prefixesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (!isJson(value)) return [];
  const { set, prefix, range } = value;
  // nft joins neighbouring prefixes of a set.
  if (Array.isArray(range)) return rangeIn(range.map(String));
  if (Array.isArray(set)) return set.flatMap(prefixesIn);
  return isJson(prefix) ? [`${prefix["addr"]}/${prefix["len"]}`] : [];
}

function rangeIn([from = "", to = ""]: readonly string[]): readonly string[] {
  const [start, end] = [readIp(from), readIp(to)];
  return start === undefined || end === undefined || familyOf(start) === 6 ? [] : prefixesOf({ start, end });
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
