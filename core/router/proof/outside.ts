/**
 * What may pass each session to the outside: every prefix of the family, of every origin that the router knows, is asked of the export policy
 * (by classes: see cells). Nothing but the declared aggregates, whole, may pass; and these must.
 */
import { exportsOf } from "../../datacenter/exports.ts";
import { machinePrefixes } from "../../datacenter/racks.ts";
import { ipv6Ranges, privateRanges, publicRanges, rangesOf } from "../../datacenter/ranges.ts";
import { familyOf, ipOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { lengthOf, overlaps, prefixOf } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { changedBy, decide, placeOf, toldRoute } from "../evaluate.ts";
import type { Place, Route } from "../evaluate.ts";
import type { Entry, ReadFamily, ReadNeighbor } from "../platform.ts";
import type { Condition } from "../policy.ts";
import { claimed } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { declaredOf, undeclared } from "./site.ts";
import type { Site, Speaker } from "./site.ts";

export function outsideClaims(site: Site, speaker: Speaker): readonly Claim[] {
  const declared = declaredOf(site, speaker.name).filter(({ role }) => role === "provider");
  const strangers = undeclared(site, speaker);
  const sessions = [
    ...declared.map(({ neighbor, other }) => ({ neighbor, to: other.name })),
    ...strangers.map((neighbor) => ({ neighbor, to: strangerName(neighbor) })),
  ];
  return sessions.flatMap(({ neighbor, to }) => neighbor.families.map((told) => exportClaim(site, speaker, { neighbor, told, to })));
}

export function strangerName({ address, interface: port, description }: ReadNeighbor): string {
  return `${address ?? port ?? "?"}${description === undefined ? "" : ` (${description})`}, whom the data centre does not declare`;
}

export interface Told {
  readonly neighbor: ReadNeighbor;
  readonly told: ReadFamily;
  readonly to: string;
}

function exportClaim(site: Site, speaker: Speaker, { neighbor, told, to }: Told): Claim {
  const { family } = told;
  const own = exportsOf(site.dc).filter((prefix) => familyOf(prefix) === family);
  const cells = site.cells(family, boundariesOf(site, speaker));
  const leaks = passing(speaker, { neighbor, told, cells }).filter(
    ({ route }) => !own.some((prefix) => samePlace(placeOf(prefix), route.place)),
  );
  const whole = own.filter(
    (prefix) =>
      !speaker.read.enters.some(
        (entry) => "prefix" in entry && entry.prefix === prefix && mustPass(speaker, told, heardRoute(site, entry)),
      ),
  );
  return claimed(
    {
      about: "exports",
      where: `${speaker.name} → ${to}, IPv${family}`,
      claim: own.length > 0 ? `tells exactly ${own.join(", ")}` : "tells nothing",
      evidence: `${cells.length} classes of prefixes, all origins`,
    },
    [...leaks.map((leak) => leakText(site, speaker, leak)), ...whole.map((prefix) => `${prefix} would not be told`)],
  );
}

/** Of these prefixes, all that may be told, of whatever origin. */
export function passing(
  speaker: Speaker,
  { neighbor, told, cells }: Pick<Told, "neighbor" | "told"> & { readonly cells: readonly Place[] },
): readonly Candidate[] {
  const all = [...entering(speaker, told.family, cells), ...learned(speaker, neighbor, cells)];
  return all.filter(({ route, what }) => what.family === told.family && mayPass(speaker, told, route));
}

interface Candidate {
  readonly route: Route;
  readonly what: { readonly family: Family; readonly origin: string };
}

/** Every prefix that the policies or the data centre name. */
export function boundariesOf({ dc }: Site, { read }: Pick<Speaker, "read">): ReadonlySet<Cidr> {
  const halves = ipv6Ranges(dc).flatMap(({ external, internal }) => [external, internal]);
  return new Set([
    ...rangesOf(dc),
    ...halves,
    ...machinePrefixes(dc),
    ...exportsOf(dc),
    ...read.prefixSets.flatMap(({ ranges }) => ranges.map(({ prefix }) => prefix)),
  ]);
}

export type Own = Extract<Entry, { prefix: unknown }>;

export function ownRoute({ prefix, source, protocol, set = {} }: Own): Route {
  const route: Route = {
    place: placeOf(prefix),
    source,
    communities: [],
    nextHop: "any",
    from: "any",
    assigned: "maybe",
    ...(protocol === undefined ? {} : { protocol }),
  };
  return changedBy(route, set);
}

/** One that leads where another does: supposed is that this one is heard on the fabric. */
export function heardRoute({ dc }: Site, entry: Own): Route {
  return entry.by === undefined ? ownRoute(entry) : { ...ownRoute(entry), interface: dc.fabric.interface };
}

/** What the router puts into BGP itself: its own prefixes, and whatever it redistributes. */
function entering(speaker: Speaker, family: Family, cells: readonly Place[]): readonly Candidate[] {
  return speaker.read.enters.flatMap((entry): Candidate[] => {
    if ("prefix" in entry)
      return [
        {
          route: ownRoute(entry),
          what: { family: familyOf(entry.prefix), origin: `${entry.source} route of its own, line ${entry.line}` },
        },
      ];
    if (entry.family !== family) return [];
    const chain = entry.policy === undefined ? [] : [entry.policy];
    return cells.flatMap((place): Candidate[] => {
      const route: Route = { place, source: entry.redistributes, communities: [], nextHop: "any", from: "any", assigned: "maybe" };
      const { accepted, set } = decide(speaker.book, chain, "accept", route);
      const origin = `${entry.redistributes} route that it redistributes, line ${entry.line}`;
      return accepted === "no" ? [] : [{ route: changedBy(route, set), what: { family, origin } }];
    });
  });
}

/** What others may have told it: anything, with any attributes. Which protocol it came by matters only where a policy asks. */
function learned({ read }: Speaker, to: ReadNeighbor, cells: readonly Place[]): readonly Candidate[] {
  const asked = new Set(read.policies.flatMap(({ terms }) => terms.flatMap(({ when }) => when.flatMap(protocolsIn))));
  const named = read.neighbors.flatMap(({ description }) =>
    description !== undefined && description !== to.description && asked.has(description) ? [description] : [],
  );
  return [undefined, ...named].flatMap((protocol) =>
    cells.map((place): Candidate => ({
      route: { ...toldRoute(place), ...(protocol === undefined ? {} : { protocol }) },
      what: { family: place.family, origin: "route that a neighbour tells it" },
    })),
  );
}

function protocolsIn(condition: Condition): readonly string[] {
  if ("protocol" in condition) return [condition.protocol];
  if ("not" in condition) return protocolsIn(condition.not);
  const inner = "all" in condition ? condition.all : "any" in condition ? condition.any : [];
  return inner.flatMap(protocolsIn);
}

export const mayPass = ({ book }: Speaker, told: ReadFamily, route: Route): boolean =>
  decide(book, told.export, told.unfiltered, route).accepted !== "no";
const mustPass = ({ book }: Speaker, told: ReadFamily, route: Route): boolean =>
  decide(book, told.export, told.unfiltered, route).accepted === "yes";

const samePlace = (one: Place, other: Place): boolean =>
  one.family === other.family && one.length === other.length && one.bits === other.bits;

export function showPlace({ family, bits, length }: Place): Cidr {
  return prefixOf(ipOf(family, bits), length);
}

/** Names a prefix that would pass, what it is in the data centre, and whether anybody could make the router hold it. */
function leakText({ dc }: Site, speaker: Speaker, { route, what }: Candidate): string {
  const prefix = showPlace(route.place);
  const part = (range: Cidr, name: string) =>
    overlaps(range, prefix)
      ? [lengthOf(prefix) > lengthOf(range) ? `part of ${name} ${range}` : prefix === range ? `${name} ${range}` : `holds ${name} ${range}`]
      : [];
  const is = [
    ...privateRanges(dc).flatMap((range) => part(range, "the private range")),
    ...publicRanges(dc).flatMap((range) => part(range, "the public range")),
    ...ipv6Ranges(dc).flatMap(({ whole }) => part(whole, "the IPv6 range")),
  ];
  const told = route.source === "bgp" ? heardFrom(speaker, route) : undefined;
  return `${prefix}${is.length > 0 ? ` (${is.join("; ")})` : ""} would pass as ${what.origin}${told === undefined ? "" : `; ${told}`}`;
}

function heardFrom({ read, book }: Speaker, route: Route): string {
  const lets = read.neighbors.find(({ families }) =>
    families.some((each) => each.family === route.place.family && decide(book, each.import, each.unfiltered, route).accepted !== "no"),
  );
  return lets === undefined ? "only the imports keep it out" : `and ${lets.description ?? lets.address ?? "a neighbour"} may tell it`;
}
