/** What has been read of an frr.conf so far, and what it comes to at the end: names may be used before they are defined. */
import { FAMILIES, readIp } from "../../net/address.ts";
import type { Family, Ip } from "../../net/address.ts";
import type { Entry, ReadFamily, ReadNeighbor, ReadRouter, Unread } from "../platform.ts";
import type { Condition, Policy, Settings, Term } from "../policy.ts";
import type { Cidr } from "../../net/prefix.ts";
import { conditionRead } from "../conditions.ts";
import { conditionOf, setsOf } from "./read-lists.ts";
import type { ListEntry } from "./read-lists.ts";

/** Where the next line belongs. */
export type Place =
  | { readonly kind: "top" | "past" | "bgp" }
  | { readonly kind: "map"; readonly term: DraftTerm }
  | { readonly kind: "family"; readonly family: Family };

export interface DraftTerm {
  readonly name: string;
  when: readonly DraftCondition[];
  readonly verdict: "accept" | "reject";
  set: Settings;
}

/** Of a list by its name; resolved at the end. */
export type DraftCondition = Condition | { readonly prefixList: string; readonly family: Family } | { readonly communityList: string };

/** A neighbour or a peer group, by its word in the text: each statement under what it says. */
export interface DraftNeighbor {
  readonly line: number;
  readonly said: Map<string, string>;
  readonly families: Map<Family, Map<string, string>>;
}

export interface Draft {
  line: number;
  place: Place;
  asn: number | undefined;
  routerId: Ip | undefined;
  clusterId: Ip | undefined;
  requiresPolicy: "yes" | "no";
  everybodySpeaksIpv4: "yes" | "no";
  gracefulRestart: "yes" | "no";
  readonly prefixLists: Map<string, ListEntry[]>;
  readonly communityLists: Map<string, { readonly verdict: "permit" | "deny"; readonly all: readonly string[] }[]>;
  readonly maps: Map<string, readonly DraftTerm[]>;
  readonly statics: Cidr[];
  readonly networks: {
    readonly prefix: Cidr;
    readonly map: string | undefined;
    readonly source: "static" | "aggregate";
    readonly line: number;
  }[];
  readonly redistributed: Extract<Entry, { redistributes: unknown }>[];
  readonly neighbors: Map<string, DraftNeighbor>;
  readonly unread: Unread[];
}

export function newDraft(): Draft {
  return {
    line: 0,
    place: { kind: "top" },
    asn: undefined,
    routerId: undefined,
    clusterId: undefined,
    requiresPolicy: "yes",
    everybodySpeaksIpv4: "yes",
    gracefulRestart: "no",
    prefixLists: new Map(),
    communityLists: new Map(),
    maps: new Map(),
    statics: [],
    networks: [],
    redistributed: [],
    neighbors: new Map(),
    unread: [],
  };
}

export function finished(draft: Draft): ReadRouter {
  const whole = (key: "asn" | "routerId" | "clusterId") => (draft[key] === undefined ? {} : { [key]: draft[key] });
  const lists = [...draft.prefixLists].flatMap(([name, entries]) => setsOf(name, entries));
  return {
    ...whole("asn"),
    ...whole("routerId"),
    ...whole("clusterId"),
    prefixSets: lists,
    policies: [...draft.maps].map(([name, terms]) => mapOf(draft, name, terms)).concat(listPolicies(draft)),
    statics: draft.statics.map((prefix) => ({ prefix })),
    enters: [...draft.networks.map((network) => entryOf(draft, network)), ...draft.redistributed],
    neighbors: [...draft.neighbors].flatMap(([word, neighbor]) => neighborOf(draft, word, neighbor)),
    pnat: [],
    unread: draft.unread,
  };
}

/** Terms in the order of their numbers; what no term permits is denied. */
function mapOf(draft: Draft, name: string, terms: readonly DraftTerm[]): Policy {
  const ordered = terms.toSorted((left, right) => Number(left.name) - Number(right.name));
  return {
    name,
    otherwise: "reject",
    terms: ordered.map(({ name: term, when, verdict, set }): Term => ({
      name: term,
      when: when.map((each) => resolved(draft, each)),
      verdict,
      set,
    })),
  };
}

function resolved(draft: Draft, condition: DraftCondition): Condition {
  if ("prefixList" in condition)
    return conditionOf(condition.prefixList, draft.prefixLists.get(condition.prefixList) ?? [], condition.family);
  if (!("communityList" in condition)) return condition;
  const entries = draft.communityLists.get(condition.communityList) ?? [];
  const plain = entries.every(({ verdict, all }) => verdict === "permit" && all.every((community) => /^\d+:\d+$/.test(community)));
  if (entries.length === 0 || !plain) return { unknown: `community ${condition.communityList}` };
  return { any: entries.map(({ all }) => ({ all: all.map((community) => ({ community })) })) };
}

/** A prefix list that a neighbour names itself: what is not in it is refused, before any route-map is asked. */
const filterName = (list: string) => `prefix-list ${list}`;

