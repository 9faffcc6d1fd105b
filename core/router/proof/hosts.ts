/** What hosts tell of: their own endpoints and loopbacks, address by address, and nothing that they have heard from others. */
import { hasLoopback } from "../../datacenter/racks.ts";
import { carriedFamilies } from "../../datacenter/sessions.ts";
import type { Host } from "../../datacenter/data-center.ts";
import { bitsOf, widthOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import type { Route } from "../evaluate.ts";
import { hostsAlike } from "./alike.ts";
import { claimed } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { boundariesOf, passing, showPlace } from "./outside.ts";
import type { Site, Speaker } from "./site.ts";

export function hostClaims(site: Site): readonly Claim[] {
  const firsts = hostsAlike(site).flatMap(([host]) => host ?? []);
  const kinds = [...Map.groupBy(firsts, (host) => saying(site.speakers.get(host.name))).values()].flatMap(([host]) => host ?? []);
  return carriedFamilies(site.dc).map((family) =>
    claimed(
      {
        about: "exports",
        where: `every host, IPv${family}`,
        claim: "tells of nothing but endpoints on it, address by address, of itself, and the beacon",
        evidence: `${site.dc.hosts.length} hosts (${kinds.length} kinds), all classes of prefixes, all origins`,
      },
      kinds.flatMap((host) => strayOf(site, host, family)),
    ),
  );
}

/** All that what it tells follows from; policies by what they say, as they are called after whom it speaks with. */
function saying(speaker: Speaker | undefined): string {
  const terms = (names: readonly string[]) => names.map((name) => speaker?.book.policies.get(name)?.terms ?? name);
  const told = speaker?.read.neighbors.map(({ families }) => families.map((each) => [each.family, each.unfiltered, terms(each.export)]));
  return JSON.stringify([told, speaker?.read.enters, speaker?.read.policies.map((policy) => policy.terms)]);
}

function strayOf(site: Site, host: Host, family: Family): readonly string[] {
  const speaker = site.speakers.get(host.name);
  if (speaker === undefined) return [];
  const cells = site.cells(family, boundariesOf(site, speaker));
  return speaker.read.neighbors.flatMap((neighbor) => {
    const told = neighbor.families.find((each) => each.family === family);
    const may = ({ route }: { readonly route: Route }) => isOwn(site, host, route) || isBeacon(site, route);
    const stray = told === undefined ? [] : passing(speaker, { neighbor, told, cells }).filter((each) => !may(each));
    return stray.map(({ route, what }) => `${host.name} may tell ${showPlace(route.place)}: a ${what.origin}`);
  });
}

/** For gateways: whoever else hears it while hosts speak with both does not believe it. */
const isBeacon = ({ estate }: Site, { place, source }: Route) => source !== "bgp" && estate.beacon(place);

/** Nothing that it has heard itself is its own. */
function isOwn({ estate }: Site, host: Host, { place, source }: Route): boolean {
  const ip = place.family === 4 ? host.ipv4 : host.ipv6;
  const itself = ip !== undefined && hasLoopback(host) && place.length === widthOf(place.family) && bitsOf(ip) === place.bits;
  return source !== "bgp" && (itself || estate.endpoint(place));
}
