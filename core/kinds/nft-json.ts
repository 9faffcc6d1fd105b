/** What `nft -j list table` says, as far as we made it. */
import { readIp } from "../net/address.ts";
import { listAt, record, textAt } from "./json.ts";
import type { Fields } from "./json.ts";
import { nftRef } from "./nft.ts";
import type { NftElement, NftFamily } from "./nft.ts";
import type { Ref } from "./kind.ts";

/** One table. Rules and set types are known by the digests in their comments, because nft does not print what it was given. */
export interface NftTable {
  readonly chains: readonly ChainState[];
  readonly sets: readonly SetState[];
  readonly elements: readonly NftElement[];
}

export interface ChainState {
  readonly family: NftFamily;
  readonly name: string;
  /** Of base chains, with the priority as a number. */
  readonly hook?: string;
  /** The rules' comments, in order; "" where there is none. */
  readonly digests: readonly string[];
  readonly uses: readonly Ref[];
}

export interface SetState {
  readonly object: "set" | "map";
  readonly family: NftFamily;
  readonly name: string;
  readonly digest: string;
}

export const NO_TABLE: NftTable = { chains: [], sets: [], elements: [] };

/** Reads the answer for one table of one family. */
export function readNftTable(json: unknown, family: NftFamily): NftTable {
  const objects = listAt(record(json, "nft"), "nftables").map((object) => record(object, "nft"));
  const all = (what: string) => objects.flatMap((object) => (object[what] === undefined ? [] : [record(object[what], "nft")]));
  const rules = Map.groupBy(all("rule"), (rule) => textAt(rule, "chain"));
  const sets = [...all("set").map((set) => ["set", set] as const), ...all("map").map((map) => ["map", map] as const)];
  return {
    chains: all("chain").map((chain) => chainOf(chain, rules.get(textAt(chain, "name")) ?? [], family)),
    sets: sets.map(([object, set]) => ({ object, family, name: textAt(set, "name"), digest: commentOf(set) })),
    elements: sets.flatMap(([, set]) => elementsOf(set, family)),
  };
}

function commentOf(object: Fields): string {
  return typeof object["comment"] === "string" ? object["comment"] : "";
}

function chainOf(chain: Fields, rules: readonly Fields[], family: NftFamily): ChainState {
  const state = {
    family,
    name: textAt(chain, "name"),
    digests: rules.map(commentOf),
    uses: rules.flatMap((rule) => namedIn(rule["expr"], family)),
  };
  if (chain["hook"] === undefined) return state;
  return {
    ...state,
    hook: `type ${textAt(chain, "type")} hook ${textAt(chain, "hook")} priority ${String(chain["prio"])}; policy ${textAt(chain, "policy")};`,
  };
}

/** Chains that an expression goes or jumps to, and sets and maps that it looks into (one of both: which, a rule does not say). */
function namedIn(expression: unknown, family: NftFamily): Ref[] {
  const text = JSON.stringify(expression ?? null);
  const chains = [...text.matchAll(/"(?:goto|jump)":\{"target":"([^"]+)"\}/g)].map((match) => nftRef(family, "chain", match[1] ?? ""));
  const sets = [...text.matchAll(/"@([^"]+)"/g)].flatMap((match) => [
    nftRef(family, "set", match[1] ?? ""),
    nftRef(family, "map", match[1] ?? ""),
  ]);
  return [...chains, ...sets];
}

/** Elements of a set that rules fill (`dynamic`, or with timeouts) are the kernel's, not ours. */
function elementsOf(set: Fields, family: NftFamily): NftElement[] {
  const flags = listAt(set, "flags");
  if (flags.includes("dynamic") || flags.includes("timeout")) return [];
  const types = [set["type"]].flat().map(String);
  const of = textAt(set, "name");
  return listAt(set, "elem").map((item) => {
    if (set["map"] === undefined) return { object: "element", family, of, element: keyOf(item, types), uses: [] };
    const [key, value] = Array.isArray(item) ? item : [];
    return {
      object: "element",
      family,
      of,
      element: keyOf(key, types),
      value: valueOf(value, [set["map"]].flat().map(String)),
      uses: namedIn(value, family),
    };
  });
}

/** An element's key in nft's own syntax, with the quotes that interface names need. */
function keyOf(item: unknown, types: readonly string[]): string {
  const bare = unwrapped(item);
  const parts = isFields(bare) && Array.isArray(bare["concat"]) ? bare["concat"] : [bare];
  return parts.map((part: unknown, at) => partOf(part, types[at] ?? "")).join(" . ");
}

/** `{"elem": {"val": …}}` is how nft prints an element that carries more than its key. */
function unwrapped(item: unknown): unknown {
  if (!isFields(item)) return item;
  const inner = item["elem"];
  return isFields(inner) ? inner["val"] : item;
}

function partOf(part: unknown, type: string): string {
  if (isFields(part)) {
    if (isFields(part["prefix"])) return `${partOf(part["prefix"]["addr"], type)}/${String(part["prefix"]["len"])}`;
    if (Array.isArray(part["range"])) return part["range"].map((end: unknown) => partOf(end, type)).join("-");
    return JSON.stringify(part);
  }
  const text = String(part);
  if (type === "ifname") return `"${text}"`;
  return type === "ipv6_addr" ? (readIp(text) ?? text) : text;
}

/** `goto X`, `jump X`, `accept`, … or data of the map's type. */
function valueOf(value: unknown, types: readonly string[]): string {
  if (types[0] !== "verdict" || !isFields(value)) return keyOf(value, types);
  const [verdict, detail] = Object.entries(value)[0] ?? ["", null];
  return isFields(detail) && typeof detail["target"] === "string" ? `${verdict} ${detail["target"]}` : verdict;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
