/**
 * What an frr.conf says, line by line as vtysh takes it: prefix lists, community lists, route-maps, static routes and
 * BGP. What concerns routing and is not understood here is told, so that nobody takes for proven what was not read.
 */
import { readBgpLine } from "./read-bgp.ts";
import { finished, newDraft } from "./read-draft.ts";
import type { Draft, Place } from "./read-draft.ts";
import { readListLine } from "./read-lists.ts";
import { readMapLine } from "./read-maps.ts";
import type { ReadRouter } from "../platform.ts";

/** Says nothing about routes. */
const BESIDE = [
  "Building configuration...",
  "Current configuration:",
  "frr version",
  "frr defaults traditional",
  "hostname",
  "domainname",
  "log",
  "service",
  "password",
  "enable",
  "line",
  "banner",
  "username",
  "agentx",
  "debug",
  "no debug",
  "ip forwarding",
  "ipv6 forwarding",
  "no ip forwarding",
  "no ipv6 forwarding",
  "end",
  "exit",
  "exit-address-family",
  "exec-timeout",
  "ip nht",
  "ipv6 nht",
  "ip protocol",
  "ipv6 protocol",
];

/** Blocks that say nothing of BGP: read past until they end. */
const PAST = /^(interface|bfd|line|vrf|profile|peer)\b/;

export function readFrr(text: string): ReadRouter {
  const draft = newDraft();
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim().replaceAll(/\s+/g, " ");
    if (line === "" || line.startsWith("!") || line.startsWith("#")) continue;
    draft.line = at + 1;
    readLine(draft, line);
  }
  return finished(draft);
}

function readLine(draft: Draft, line: string): void {
  if (line === "exit" || line === "end" || line === "exit-address-family") {
    draft.place = outer(draft.place, line);
    return;
  }
  const inside = INSIDE[draft.place.kind];
  if (inside(draft, line) === "read") return;
  if (opens(draft, line) || readListLine(draft, line) === "read" || BESIDE.some((words) => `${line} `.startsWith(`${words} `))) return;
  draft.unread.push({ line: draft.line, text: line, reason: "not understood" });
}

type Inside = (draft: Draft, line: string) => "read" | "not mine";

const INSIDE: Readonly<Record<Place["kind"], Inside>> = {
  top: () => "not mine",
  past: (_, line) =>
    /^(router|route-map|ip|ipv6|bgp|access-list|interface|bfd|vrf)\b/.test(line) && !/^ip(v6)? (ospf|address|nd|rip|igmp|pim)\b/.test(line)
      ? "not mine"
      : "read",
  map: readMapLine,
  bgp: readBgpLine,
  family: readBgpLine,
};

function outer(place: Place, word: string): Place {
  return place.kind === "family" && word !== "end" ? { kind: "bgp" } : { kind: "top" };
}

/** A line that begins a block, from wherever it stands. */
function opens(draft: Draft, line: string): boolean {
  const map = /^route-map (\S+) (permit|deny) (\d+)$/.exec(line);
  const bgp = /^router bgp (\d+)$/.exec(line);
  if (map?.[1] !== undefined) {
    const term = { name: map[3] ?? "", when: [], verdict: map[2] === "permit" ? ("accept" as const) : ("reject" as const), set: {} };
    draft.maps.set(map[1], [...(draft.maps.get(map[1]) ?? []), term]);
    draft.place = { kind: "map", term };
  } else if (bgp !== null) {
    if (draft.asn !== undefined && draft.asn !== Number(bgp[1]))
      draft.unread.push({ line: draft.line, text: line, reason: "a second BGP instance" });
    draft.asn = Number(bgp[1]);
    draft.place = { kind: "bgp" };
  } else if (PAST.test(line)) draft.place = { kind: "past" };
  else return false;
  return true;
}
