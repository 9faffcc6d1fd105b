/**
 * What routers tell at this moment, held against what they may: to the outside exactly the aggregates, on the fabric only what belongs there; and
 * every session stands.
 */
import { exportsOf } from "../../datacenter/exports.ts";
import { hasLoopback, machinePrefixes } from "../../datacenter/racks.ts";
import { rangesOf } from "../../datacenter/ranges.ts";
import type { DataCenter } from "../../datacenter/data-center.ts";
import { beaconPrefix } from "../../intent/beacon.ts";
import { sharedPools } from "../../intent/pnat-pool.ts";
import { familyOf, widthOf } from "../../net/address.ts";
import { covers, lengthOf } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { roleOf } from "../peers.ts";
import { claimed } from "./claim.ts";
import type { Claim } from "./claim.ts";

/** One session of a router, as its daemon tells. */
export interface LiveSession {
  readonly router: string;
  /** As the data centre calls who is at the other end; or its address, when nobody of the data centre is. */
  readonly to: string;
  /** The daemon's word: `Established`. */
  readonly state: string;
  /** What it is told, in all families. */
  readonly told: readonly Cidr[];
}

export function liveClaims(dc: DataCenter, sessions: readonly LiveSession[]): readonly Claim[] {
  return [...Map.groupBy(sessions, ({ router }) => router)].flatMap(([router, own]) => {
    const outside = own.filter(({ to }) => roleOf(dc, to) === "provider");
    const inside = own.filter(({ to }) => roleOf(dc, to) !== "provider");
    return [standing(router, own), ...toldOutside(dc, router, outside), toldInside(dc, router, inside)];
  });
}

function standing(router: string, sessions: readonly LiveSession[]): Claim {
  const against = sessions.filter(({ state }) => state !== "Established").map(({ to, state }) => `${to}: ${state}`);
  return claimed({ about: "live", where: router, claim: "every session stands", evidence: `${sessions.length} sessions` }, against);
}

/** Those of one provider together: there is a session for each family. */
function toldOutside(dc: DataCenter, router: string, sessions: readonly LiveSession[]): readonly Claim[] {
  return [...Map.groupBy(sessions, ({ to }) => to)].map(([to, own]) => {
    const told = new Set(own.flatMap((session) => session.told));
    const families = new Set(
      dc.gateways.filter(({ name }) => name === router).flatMap(({ upstream }) => [upstream.ipv4 && 4, upstream.ipv6 && 6]),
    );
    const want = exportsOf(dc).filter((prefix) => families.has(familyOf(prefix)));
    const against = [
      ...[...told].filter((prefix) => !want.includes(prefix)).map((prefix) => `it is told ${prefix}`),
      ...want.filter((prefix) => !told.has(prefix)).map((prefix) => `it is not told ${prefix}`),
    ];
    return claimed(
      {
        about: "live",
        where: `${router} → ${to}`,
        claim: `is told exactly ${want.join(", ") || "nothing"}`,
        evidence: `${told.size} routes`,
      },
      against,
    );
  });
}

function toldInside(dc: DataCenter, router: string, sessions: readonly LiveSession[]): Claim {
  const against = sessions.flatMap(({ to, told }) =>
    told.filter((prefix) => !mayTell(dc, { router, to }, prefix)).map((prefix) => `${to} is told ${prefix}`),
  );
  const routes = sessions.reduce((sum, { told }) => sum + told.length, 0);
  const host = roleOf(dc, router) === "host";
  return claimed(
    {
      about: "live",
      where: router,
      claim: host
        ? "tells of single addresses alone, and gateways the beacon"
        : "tells the fabric only of endpoints, pools, machines and the default route, and gateways the beacon",
      evidence: `${routes} routes`,
    },
    against,
  );
}

/** A host is the way to nothing but itself. */
function mayTell(dc: DataCenter, { router, to }: { readonly router: string; readonly to: string }, prefix: Cidr): boolean {
  // While hosts speak with gateways and reflectors, both are told, and reflectors do not believe it.
  if (prefix === beaconPrefix(familyOf(prefix))) return roleOf(dc, to) === "gateway" || dc.fabric.beside !== undefined;
  const single = lengthOf(prefix) === widthOf(familyOf(prefix));
  return belongs(dc, prefix) && (single || roleOf(dc, router) !== "host");
}

function belongs(dc: DataCenter, prefix: Cidr): boolean {
  const single = lengthOf(prefix) === widthOf(familyOf(prefix));
  const endpoint = single && rangesOf(dc).some((range) => covers(range, prefix));
  const loopback = single && dc.hosts.some((host) => hasLoopback(host) && [`${host.ipv4}/32`, `${host.ipv6}/128`].includes(prefix));
  return lengthOf(prefix) === 0 || endpoint || loopback || sharedPools(dc).includes(prefix) || machinePrefixes(dc).includes(prefix);
}
