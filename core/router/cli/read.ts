/** What a configuration of IOS or EOS says, as `show running-config` prints it; in what they differ is the dialect. */
import { readIp } from "../../net/address.ts";
import type { ReadNat, ReadRouter, Unread } from "../platform.ts";
import { setsOf } from "../prefix-list.ts";
import { at, below, leftover, pass, sectionTree, word } from "../tree.ts";
import type { Node } from "../tree.ts";
import { clusterOf, neighborsOf, sectionOf } from "./read-bgp.ts";
import type { Dialect } from "./read-bgp.ts";
import { entriesOf } from "./read-entries.ts";
import { communitiesOf, discardsOf, listsOf } from "./read-lists.ts";
import { policiesOf } from "./read-maps.ts";

/** Sections and lines that say who is told what, or what is translated. All others are beside the matter. */
const CONCERNED: readonly string[] = ["router bgp", "route-map", "ip prefix-list", "ipv6 prefix-list", "ip community-list", "ip nat"];
/** At BGP and its families: says nothing about who is told what. */
const BESIDE: readonly string[] = [
  "bgp",
  "no",
  "timers",
  "maximum-paths",
  "distance",
  "graceful-restart",
  "router-id",
  "table-map",
  "neighbor default",
  "auto-summary",
];

export function readCli(text: string, dialect: Dialect, natOf: (root: Node, unread: Unread[]) => readonly ReadNat[]): ReadRouter {
  const root = sectionTree(text);
  const unread: Unread[] = [];
  const sets = setsOf(listsOf(root));
  const policies = policiesOf(root, { communities: communitiesOf(root), sets, unread });
  const pnat = natOf(root, unread);
  const [bgp] = below(root, "router", "bgp");
  const statics = discardsOf(root);
  const spoken = bgp === undefined ? { neighbors: [], enters: [] } : bgpOf(root, bgp, dialect, policies);
  for (const each of root.children) if (!CONCERNED.some((words) => words.split(" ")[0] === each.text)) pass(each);
  for (const first of ["ip", "ipv6", "router"])
    for (const each of at(root, first)?.children ?? []) if (!CONCERNED.includes(`${first} ${each.text}`)) pass(each);
  return { prefixSets: sets, policies, statics, pnat, ...spoken, unread: [...unread, ...leftover(root)] };
}

function bgpOf(root: Node, bgp: Node, dialect: Dialect, policies: ReadRouter["policies"]) {
  const section = sectionOf(bgp);
  const asn = Number(bgp.text);
  const routerId = readIp(word(bgp, "bgp", "router-id") ?? word(bgp, "router-id") ?? "");
  const clusterId = clusterOf(bgp);
  const neighbors = neighborsOf(root, section, dialect, policies);
  const enters = entriesOf(section, policies);
  for (const place of [bgp, ...section.families.values()]) for (const path of BESIDE) pass(at(place, ...path.split(" ")));
  return {
    asn,
    ...(routerId === undefined ? {} : { routerId }),
    ...(clusterId === undefined ? {} : { clusterId }),
    neighbors,
    enters,
  };
}
