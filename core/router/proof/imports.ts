/**
 * What each neighbour may make a router believe: of a provider the default route, of hosts and racks single addresses inside the ranges that lead to
 * themselves, of gateways the default route and their pools as well. Nobody else is believed anything.
 */
import { edgesTellGateways } from "../../intent/beacon.ts";
import { addressOn } from "../../intent/bgp-channel.ts";
import { bitsOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import type { DataCenter, Machine } from "../../datacenter/data-center.ts";
import { boundariesIn } from "../chain.ts";
import { decide, toldRoute } from "../evaluate.ts";
import type { Place, Route } from "../evaluate.ts";
import type { ReadFamily } from "../platform.ts";
import { segmentWith } from "../../datacenter/segments.ts";
import { claimed } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { machineNamed, roleOf } from "../peers.ts";
import { boundariesOf, showPlace } from "./outside.ts";
import { declaredOf, unknownHop } from "./site.ts";
import type { Declared, Site, Speaker } from "./site.ts";

export function importClaims(site: Site, speaker: Speaker): readonly Claim[] {
  const asked = declaredOf(site, speaker.name).flatMap((session) =>
    session.neighbor.families.map((told): Asked => ({ session, told, own: ownHop(site.dc, session, told.family) })),
  );
  // Hosts are many and asked alike: what is said to one of them, its own address apart, is judged once.
  const alike = Map.groupBy(asked, (each) => signature(speaker, each));
  const cells = new Map(([4, 6] as const).map((family) => [family, site.cells(family, boundariesOf(site, speaker))]));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          importClaim(site, speaker, {
            first,
            names: group.map(({ session }) => session.other.name),
            cells: cells.get(first.told.family) ?? [],
          }),
        ];
  });
}

interface Asked {
  readonly session: Declared;
  readonly told: ReadFamily;
  /** The only next hop that it may name, where it may name but itself. */
  readonly own: string | undefined;
}

function ownHop(dc: DataCenter, { role, other, session }: Declared, family: Family): string | undefined {
  const machine = machineAt(dc, other);
  if (machine === undefined || tellsOfOthers({ role, session })) return undefined;
  // In a rack, where hosts may have no address of their own, the router knows its host by the session.
  return session.kind === "tor client" ? undefined : addressOn(machine, family);
}

/** As it is seen on the segment that the session runs over. */
function machineAt(dc: DataCenter, { name, ip }: Declared["other"]): Machine | undefined {
  const machine = machineNamed(dc, name);
  return machine === undefined ? undefined : (segmentWith(dc, ip)?.at(machine) ?? machine);
}

/** Those who reflect: reflectors, and gateways where there are none. */
function tellsOfOthers({ role, session }: Pick<Declared, "role" | "session">): boolean {
  return role === "reflector" || (role === "gateway" && session.kind.startsWith("gateway "));
}

function signature({ book }: Speaker, { session, told, own }: Asked): string {
  const policies = told.import.map((name) => ({ ...book.policies.get(name), name: "" }));
  const text = JSON.stringify([session.role, session.session.kind, told.family, told.unfiltered, policies]);
  return own === undefined ? text : text.replaceAll(JSON.stringify(own), "SELF");
}

interface Group {
  readonly first: Asked;
  readonly names: readonly string[];
  readonly cells: readonly Place[];
}

function importClaim(site: Site, speaker: Speaker, { first, names, cells }: Group): Claim {
  const { session, told, own } = first;
  const routeTo = (place: Place): Route => ({ ...toldRoute(place), protocol: session.neighbor.description ?? "" });
  const believed = (place: Place) => decide(speaker.book, told.import, told.unfiltered, routeTo(place)).accepted !== "no";
  // First by what the policy itself can tell apart: of lengths of which it believes nothing, nothing need be asked further.
  const coarse = site.cells(told.family, boundariesIn(speaker.book, told.import));
  const lengths = new Set(coarse.filter(believed).map(({ length }) => length));
  const against = cells.flatMap((place): string[] => {
    if (!lengths.has(place.length) || !believed(place)) return [];
    if (!mayTell(site, session, place)) return [`${showPlace(place)} would be believed`];
    if (own === undefined) return [];
    const astray = decide(speaker.book, told.import, told.unfiltered, { ...routeTo(place), nextHop: unknownHop(told.family) });
    // A policy that puts the right next hop in place of any other leads nobody astray either.
    return astray.accepted === "no" || astray.set.nextHop === own
      ? []
      : [`${showPlace(place)} would be believed to be behind somebody else`];
  });
  return claimed(
    {
      about: "imports",
      where: `${speaker.name} ← ${some(names)}, IPv${told.family}`,
      claim: `believes ${WORDS[session.role]}`,
      evidence: `${cells.length} classes of prefixes`,
    },
    against,
  );
}

const WORDS: Readonly<Record<Declared["role"], string>> = {
  provider: "the default route alone",
  host: "single addresses of endpoints, behind itself",
  tor: "what its rack may have",
  gateway: "the default route and its pool, behind itself",
  reflector: "endpoints, pools and the default route",
};

const SHOWN = 3;

export function some(names: readonly string[]): string {
  return names.length <= SHOWN + 1 ? names.join(", ") : `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more`;
}

/** In what the data centre is: may the one at the other end of this session speak of such a prefix? */
function mayTell(
  { dc, estate: { endpoint, pool, segment, loopback, anyLoopback, beacon } }: Site,
  { role, own, other, session }: Declared,
  place: Place,
): boolean {
  const anywhere = place.length === 0;
  if (role === "provider") return anywhere;
  if (endpoint(place)) return true;
  if (beacon(place)) return roleOf(dc, own.name) === "gateway" && role !== "gateway" && (role === "reflector" || edgesTellGateways(dc));
  if (role === "host") return loopback(place) && ownAddress(machineNamed(dc, other.name), place);
  if (role === "tor") return session.kind === "tor client" || loopback(place) || segment(place);
  return pool(place) || anywhere || (tellsOfOthers({ role, session }) && (anyLoopback(place) || segment(place)));
}

function ownAddress(machine: Machine | undefined, place: Place): boolean {
  const own = place.family === 4 ? machine?.ipv4 : machine?.ipv6;
  return own !== undefined && bitsOf(own) === place.bits;
}
