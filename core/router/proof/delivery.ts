/**
 * A gateway is announced outside only while it can deliver: whoever it hears on the fabric tells it the beacon, and it believes it; and
 * where its platform can say so, nothing is told outside while no beacon is heard.
 */
import { exportsOf } from "../../datacenter/exports.ts";
import { segmentsOf, segmentWith } from "../../datacenter/segments.ts";
import type { Segment } from "../../datacenter/segments.ts";
import { carriedFamilies } from "../../datacenter/sessions.ts";
import { beaconPrefix, BEACON } from "../../intent/beacon.ts";
import { familyOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { cellsOf } from "../cells.ts";
import { decide, placeOf, toldRoute } from "../evaluate.ts";
import type { Place, Route } from "../evaluate.ts";
import { hostsAlike } from "./alike.ts";
import { claimed } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { some } from "./imports.ts";
import { boundariesOf, mayPass, ownRoute } from "./outside.ts";
import type { Own } from "./outside.ts";
import { declaredOf } from "./site.ts";
import type { Declared, Site, Speaker } from "./site.ts";
import { netOf, spread } from "./walk.ts";
import type { Net } from "./walk.ts";

export function deliveryClaims(site: Site): readonly Claim[] {
  const gateways = site.dc.gateways.flatMap(({ name }) => site.speakers.get(name) ?? []);
  return carriedFamilies(site.dc).flatMap((family) => [
    ...segmentsOf(site.dc).flatMap((segment) => {
      const net = netOf(site, family, segment);
      return gateways.map((gateway) => beaconClaim(site, net, { gateway, family, segment }));
    }),
    ...gateways.flatMap((gateway) => conditionClaims(site, gateway, family)),
  ]);
}

interface Asked {
  readonly gateway: Speaker;
  readonly family: Family;
  readonly segment: Segment;
}

/** Hosts that are alike tell alike. */
function beaconClaim(site: Site, net: Net, { gateway, family, segment }: Asked): Claim {
  const firsts = new Set(hostsAlike(site).flatMap(([host]) => host?.name ?? []));
  const isHere = ({ own }: Declared) => (segmentWith(site.dc, own.ip)?.number ?? segment.number) === segment.number;
  const neighbours = declaredOf(site, gateway.name)
    .filter(({ role }) => role !== "provider" && role !== "gateway")
    .filter(isHere);
  const asked = neighbours.filter(({ role, other }) => role !== "host" || firsts.has(other.name));
  return claimed(
    {
      about: "delivery",
      where: `${gateway.name}, IPv${family}${segment.number === 1 ? "" : `, ${segment.interface}`}`,
      claim: "hears the beacon of everybody that it speaks with on the fabric",
      evidence: `${neighbours.length} neighbours`,
    },
    asked.flatMap(({ other }) => unheard(site, net, { gateway: gateway.name, origin: other.name, family })),
  );
}

interface Origin {
  readonly gateway: string;
  readonly origin: string;
  readonly family: Family;
}

function unheard(site: Site, net: Net, { gateway, origin, family }: Origin): readonly string[] {
  const own = site.speakers
    .get(origin)
    ?.read.enters.find((entry): entry is Own => "prefix" in entry && entry.prefix === beaconPrefix(family));
  if (own === undefined) return [`${origin} has no beacon`];
  const { reached, refused } = spread(site, net, origin, { route: ownRoute(own), by: "own" });
  return reached.has(gateway) ? [] : [`the beacon of ${origin} does not reach ${gateway}: ${some(refused)}`];
}

/** A platform that cannot say so says it in a comment, and nothing is claimed. */
function conditionClaims(site: Site, gateway: Speaker, family: Family): readonly Claim[] {
  if (gateway.platform.conditions === "none") return [];
  const own = exportsOf(site.dc).filter((prefix) => familyOf(prefix) === family);
  const outside = declaredOf(site, gateway.name).filter(({ role }) => role === "provider");
  return [
    claimed(
      {
        about: "delivery",
        where: `${gateway.name} → outside, IPv${family}`,
        claim: "tells nothing while it hears no beacon",
        evidence: `${own.length} aggregates`,
      },
      outside.flatMap((session) => toldUnheard(site, gateway, session, family)),
    ),
  ];
}

function toldUnheard(site: Site, gateway: Speaker, { neighbor, other }: Declared, family: Family): readonly string[] {
  const told = neighbor.families.find((each) => each.family === family);
  if (told === undefined || waitsForBeacon(site, gateway, { policy: told.whileHeard, family })) return [];
  const own = gateway.read.enters.filter((entry): entry is Own => "prefix" in entry && familyOf(entry.prefix) === family);
  const unheard = (entry: Own): Route => {
    const route: Route = { ...ownRoute(entry), silent: beaconPrefix(family) };
    return entry.by === BEACON[family] ? { ...route, interface: "" } : route;
  };
  const silent = own.filter((entry) => mayPass(gateway, told, unheard(entry)));
  return silent.map(({ prefix, line }) => `${prefix}, line ${line}, would be told to ${other.name} all the same`);
}

interface Condition {
  readonly policy: string | undefined;
  readonly family: Family;
}

/** The beacon meets the condition, and nothing else does. */
function waitsForBeacon(site: Site, gateway: Speaker, { policy, family }: Condition): boolean {
  if (policy === undefined) return false;
  const met = (place: Place) => decide(gateway.book, [policy], "reject", toldRoute(place)).accepted;
  const cells = cellsOf(family, boundariesOf(site, gateway));
  const beacon = placeOf(beaconPrefix(family));
  return met(beacon) === "yes" && cells.every((place) => site.estate.beacon(place) || met(place) === "no");
}
