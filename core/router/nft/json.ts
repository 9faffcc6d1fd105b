/**
 * The table as the kernel has it: `nft -j list table inet margay` (libnftables-json(5)). What is not understood is told by the number of its
 * rule in the listing.
 */
import type { Unread } from "../platform.ts";
import { actionOf } from "./json-action.ts";
import { testOf } from "./json-test.ts";
import type { Chain, Rule, Ruleset, Step } from "./model.ts";

type Json = { readonly [key: string]: unknown };

/** Never throws: a text that is no such listing is told as unread. */
export function readListing(text: string): Ruleset {
  const [objects, unread] = [objectsOf(text), [] as Unread[]];
  if (objects === undefined) return { chains: new Map(), unread: [{ line: 1, text: text.slice(0, 80), reason: "no listing of nft" }] };
  const rules = Map.groupBy(
    objects.flatMap(({ rule }, at) => (isObject(rule) ? [{ chain: String(rule["chain"]), rule: ruleOf(rule, at + 1, unread) }] : [])),
    ({ chain }) => chain,
  );
  const chains = objects.flatMap(({ chain }) =>
    isObject(chain)
      ? [
          chainOf(
            chain,
            (rules.get(String(chain["name"])) ?? []).map(({ rule }) => rule),
          ),
        ]
      : [],
  );
  return { chains: new Map(chains.map((chain) => [chain.name, chain])), unread };
}

/** The objects of any listing of nft in JSON; undefined: it is none. */
export function objectsOf(text: string): readonly Json[] | undefined {
  try {
    const { nftables } = JSON.parse(text) as { readonly nftables?: unknown };
    return Array.isArray(nftables) ? nftables.filter(isObject) : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

function chainOf({ name, type, hook, prio, policy }: Json, rules: readonly Rule[]): Chain {
  if (hook === undefined) return { name: String(name), rules };
  const base = { type: String(type), hook: String(hook), priority: Number(prio), policy: policy === "drop" ? "drop" : "accept" } as const;
  return { name: String(name), base, rules };
}

function ruleOf({ expr, chain }: Json, at: number, unread: Unread[]): Rule {
  const parts: readonly unknown[] = Array.isArray(expr) ? expr : [];
  const steps = parts.flatMap((part): readonly Step[] => {
    const read = stepsOf(part);
    if (read === undefined)
      unread.push({ line: at, text: `${String(chain)}: ${JSON.stringify(part)}`, reason: "a part of a rule that is not understood" });
    return read ?? [{ test: "unknown", text: JSON.stringify(part) }];
  });
  return { line: at, steps };
}

function stepsOf(part: unknown): readonly Step[] | undefined {
  // What nft has no JSON for is a text: among such, only what is remembered in a map is ours.
  if (typeof part === "string") return /^(update|add) @/.test(part) ? [] : undefined;
  if (!isObject(part)) return undefined;
  const [[word = "", value] = []] = Object.entries(part);
  return word === "match" && isObject(value) ? testOf(value) : actionOf(word, value);
}
