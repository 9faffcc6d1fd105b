/**
 * Every address that the IPAM may give has a way in and out: each host's routes reach each gateway and each other host, leading to that host
 * (or to the router of its rack), and the default route of each gateway reaches each host.
 */
import { segmentsOf } from "../../datacenter/segments.ts";
import type { Segment } from "../../datacenter/segments.ts";
import type { DataCenter, Host, Machine } from "../../datacenter/data-center.ts";
import { TOR_LINK_LOCAL } from "../../datacenter/racks.ts";
import { rangesOf } from "../../datacenter/ranges.ts";
import { carriedFamilies } from "../../datacenter/sessions.ts";
import { familyOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { covers } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { changedBy, decide, placeOf } from "../evaluate.ts";
import type { Place, Route } from "../evaluate.ts";
import { hostsAlike } from "./alike.ts";
import { claimed } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { some } from "./imports.ts";
import { boundariesOf, showPlace } from "./outside.ts";
import { declaredOf } from "./site.ts";
import type { Site } from "./site.ts";
import { netOf, spread } from "./walk.ts";
import type { Net } from "./walk.ts";

/** On each segment by itself: what is cut off one of them needs the other whole. */
export function pathClaims(site: Site): readonly Claim[] {
  return carriedFamilies(site.dc).flatMap((family) => [
    ...segmentsOf(site.dc).flatMap((segment) => {
      const way: OnSegment = { segment, family, net: netOf(site, family, segment) };
      return [...inClaims(site, way), ...outClaims(site, way)];
    }),
    ...endClaims(site, family),
  ]);
}

interface OnSegment {
  readonly segment: Segment;
  readonly family: Family;
  readonly net: Net;
}

/** Where there are two of them. */
function by({ fabric }: DataCenter, segment: Segment): string {
  return fabric.second === undefined ? "" : `, by ${segment.interface}`;
}

function rangesIn(dc: DataCenter, family: Family): readonly Cidr[] {
  return rangesOf(dc).filter((range) => familyOf(range) === family);
}

/** One address for each class that any policy can tell apart; an address of a pool is no endpoint's. */
function endpointPlaces(site: Site, family: Family): readonly Place[] {
  const boundaries = new Set<Cidr>();
  for (const speaker of site.speakers.values())
    if (speaker.role !== "host") for (const each of boundariesOf(site, speaker)) boundaries.add(each);
  const [host] = [...site.speakers.values()].filter(({ role }) => role === "host");
  for (const each of host === undefined ? [] : boundariesOf(site, host)) boundaries.add(each);
  return site.cells(family, boundaries).filter(site.estate.endpoint);
}

function inClaims(site: Site, { segment, family, net }: OnSegment): readonly Claim[] {
  const places = endpointPlaces(site, family);
  const alike = hostsAlike(site);
  return rangesIn(site.dc, family).map((range) => {
    const inside = places.filter((place) => covers(range, showPlace(place)));
    const against = alike.flatMap(([host]) =>
      host === undefined ? [] : inside.flatMap((place) => lost(site, net, segment.at(host), place)),
    );
    return claimed(
      {
        about: "paths",
        where: `${range}, in${by(site.dc, segment)}`,
        claim: "what any host announces of it reaches every gateway and every other host, and leads to that host",
        evidence: `${site.dc.hosts.length} hosts (${alike.length} kinds), ${inside.length} classes of addresses, ${site.dc.gateways.length} gateways`,
      },
      against,
    );
  });
}

/** A host that takes a route of its own into BGP tells it like others. */
function lost(site: Site, net: Net, host: Host, place: Place): readonly string[] {
  const { dc } = site;
  const speaker = site.speakers.get(host.name);
  const learns = speaker?.read.enters.find((entry) => "redistributes" in entry && entry.family === place.family);
  if (speaker === undefined || learns === undefined || !("redistributes" in learns)) return [`${host.name} announces nothing`];
  const held: Route = { place, source: learns.redistributes, communities: [], nextHop: "any", from: "any", assigned: "yes" };
  const taken = decide(speaker.book, learns.policy === undefined ? [] : [learns.policy], "accept", held);
  if (taken.accepted === "no") return [`${host.name} does not take ${showPlace(place)} from its kernel`];
  const { arrivals, reached, refused } = spread(site, net, host.name, { route: changedBy(held, taken.set), by: "own" });
  const wrong = dc.gateways.flatMap((gateway) => {
    const arrival = arrivals.get(gateway.name);
    if (arrival === undefined) return [`${showPlace(place)} on ${host.name} does not reach ${gateway.name}: ${some(refused)}`];
    const hop = arrival.route.nextHop;
    return hop === "any" || leadsTo(dc, host, place.family).includes(hop)
      ? []
      : [`${showPlace(place)} on ${host.name} leads to ${hop} at ${gateway.name}`];
  });
  const deaf =
    reached.size >= site.speakers.size ? [] : dc.hosts.filter(({ name }) => !reached.has(name) && !hearsOfDefault(dc, name, reached));
  return [
    ...wrong,
    ...(deaf.length > 0 ? [`${showPlace(place)} on ${host.name} does not reach ${some(deaf.map(({ name }) => name))}`] : []),
  ];
}

/** The host, or the router of a rack that it is in. */
function leadsTo(dc: DataCenter, host: Host, family: Family): readonly string[] {
  const tors = (host.uplinks ?? []).flatMap(({ rack }) => dc.racks?.find(({ name }) => name === rack)?.tor ?? []);
  return [host, ...tors].flatMap((machine) => (family === 4 ? machine.ipv4 : machine.ipv6) ?? []);
}

/** A host in a rack sends everything to its router. */
function hearsOfDefault(dc: DataCenter, name: string, reached: ReadonlySet<string>): boolean {
  const uplinks = dc.hosts.find((host) => host.name === name)?.uplinks ?? [];
  return uplinks.some(({ rack }) => reached.has(dc.racks?.find((each) => each.name === rack)?.tor.name ?? ""));
}

function outClaims(site: Site, { segment, family, net }: OnSegment): readonly Claim[] {
  const anywhere = (family === 4 ? "0.0.0.0/0" : "::/0") as Cidr;
  const leaving = site.dc.gateways.filter(({ upstream }) => (family === 4 ? upstream.ipv4 : upstream.ipv6) !== undefined);
  return leaving.map((gateway) => {
    const speaker = site.speakers.get(gateway.name);
    const provider = declaredOf(site, gateway.name).find(
      ({ role, neighbor }) => role === "provider" && neighbor.families.some((each) => each.family === family),
    );
    const heard = provider?.neighbor.families.find((each) => each.family === family);
    const against =
      speaker === undefined || provider === undefined || heard === undefined ? [`${gateway.name} has no session with its provider`] : [];
    if (speaker !== undefined && provider !== undefined && heard !== undefined) {
      const from = provider.neighbor.address ?? "any";
      const told: Route = {
        place: placeOf(anywhere),
        source: "bgp",
        communities: [],
        nextHop: from,
        from,
        assigned: "maybe",
        protocol: provider.neighbor.description ?? "",
      };
      const { accepted, set } = decide(speaker.book, heard.import, heard.unfiltered, told);
      if (accepted === "yes") against.push(...withoutDefault(site, net, segment.at(gateway), changedBy(told, set)));
      else against.push(`${gateway.name} does not believe its provider`);
    }
    return claimed(
      {
        about: "paths",
        where: `${anywhere} of ${gateway.name}, out${by(site.dc, segment)}`,
        claim: "the default route that its provider gives it reaches every host, and leads to it",
        evidence: `${site.dc.hosts.length} hosts`,
      },
      against,
    );
  });
}

function withoutDefault(site: Site, net: Net, own: Machine, route: Route): readonly string[] {
  const { arrivals, reached, refused } = spread(site, net, own.name, { route, by: "external" });
  const { dc } = site;
  const deaf = reached.size >= site.speakers.size ? [] : dc.hosts.filter(({ name }) => !reached.has(name)).map(({ name }) => name);
  const family = route.place.family;
  const mine = new Set<string | undefined>([
    TOR_LINK_LOCAL,
    family === 4 ? own.ipv4 : own.ipv6,
    ...(dc.racks ?? []).flatMap(({ tor }) => (family === 4 ? [tor.ipv4, tor.rack4] : [tor.ipv6, tor.rack6])),
  ]);
  const astray = [...arrivals].filter(
    ([
      name,
      {
        route: { nextHop },
      },
    ]) => name !== own.name && nextHop !== "any" && !mine.has(nextHop),
  );
  return [
    ...(deaf.length > 0 ? [`does not reach ${some(deaf)}: ${some(refused)}`] : []),
    ...astray.map(
      ([
        name,
        {
          route: { nextHop },
        },
      ]) => `leads to ${nextHop} at ${name}`,
    ),
  ];
}

/** Traffic for addresses that nobody has must end somewhere. */
function endClaims(site: Site, family: Family): readonly Claim[] {
  return site.dc.gateways.flatMap(({ name }) => {
    const speaker = site.speakers.get(name);
    if (speaker === undefined) return [];
    const statics = speaker.read.statics.map(({ prefix }) => prefix);
    const against = rangesIn(site.dc, family).filter((range) => !statics.some((prefix) => covers(prefix, range)));
    return [
      claimed(
        {
          about: "paths",
          where: `${name}, IPv${family}`,
          claim: "traffic for unassigned addresses of every range ends here",
          evidence: `${statics.length} discard routes`,
        },
        against.map((range) => `no discard route for ${range}`),
      ),
    ];
  });
}
