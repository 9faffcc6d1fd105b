/** What a rule does, as nft's JSON says it. */
import { bitsOf, readIp } from "../../net/address.ts";
import { spanIn } from "./json-test.ts";
import type { Case, Step, Target } from "./model.ts";

type Json = { readonly [key: string]: unknown };
type Read = (value: Json) => readonly Step[] | undefined;

/** Changes nothing of a packet. */
const BESIDE = ["counter", "log", "comment", "set"];

const ACTIONS: Readonly<Record<string, Read>> = {
  accept: () => [{ verdict: "accept" }],
  drop: () => [{ verdict: "drop" }],
  reject: () => [{ verdict: "drop" }],
  return: () => [{ verdict: "return" }],
  notrack: () => [{ set: "notrack" }],
  goto: ({ target }) => [{ go: "goto", chain: String(target) }],
  jump: ({ target }) => [{ go: "jump", chain: String(target) }],
  mangle: mangled,
  snat: translated,
  dnat: () => [{ dnat: "anywhere" }],
  vmap: chosen,
};

/** Undefined for what is not understood. */
export function actionOf(word: string, value: unknown): readonly Step[] | undefined {
  if (BESIDE.includes(word)) return [];
  return ACTIONS[word]?.((value ?? {}) as Json);
}

function mangled({ key, value }: Json): readonly Step[] | undefined {
  const { payload } = key as { readonly payload?: Json };
  const to = spanIn("saddr", value);
  return payload?.["field"] === "saddr" && to !== undefined ? [{ set: "saddr", to: [to] }] : undefined;
}

function translated({ addr, port }: Json): readonly Step[] | undefined {
  const target = targetOf(addr);
  const ports = port === undefined ? undefined : spanIn("port", port);
  if (target === undefined || (port !== undefined && ports === undefined)) return undefined;
  return [{ snat: { ...target, ...(ports === undefined ? {} : { ports }) } }];
}

function targetOf(addr: unknown): Target | undefined {
  const { map } = (typeof addr === "object" && addr !== null ? addr : {}) as { readonly map?: Json };
  if (map === undefined) {
    const to = spanIn("saddr", addr);
    return to && { to: [to] };
  }
  const { payload } = map["key"] as { readonly payload?: Json };
  const entries = pairsOf(map["data"]).map(([key, to]) => ({ key: spanIn("saddr", key), to: spanIn("saddr", to) }));
  const known = entries.flatMap(({ key, to }) => (key === undefined || to === undefined ? [] : [{ key, to }]));
  return payload?.["field"] === "saddr" && known.length === entries.length && known.length > 0
    ? { to: known.map(({ to }) => to), map: known }
    : undefined;
}

function pairsOf(data: unknown): readonly (readonly unknown[])[] {
  const { set } = (typeof data === "object" && data !== null ? data : {}) as { readonly set?: unknown };
  return Array.isArray(set) ? set.filter((each) => Array.isArray(each)) : [];
}

/** By an address, or by its last bits. */
function chosen({ key, data }: Json): readonly Step[] | undefined {
  const masked = (key as Json)["&"];
  const [left, bits] = Array.isArray(masked) ? masked : [key, undefined];
  const { protocol, field } = ((left as Json)["payload"] ?? {}) as Json;
  const mask = bits === undefined ? undefined : readIp(String(bits));
  const cases = pairsOf(data).map(([value, verdict]) => caseOf(value, verdict as Json));
  if ((field !== "saddr" && field !== "daddr") || (protocol !== "ip" && protocol !== "ip6") || !cases.every((each) => each !== undefined))
    return undefined;
  if (bits !== undefined && mask === undefined) return undefined;
  return [{ choose: field, family: protocol === "ip" ? 4 : 6, cases, ...(mask === undefined ? {} : { mask: bitsOf(mask) }) }];
}

function caseOf(value: unknown, verdict: Json): Case | undefined {
  const key = spanIn("saddr", value);
  const [[go = "", to] = []] = Object.entries(verdict);
  const { target } = (to ?? {}) as Json;
  return key !== undefined && (go === "goto" || go === "jump") && target !== undefined ? { key, go, chain: String(target) } : undefined;
}
