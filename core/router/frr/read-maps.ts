/** What stands in a route-map: conditions and settings of one of its terms. */
import { readIp } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import type { RouteSource, Settings } from "../policy.ts";
import type { Draft, DraftCondition } from "./read-draft.ts";

/** Changes nothing that decides where a route goes, nor whom it is told. */
const HARMLESS =
  /^(description|set (metric|weight|origin|tag|as-path prepend|aggregator|originator-id|label-index|large-community|extcommunity|src))\b/;

export function readMapLine(draft: Draft, line: string): "read" | "not mine" {
  const { place } = draft;
  if (place.kind !== "map") return "not mine";
  if (HARMLESS.test(line)) return "read";
  const condition = line.startsWith("match ") ? conditionIn(line.slice("match ".length)) : undefined;
  if (condition !== undefined) place.term.when = [...place.term.when, condition];
  const settings = line.startsWith("set ") ? settingsIn(line.slice("set ".length)) : undefined;
  if (settings !== undefined) place.term.set = { ...place.term.set, ...settings };
  return condition === undefined && settings === undefined ? "not mine" : "read";
}

function conditionIn(text: string): DraftCondition | undefined {
  const words = text.split(" ");
  const [first = "", second = "", third = "", fourth = ""] = words;
  const family: Family = first === "ipv6" ? 6 : 4;
  if (/^ipv?6? address prefix-list \S+$/.test(text)) return { prefixList: fourth, family };
  if (/^ipv?6? next-hop (address )?\S+$/.test(text)) {
    const hop = readIp(third === "address" ? fourth : third);
    return hop === undefined ? { unknown: text } : { nextHop: [hop] };
  }
  if (/^community \S+$/.test(text)) return { communityList: second };
  if (first === "source-protocol" && words.length === 2) return { source: [sourceOf(second)] };
  const peer = first === "peer" ? readIp(second) : undefined;
  if (peer !== undefined) return { learnedFrom: [peer] };
  // It may hold and may not; the proof supposes what is worse.
  return /^(ip|ipv6|as-path|metric|origin|interface|tag|large-community|extcommunity|community|peer|local-preference|rpki|probability)\b/.test(
    text,
  )
    ? { unknown: text }
    : undefined;
}

/** FRR has more kinds; to the proof, all that is neither static nor BGP is the kernel's. */
export function sourceOf(word: string): RouteSource {
  return word === "static" || word === "connected" || word === "bgp" ? word : "kernel";
}

function settingsIn(text: string): Settings | undefined {
  const words = text.split(" ");
  const [first = "", second = ""] = words;
  if (text === "community none") return { communities: "none" };
  if (first === "community") return words.at(-1) === "additive" ? { moreCommunities: words.slice(1, -1) } : { communities: words.slice(1) };
  if (first === "local-preference" && /^\d+$/.test(second)) return { localPreference: Number(second) };
  if (text === "ip next-hop peer-address" || text === "ipv6 next-hop peer-address") return { nextHop: "peer" };
  if (/^ipv6 next-hop prefer-global$/.test(text)) return {};
  const hop = /^ipv?6? next-hop (?:global )?(\S+)$/.exec(text)?.[1];
  const ip = readIp(hop ?? "");
  return ip === undefined ? undefined : { nextHop: ip };
}
