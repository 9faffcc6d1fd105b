/**
 * Security group rules as rules of nftables. What rules allow together is what counts, so they are brought into one
 * form: ports and prefixes of rules that are otherwise alike are put together, and what another one allows already is
 * left out. Equal permissions are then equal text, however they were said.
 */
import type { GroupRule } from "../feed/item.ts";
import type { Family } from "../net/address.ts";
import { familyOf } from "../net/address.ts";
import { lengthOf } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { anyOf } from "./nft-parts.ts";
import { outermost } from "./policy-host.ts";

/** TCP, UDP, DCCP, SCTP, UDP-Lite: their headers begin with source and destination port. */
const WITH_PORTS = new Set([6, 17, 33, 132, 136]);
const ICMP: Readonly<Record<Family, number>> = { 4: 1, 6: 58 };

/** A remote that is looked for in a set; a prefix stands in the rule itself. */
export type Listed = Exclude<Remote, { readonly prefix: Cidr }>;

export function isListed(remote: Remote | null): remote is Listed {
  return remote !== null && !("prefix" in remote);
}

/** The set that it is looked for in. */
export function setNameOf(remote: Listed, family: Family): string {
  return "group" in remote ? `members${family}-${remote.group}` : `addresses${family}-${remote.address_group}`;
}

/** One rule, taken apart. Undefined parts match everything. */
interface Match {
  readonly family: Family;
  readonly what: string;
  readonly ports: Ports | undefined;
  readonly remote: Remote | undefined;
}

type Ports = readonly [low: number, high: number];
type Remote = Exclude<GroupRule["remote"], null>;

/** Where a packet has what a rule speaks of: the other end, and the port that the rule names. */
interface Side {
  readonly address: "saddr" | "daddr";
  readonly port: "sport" | "dport";
}

/** Packets of whoever begins a flow, or those that answer them. */
export type Sense = "as said" | "turned round";

function sideOf(direction: GroupRule["direction"], sense: Sense): Side {
  const fromOther = (direction === "ingress") === (sense === "as said");
  return { address: fromOther ? "saddr" : "daddr", port: sense === "as said" ? "dport" : "sport" };
}

/** Matches in nft's words, without a verdict, sorted. A rule that says what nobody can mean allows nothing. */
export function matchesOf(rules: Iterable<GroupRule>, sense: Sense = "as said"): string[] {
  const lines = [...Map.groupBy(rules, ({ direction }) => direction)].flatMap(([direction, list]) => {
    const matches = list.flatMap((rule) => matchOf(rule) ?? []);
    return [...Map.groupBy(matches, ({ family, what }) => `${family} ${what}`).values()].flatMap((alike) =>
      linesOf(alike, sideOf(direction, sense)),
    );
  });
  return [...new Set(lines)].toSorted();
}

function matchOf({ family, protocol, port_range_min: min, port_range_max: max, remote }: GroupRule): Match | undefined {
  const everything = remote === null || ("prefix" in remote && lengthOf(remote.prefix) === 0);
  if (remote !== null && "prefix" in remote && familyOf(remote.prefix) !== family) return undefined;
  const match = { family, ports: undefined, remote: everything ? undefined : remote };
  // Neutron stores "ip" and "hopopt" as 0, and every driver takes that for any protocol.
  if (protocol === null || protocol === 0) return min === null && max === null ? { ...match, what: "" } : undefined;
  // "icmp" in a rule for IPv6 means ICMPv6, in Neutron as well.
  if (protocol === 1 || protocol === 58) return { ...match, what: icmp(family, min, max) };
  const what = `meta l4proto ${protocol}`;
  if (min === null && max === null) return { ...match, what };
  if (!WITH_PORTS.has(protocol) || min === null || max === null || min > max) return undefined;
  return { ...match, what, ports: [min, max] };
}

function icmp(family: Family, type: number | null, code: number | null): string {
  const name = family === 4 ? "icmp" : "icmpv6";
  const proto = `meta l4proto ${ICMP[family]}`;
  if (type === null) return proto;
  return `${proto} ${name} type ${type}${code === null ? "" : ` ${name} code ${code}`}`;
}

/** Of rules for one family and protocol: per remote its ports, then per list of ports its prefixes. */
function linesOf(alike: readonly Match[], side: Side): string[] {
  const first = alike[0];
  if (first === undefined) return [];
  const byRemote = Map.groupBy(alike, ({ remote }) => JSON.stringify(remote) ?? "");
  const texts = [...byRemote.values()].map((list) => ({
    remote: list[0]?.remote,
    ports: portsText(
      side,
      list.map(({ ports }) => ports),
    ),
  }));
  return [...Map.groupBy(texts, ({ ports }) => ports)].flatMap(([ports, list]) => {
    const head = [`meta nfproto ipv${first.family}`, first.what, ports].filter((part) => part !== "").join(" ");
    return remotes(
      list.map(({ remote }) => remote),
      `${first.family === 4 ? "ip" : "ip6"} ${side.address}`,
      first.family,
    ).map((remote) => `${head}${remote}`);
  });
}

function remotes(all: readonly (Remote | undefined)[], address: string, family: Family): string[] {
  if (all.includes(undefined)) return [""];
  const known = all.filter((remote) => remote !== undefined);
  const prefixes = outermost(known.flatMap((remote) => ("prefix" in remote ? [remote.prefix] : [])));
  const sets = known.filter(isListed).map((remote) => ` ${address} @${setNameOf(remote, family)}`);
  return prefixes.length > 0 ? [` ${address} ${anyOf(prefixes)}`, ...sets] : sets;
}

/** Ranges put together where they meet; "" for all ports. */
function portsText({ port }: Side, all: readonly (Ports | undefined)[]): string {
  if (all.includes(undefined)) return "";
  const merged: [number, number][] = [];
  for (const [low, high] of all.filter((ports) => ports !== undefined).toSorted((left, right) => left[0] - right[0])) {
    const last = merged.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return `th ${port} ${anyOf(merged.map(([low, high]) => (low === high ? String(low) : `${low}-${high}`)))}`;
}
