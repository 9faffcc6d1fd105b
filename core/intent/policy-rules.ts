/**
 * Security group rules as rules of nftables. What rules allow together is what counts, so they are brought into one
 * form: ports and prefixes of rules that are otherwise alike are put together, and what another one allows already is
 * left out. Equal permissions are then equal text, however they were said.
 */
import type { GroupRule } from "../feed/item.ts";
import type { Family } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import { anyOf } from "./nft-parts.ts";
import { outermost } from "./policy-host.ts";
import { meaningOf } from "./rule-meaning.ts";
import type { Meaning, Ports, Remote } from "./rule-meaning.ts";

/** A remote that is looked for in a set; a prefix stands in the rule itself. */
export type Listed = Exclude<Remote, { readonly prefix: Cidr }>;

export function isListed(remote: Remote | null): remote is Listed {
  return remote !== null && !("prefix" in remote);
}

/** The set that it is looked for in. */
export function setNameOf(remote: Listed, family: Family): string {
  return "group" in remote ? `members${family}-${remote.group}` : `addresses${family}-${remote.address_group}`;
}

/** A meaning with everything but ports and remote in nft's words. */
interface Match extends Pick<Meaning, "family" | "remote"> {
  readonly what: string;
  readonly ports: Ports | undefined;
}

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

function matchOf(rule: GroupRule): Match | undefined {
  const meaning = meaningOf(rule);
  if (meaning === undefined) return undefined;
  const { family, protocol, icmp, ports, remote } = meaning;
  const name = family === 4 ? "icmp" : "icmpv6";
  const words = [
    ...(protocol === undefined ? [] : [`meta l4proto ${protocol}`]),
    ...(icmp === undefined ? [] : [`${name} type ${icmp.type}`]),
    ...(icmp?.code === undefined ? [] : [`${name} code ${icmp.code}`]),
  ];
  return { family, what: words.join(" "), ports, remote };
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
