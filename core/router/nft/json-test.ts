/** A test of a rule, as nft's JSON says it: `{ "op": "==", "left": …, "right": … }`. */
import type { Family } from "../../net/address.ts";
import type { NumberField, Span, Step } from "./model.ts";
import { protocolNamed, spanOf } from "./values.ts";

type Json = { readonly [key: string]: unknown };

export function testOf({ op, left, right }: Json): readonly Step[] | undefined {
  const negated = op === "!=";
  if (op !== "==" && op !== "in" && !negated) return undefined;
  const { meta, payload, ct } = left as { readonly meta?: Json; readonly payload?: Json; readonly ct?: Json };
  if (payload !== undefined) return ofPayload(payload, right, negated);
  if (ct !== undefined) return ofFlow(ct["key"], textsOf(right), negated);
  const key = meta?.["key"];
  if (key === "iifname" || key === "oifname") return [{ test: key, names: textsOf(right), negated }];
  return key === "l4proto" ? numbers("l4proto", { right, negated }) : undefined;
}

function ofFlow(key: unknown, words: readonly string[], negated: boolean): readonly Step[] | undefined {
  if (key === "state") return [{ test: "state", states: words, negated }];
  const [status, ...more] = words;
  return key === "status" && status !== undefined && more.length === 0 ? [{ test: "status", status, negated }] : undefined;
}

const FAMILIES: Readonly<Record<string, Family>> = { ip: 4, ip6: 6 };

function ofPayload({ protocol, field }: Json, right: unknown, negated: boolean): readonly Step[] | undefined {
  const [head, name] = [String(protocol), String(field)];
  const family = FAMILIES[head];
  if (family !== undefined && (name === "saddr" || name === "daddr")) return numbers(name, { right, negated, family });
  if (family !== undefined && (name === "protocol" || name === "nexthdr")) return numbers("l4proto", { right, negated, family });
  if ((head === "icmp" || head === "icmpv6") && name === "type") return numbers(`${head} type`, { right, negated });
  const number = protocolNamed(head);
  if ((name !== "dport" && name !== "sport") || (number === undefined && head !== "th")) return undefined;
  const ports = numbers("port", { right, negated });
  if (ports === undefined || number === undefined) return ports;
  return [{ test: "l4proto", within: [{ low: BigInt(number), high: BigInt(number) }], negated: false }, ...ports];
}

interface Asked {
  readonly right: unknown;
  readonly negated: boolean;
  readonly family?: Family;
}

function numbers(test: NumberField, { right, ...asked }: Asked): readonly Step[] | undefined {
  if (typeof right === "string" && right.startsWith("@")) return [{ test: "unknown", text: `${test} ${right}` }];
  const within = itemsOf(right).map((item) => spanIn(test, item));
  return within.every((span) => span !== undefined) ? [{ test, within, ...asked }] : undefined;
}

function itemsOf(value: unknown): readonly unknown[] {
  const { set } = (typeof value === "object" && value !== null ? value : {}) as { readonly set?: unknown };
  return Array.isArray(set) ? set : Array.isArray(value) ? value : [value];
}

const textsOf = (value: unknown): readonly string[] => itemsOf(value).map(String);

/** `"10.0.0.1"`, `{ "prefix": … }`, `{ "range": [ …, … ] }`, `{ "elem": { "val": … } }` where it counts or ends. */
export function spanIn(field: NumberField, item: unknown): Span | undefined {
  if (typeof item === "string" || typeof item === "number") return spanOf(field, String(item));
  if (typeof item !== "object" || item === null) return undefined;
  const { prefix, range, elem } = item as { readonly prefix?: Json; readonly range?: unknown; readonly elem?: Json };
  if (elem !== undefined) return spanIn(field, elem["val"]);
  if (prefix !== undefined) return spanOf(field, `${String(prefix["addr"])}/${String(prefix["len"])}`);
  return Array.isArray(range) ? spanOf(field, range.map(String).join("-")) : undefined;
}
