/**
 * What is believed of each neighbour of what it announces, to the address: the word of whoever assigns addresses, as BIRD's sets in a file
 * of their own, which the configuration includes. Where one changes, BIRD asks that neighbour's routes again of its own copy (`import
 * table`), so that one that came before its assignment is taken, and one that has lost it goes, whatever the neighbour does. No
 * session ends for it.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { attachedTo, coreHosts, racksOf } from "../datacenter/racks.ts";
import type { Assignment, View } from "../feed/item.ts";
import { familyOf, widthOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import { hostPrefix } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { channelsOf } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { prefixSet, protocolName, text } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { perValue } from "./memo.ts";

/** The file's name, as the configuration that lies beside it includes it. */
export const ASSIGNED = "assigned.conf";

/** Are hosts believed of what is assigned to them, or, where nobody says what that is, of whatever lies in the ranges? */
export type Believed = "assigned" | "in the ranges";

export interface Neighbour {
  readonly name: string;
  /** For whom it speaks: a host for itself, a router for its rack. */
  readonly hosts: readonly string[];
}

/** Those on the core segment: hosts, and the routers of racks. */
export function onCore(dc: DataCenter): readonly Neighbour[] {
  const racks = racksOf(dc).map((rack) => ({ name: rack.tor.name, hosts: attachedTo(dc, rack).map(({ host }) => host.name) }));
  return [...coreHosts(dc).map(({ name }) => ({ name, hosts: [name] })), ...racks];
}

/** Which routes are taken from a neighbour: more to ask of them in BIRD's filters. */
export function assignedTo({ family }: Pick<Channel, "family">, neighbour: string, believed: Believed): string {
  return believed === "assigned" ? ` && net ~ ${setName(family, neighbour)}` : "";
}

/** What a configuration includes. */
export function assignedIncluded(believed: Believed): Line {
  return believed === "assigned" ? `include ${JSON.stringify(ASSIGNED)};` : undefined;
}

/** What a session asks whose filter may come to say something else. */
export function askedAgain(believed: Believed): Line {
  return believed === "assigned" ? "import table on;" : undefined;
}

/** What each neighbour on the core segment that speaks for hosts may announce: a host for itself, a router for its rack. */
export function assignedIn(dc: DataCenter, assignments: NonNullable<View["assignments"]>): string {
  return assignedSets(onCore(dc), channelsOf(dc), assignments);
}

/** The file's text. */
export function assignedSets(
  neighbours: readonly Neighbour[],
  channels: readonly Channel[],
  assignments: ReadonlyMap<string, Assignment>,
): string {
  if (assignments.size === 0) return wholeRanges(neighbours, channels);
  const byHost = Map.groupBy(
    [...assignments.values()].flatMap((each) => each.hosts.map((host) => ({ host, own: prefixesOf(each) }))),
    ({ host }) => host,
  );
  return text([
    "# Written by Margay from who has which address; changes made here are lost.",
    ...neighbours.flatMap(({ name, hosts }) => {
      const all = hosts.flatMap((host) => byHost.get(host) ?? []);
      return channels.map(
        ({ family }) =>
          `define ${setName(family, name)} = ${setOf(
            family,
            all.flatMap(({ own }) => own[family]),
          )};`,
      );
    }),
  ]);
}

/**
 * Where nobody has been told of any assignment, as by a controller of before, whatever lies in the ranges is believed. In the same words: the
 * first assignment changes a set, and no session.
 */
function wholeRanges(neighbours: readonly Neighbour[], channels: readonly Channel[]): string {
  return text(
    neighbours.flatMap(({ name }) =>
      channels.map(({ family, ranges }) => {
        const width = widthOf(family);
        return `define ${setName(family, name)} = ${prefixSet(ranges.map((range) => `${range}{${width},${width}}`))};`;
      }),
    ),
  );
}

type Prefixes = Readonly<Record<Family, readonly Cidr[]>>;

/** There are tens of thousands, of which hardly any is another one than before. */
const prefixesOf = perValue(({ addresses }: Assignment): Prefixes => {
  const of = (family: Family) => addresses.filter((ip) => familyOf(ip) === family).map(hostPrefix);
  return { 4: of(4), 6: of(6) };
});

/** BIRD knows no empty set. This address is nobody's. */
const NOBODY: Readonly<Record<Family, string>> = { 4: "0.0.0.0/32", 6: "::/128" };

function setOf(family: Family, prefixes: readonly Cidr[]): string {
  const own = [...new Set(prefixes)].toSorted();
  return prefixSet(own.length > 0 ? own : [NOBODY[family]]);
}

function setName(family: Family, neighbour: string): string {
  return `'${protocolName(`assigned${family}`, neighbour)}'`;
}
