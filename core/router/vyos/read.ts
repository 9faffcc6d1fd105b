/** What a configuration of VyOS says, as `show configuration commands` prints it. */
import { readIp } from "../../net/address.ts";
import { readCidr } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import type { ReadNat, ReadRouter, Unread } from "../platform.ts";
import { setsOf } from "../prefix-list.ts";
import { at, below, leftover, pass, setTree, word } from "../tree.ts";
import type { Node } from "../tree.ts";
import { entriesOf, neighborsOf } from "./read-bgp.ts";
import { communitiesOf, listsOf, policiesOf } from "./read-policy.ts";

/** Says nothing about which routes are told to whom. */
const BESIDE: readonly string[] = [
  "interfaces",
  "system",
  "service",
  "firewall",
  "protocols bfd",
  "protocols lldp",
  "high-availability",
  "container",
];

export function readVyos(text: string): ReadRouter {
  const { root, unread } = setTree(text);
  const more: Unread[] = [];
  const policy = at(root, "policy");
  const protocols = at(root, "protocols");
  const bgp = at(protocols, "bgp");
  const lists = listsOf(policy);
  const policies = policiesOf(policy, { communities: communitiesOf(policy), unread: more });
  const asn = Number(word(bgp, "system-as"));
  const routerId = readIp(word(bgp, "parameters", "router-id") ?? "");
  const clusterId = readIp(word(bgp, "parameters", "cluster-id") ?? "");
  const neighbors = neighborsOf(protocols, asn);
  const enters = entriesOf(bgp, policies);
  pass(at(bgp, "parameters"));
  pass(at(bgp, "timers"));
  const statics = ["route", "route6"].flatMap((kind) => below(protocols, "static", kind).flatMap((route) => staticOf(route)));
  const pnat = below(root, "nat", "source", "rule").toSorted((left, right) => Number(left.text) - Number(right.text));
  const translated = natOf(pnat, more);
  for (const path of BESIDE) pass(at(root, ...path.split(" ")));
  return {
    ...(Number.isFinite(asn) ? { asn } : {}),
    ...(routerId === undefined ? {} : { routerId }),
    ...(clusterId === undefined ? {} : { clusterId }),
    prefixSets: setsOf(lists),
    policies,
    statics,
    enters,
    neighbors,
    pnat: translated,
    unread: [...unread, ...more, ...leftover(root)],
  };
}

function staticOf(route: Node): readonly { readonly prefix: Cidr }[] {
  const prefix = readCidr(route.text);
  if (prefix === undefined) return [];
  pass(route);
  return [{ prefix }];
}

/** Rules in order: what one excludes, none after it translates. */
function natOf(rules: readonly Node[], unread: Unread[]): readonly ReadNat[] {
  const except: Cidr[] = [];
  return rules.flatMap((rule): readonly ReadNat[] => {
    const source = readCidr(word(rule, "source", "address") ?? "");
    const towards = readCidr(word(rule, "destination", "address") ?? "");
    const uplink = word(rule, "outbound-interface", "name");
    const [, start = "", , end] = /^([0-9.]+)(-([0-9.]+))?$/.exec(word(rule, "translation", "address") ?? "") ?? [];
    const excluded = at(rule, "exclude") !== undefined;
    pass(rule);
    if (excluded) {
      if (towards !== undefined) except.push(towards);
      return [];
    }
    const [first, last] = [readIp(start), readIp(end ?? start)];
    if (source === undefined || uplink === undefined || first === undefined || last === undefined || towards !== undefined) {
      unread.push({
        line: rule.line,
        text: `nat source rule ${rule.text}`,
        reason: "a rule without a source, a pool or an interface that is known here",
      });
      return [];
    }
    return [{ source, except: [...except], pool: { start: first, end: last }, uplink, line: rule.line }];
  });
}
