/** `router bgp`, and the address families in it. */
import { readIp } from "../../net/address.ts";
import { readCidr } from "../../net/prefix.ts";
import type { Draft, DraftNeighbor } from "./read-draft.ts";
import { sourceOf } from "./read-maps.ts";

/** Says nothing of who is told what. */
const BESIDE = [
  "bgp log-neighbor-changes",
  "bgp bestpath",
  "bgp deterministic-med",
  "bgp always-compare-med",
  "bgp graceful-restart restart-time",
  "bgp graceful-restart stalepath-time",
  "bgp graceful-restart preserve-fw-state",
  "bgp graceful-restart select-defer-time",
  "bgp graceful-restart rib-stale-time",
  "bgp graceful-restart notification",
  "bgp update-delay",
  "bgp conditional-advertisement",
  "bgp fast-external-failover",
  "bgp default local-preference",
  "bgp default show-hostname",
  "bgp default show-nexthop-hostname",
  "bgp minimum-holdtime",
  "bgp suppress-fib-pending",
  "bgp network import-check",
  "bgp tcp-keepalive",
  "bgp hard-administrative-reset",
  "bgp client-to-client reflection",
  "bgp enforce-first-as",
  "timers bgp",
  "maximum-paths",
  "table-map",
  "distance",
  "coalesce-time",
  "update-delay",
  "read-quanta",
  "write-quanta",
];

/** Of a neighbour: what is said once for the session. */
const SESSION = [
  "remote-as",
  "peer-group",
  "description",
  "update-source",
  "timers connect",
  "timers",
  "passive",
  "bfd",
  "password",
  "ttl-security hops",
  "shutdown",
  "local-as",
  "interface",
  "ebgp-multihop",
  "capability",
  "advertisement-interval",
  "enforce-first-as",
  "dont-capability-negotiate",
  "strict-capability-match",
  "disable-connected-check",
  "graceful-restart",
  "graceful-restart-helper",
  "graceful-restart-disable",
  "solo",
];

/** Of a neighbour, in one address family. */
const FAMILY = [
  "activate",
  "route-reflector-client",
  "next-hop-self",
  "attribute-unchanged next-hop",
  "route-map in",
  "route-map out",
  "prefix-list in",
  "prefix-list out",
  "maximum-prefix",
  "addpath-tx-all-paths",
  "addpath-tx-bestpath-per-AS",
  "disable-addpath-rx",
  "soft-reconfiguration",
  "send-community",
  "maximum-prefix-out",
  "advertise-map",
  "weight",
];

export function readBgpLine(draft: Draft, line: string): "read" | "not mine" {
  if (line === "" || BESIDE.some((words) => `${line.replace(/^no /, "")} `.startsWith(`${words} `))) return "read";
  const family = /^address-family (ipv4|ipv6)(?: unicast)?$/.exec(line);
  if (family !== null) {
    draft.place = { kind: "family", family: family[1] === "ipv4" ? 4 : 6 };
    return "read";
  }
  const neighbor = /^(no )?neighbor (\S+) (.+)$/.exec(line);
  if (neighbor !== null) return readNeighbor(draft, { no: neighbor[1] !== undefined, who: neighbor[2] ?? "", what: neighbor[3] ?? "" });
  return readOwn(draft, line) || readEntry(draft, line) ? "read" : "not mine";
}

function readOwn(draft: Draft, line: string): boolean {
  const id = /^bgp (router-id|cluster-id) (\S+)$/.exec(line);
  const ip = readIp(id?.[2] ?? "");
  if (ip !== undefined) {
    if (id?.[1] === "router-id") draft.routerId = ip;
    else draft.clusterId = ip;
    return true;
  }
  const flag = /^(no )?bgp (ebgp-requires-policy|default ipv4-unicast|graceful-restart)$/.exec(line);
  const word = flag?.[1] === undefined ? "yes" : "no";
  if (flag?.[2] === "ebgp-requires-policy") draft.requiresPolicy = word;
  else if (flag?.[2] === "default ipv4-unicast") draft.everybodySpeaksIpv4 = word;
  else if (flag?.[2] === "graceful-restart") draft.gracefulRestart = word;
  return flag !== null;
}

function readEntry(draft: Draft, line: string): boolean {
  const [, verb, what = "", map] =
    /^(network|redistribute|aggregate-address) (\S+)(?: summary-only| as-set)*(?: route-map (\S+))?$/.exec(line) ?? [];
  if (verb === undefined || draft.place.kind !== "family") return false;
  if (verb === "redistribute") {
    const policy = map === undefined ? {} : { policy: map };
    draft.redistributed.push({ family: draft.place.family, redistributes: sourceOf(what), line: draft.line, ...policy });
    return true;
  }
  const prefix = readCidr(what);
  if (prefix !== undefined) draft.networks.push({ prefix, map, source: verb === "network" ? "static" : "aggregate", line: draft.line });
  return prefix !== undefined;
}

interface Said {
  readonly no: boolean;
  readonly who: string;
  readonly what: string;
}

function readNeighbor(draft: Draft, { no, who, what }: Said): "read" | "not mine" {
  const inFamily = draft.place.kind === "family" ? draft.place.family : undefined;
  // `route-map NAME in` and `prefix-list NAME in`: the direction is part of what is said.
  const [, listed, name, direction] = /^(route-map|prefix-list) (\S+) (in|out)$/.exec(what) ?? [];
  const said = listed === undefined ? what : `${listed} ${direction} ${name}`;
  const once = inFamily === undefined ? keyIn(SESSION, said) : undefined;
  const key = once ?? keyIn(FAMILY, said) ?? "";
  const value = said.slice(key.length + 1);
  const port = key === "interface" ? /^(?:v6only )?remote-as (\S+)$/.exec(value)?.[1] : undefined;
  if (key === "" || (key === "interface" && port === undefined)) return "not mine";
  const neighbor = draft.neighbors.get(who) ?? { line: draft.line, said: new Map(), families: new Map() };
  draft.neighbors.set(who, neighbor);
  const into = once === undefined ? familyOf(neighbor, inFamily ?? 4) : neighbor.said;
  if (port !== undefined) into.set("remote-as", port).set("interface", "yes");
  else if (no) into.set(key, "no");
  else into.set(key, value === "" ? "yes" : value);
  return "read";
}

/** The longest of the words that it begins with. */
function keyIn(words: readonly string[], said: string): string | undefined {
  return words.filter((word) => `${said} `.startsWith(`${word} `)).toSorted((left, right) => right.length - left.length)[0];
}

function familyOf({ families }: DraftNeighbor, family: 4 | 6): Map<string, string> {
  const known = families.get(family) ?? new Map<string, string>();
  families.set(family, known);
  return known;
}