function listPolicies(draft: Draft): readonly Policy[] {
  const named = [...draft.neighbors.values()].flatMap(({ families }) =>
    [...families.values()].flatMap((said) => ["prefix-list in", "prefix-list out"].flatMap((key) => said.get(key) ?? [])),
  );
  return [...new Set(named)].map((list) => {
    const family: Family = draft.prefixLists.get(list)?.[0]?.range.prefix.includes(":") === true ? 6 : 4;
    const inside = conditionOf(list, draft.prefixLists.get(list) ?? [], family);
    return { name: filterName(list), otherwise: "accept", terms: [{ name: "not in it", when: [{ not: inside }], verdict: "reject" }] };
  });
}

/** `network … route-map`: the map may also refuse it, which the proof need not know. */
function entryOf(draft: Draft, { prefix, map, source, line }: Draft["networks"][number]): Entry {
  const set = (draft.maps.get(map ?? "") ?? []).find(({ verdict }) => verdict === "accept")?.set;
  return { prefix, source, line, ...(set === undefined ? {} : { set }) };
}

function neighborOf(draft: Draft, word: string, neighbor: DraftNeighbor): readonly ReadNeighbor[] {
  const address = readIp(word);
  // A peer group is no neighbour.
  if (address === undefined && !neighbor.said.has("interface")) return [];
  const group = draft.neighbors.get(neighbor.said.get("peer-group") ?? "");
  const said = new Map([...(group?.said ?? []), ...neighbor.said]);
  if (said.get("shutdown") !== undefined && said.get("shutdown") !== "no") return [];
  const [keepalive, hold] = (said.get("timers") ?? "").split(" ").map(Number);
  const connectRetry = Number(said.get("timers connect"));
  const local = readIp(said.get("update-source") ?? "");
  const asn = asnOf(draft, said.get("remote-as"));
  const bfd = said.has("bfd") ? { bfd: bfdOf(said.get("bfd") ?? "") } : {};
  const description = said.get("description");
  return [
    {
      ...(address === undefined ? { interface: word } : { address }),
      line: neighbor.line,
      ...(description === undefined ? {} : { description }),
      ...(asn === undefined ? {} : { asn }),
      ...(local === undefined ? {} : { local }),
      ...(draft.asn === undefined ? {} : { localAsn: Number(said.get("local-as")?.split(" ")[0] ?? draft.asn) }),
      connects: said.has("passive") && said.get("passive") !== "no" ? "passive" : "both",
      timers: {
        ...(hold === undefined || keepalive === undefined ? {} : { hold, keepalive }),
        ...(Number.isNaN(connectRetry) ? {} : { connectRetry }),
      },
      ...bfd,
      gracefulRestart: draft.gracefulRestart,
      password: said.has("password") ? "yes" : "no",
      gtsm: said.get("ttl-security hops") === "1" ? "yes" : "no",
      families: FAMILIES.flatMap((family) => familyRead(draft, { family, neighbor, group, external: asn !== draft.asn })),
    },
  ];
}

function asnOf(draft: Draft, said: string | undefined): number | undefined {
  if (said === "internal") return draft.asn;
  return said === undefined || !/^\d+$/.test(said) ? undefined : Number(said);
}

function bfdOf(said: string): NonNullable<ReadNeighbor["bfd"]> {
  const [multiplier, interval] = said.split(" ").map(Number);
  return multiplier === undefined || interval === undefined || Number.isNaN(interval) ? {} : { multiplier, interval };
}

interface Reading {
  readonly family: Family;
  readonly neighbor: DraftNeighbor;
  readonly group: DraftNeighbor | undefined;
  readonly external: boolean;
}

function familyRead(draft: Draft, { family, neighbor, group, external }: Reading): readonly ReadFamily[] {
  const said = new Map([...(group?.families.get(family) ?? []), ...(neighbor.families.get(family) ?? [])]);
  const byDefault = family === 4 ? draft.everybodySpeaksIpv4 : "no";
  if ((said.get("activate") ?? byDefault) === "no") return [];
  const chain = (direction: "in" | "out") => [
    ...[said.get(`prefix-list ${direction}`)].flatMap((list) => (list === undefined ? [] : [filterName(list)])),
    ...[said.get(`route-map ${direction}`)].flatMap((map) => map ?? []),
  ];
  const maximum = Number(said.get("maximum-prefix")?.split(" ")[0]);
  const self = said.get("next-hop-self");
  const [, advertised, exists] = /^(\S+) exist-map (\S+)$/.exec(said.get("advertise-map") ?? "") ?? [];
  return [
    {
      family,
      import: chain("in"),
      export: chain("out"),
      unfiltered: external && draft.requiresPolicy === "yes" ? "reject" : "accept",
      ...(Number.isNaN(maximum) ? {} : { maximum }),
      client: said.has("route-reflector-client") ? "yes" : "no",
      nextHop: said.has("attribute-unchanged next-hop")
        ? "kept"
        : self === undefined
          ? "unchanged"
          : self === "force"
            ? "self"
            : "self for external",
      // Several ways are heard unless that is switched off.
      addPaths: said.has("addpath-tx-all-paths") ? "both" : "receive",
      ...conditionRead(chain("out").at(-1), advertised, exists),
    },
  ];
}
