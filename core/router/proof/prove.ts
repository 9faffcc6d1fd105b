/**
 * The proof: from the text of every configuration, read back, what may pass each session to the outside, what each neighbour may make a router
 * believe, that every address has a way in and out, and that both ends of every session agree. Exhaustive: prefixes are
 * not sampled, each class that policies can tell apart is asked (cells).
 */
import type { DataCenter } from "../../datacenter/data-center.ts";
import { exportsOf } from "../../datacenter/exports.ts";
import { sharedPool } from "../../intent/pnat-pool.ts";
import { routerConfigOf, routersOf } from "../derive.ts";
import type { Platform } from "../platform.ts";
import type { Claim } from "./claim.ts";
import { claimed } from "./claim.ts";
import { endsClaims, readClaim } from "./ends.ts";
import { importClaims } from "./imports.ts";
import { outsideClaims } from "./outside.ts";
import { pathClaims } from "./paths.ts";
import { siteOf } from "./site.ts";
import type { Given, Site, Speaker } from "./site.ts";

/** `platformFor` says in whose words each router's configuration is written; `given` stand in place of some. */
export function prove(dc: DataCenter, platformFor: (router: string) => Platform, given: readonly Given[] = []): readonly Claim[] {
  const site = siteOf(dc, platformFor, given);
  const routers = [...site.speakers.values()].filter(({ role }) => role !== "host");
  const unreadable = [...site.speakers.values()].filter(({ role, read }) => role === "host" && read.unread.length > 0);
  return [
    ...[...routers, ...unreadable].map(readClaim),
    ...routersOf(dc).flatMap(({ name }) => (site.speakers.has(name) ? [] : [withoutText(name)])),
    ...routers.flatMap((speaker) => entersClaims(site, speaker)),
    ...routers.flatMap((speaker) => outsideClaims(site, speaker)),
    ...routers.flatMap((speaker) => importClaims(site, speaker)),
    ...pathClaims(site),
    ...routers.flatMap((speaker) => translationClaims(site, speaker)),
    ...endsClaims(site),
  ];
}

function withoutText(name: string): Claim {
  return claimed({ about: "read", where: name, claim: "its platform can be told all that it has to do", evidence: "margay render" }, [
    "nothing can be rendered",
  ]);
}

/**
 * A router puts into BGP the aggregates and its own pool; BIRD has one table, in which its discard routes are as well. A router of a
 * rack tells of what is in the rack, which is asked session by session.
 */
function entersClaims({ dc }: Site, { name, role, platform, read }: Speaker): readonly Claim[] {
  // Whatever it has is a candidate there: what it tells is asked session by session.
  if (platform.exports === "every route") return [];
  const gateway = dc.gateways.find((machine) => machine.name === name);
  const ranges = [dc.ranges.public, dc.ranges.private, dc.ranges.ipv6?.whole];
  const own = [
    ...(gateway === undefined ? [] : [...exportsOf(dc), ...sharedPool(dc, gateway)]),
    ...(platform.name === "bird" ? ranges : []),
  ];
  const against = read.enters.flatMap((entry) => {
    if (role === "tor") return [];
    if ("redistributes" in entry) return [`every ${entry.redistributes} route of IPv${entry.family}, line ${entry.line}`];
    return own.includes(entry.prefix) ? [] : [`${entry.prefix}, line ${entry.line}`];
  });
  return [
    claimed(
      { about: "enters", where: name, claim: "puts nothing into BGP but what is declared", evidence: `${read.enters.length} statements` },
      against,
    ),
  ];
}

/** Where the platform translates itself: exactly the private range, exactly into the pool, and not towards the data centre. */
function translationClaims({ dc }: Site, { name, read, platform }: Speaker): readonly Claim[] {
  const config = routerConfigOf(dc, name);
  const want = config?.pnat;
  // Where something beside BGP translates, nothing else must.
  if (read.pnat.length === 0 && (want === undefined || platform.translation === "beside it")) return [];
  const [have, ...more] = read.pnat;
  // The router may call its uplink otherwise than the data centre does, but not as one of the others.
  const within = config?.interfaces.flatMap((each) => (each.side === "outside" ? [] : [each.name])) ?? [];
  const missing = want?.except.filter((prefix) => have?.except.includes(prefix) !== true) ?? [];
  const against =
    want === undefined || have === undefined
      ? [want === undefined ? "it translates, and there is nothing to translate" : "it translates nothing"]
      : [
          ...(have.source === want.source ? [] : [`it translates ${have.source}`]),
          ...(have.pool.start === want.pool.start && have.pool.end === want.pool.end
            ? []
            : [`it translates into ${have.pool.start}-${have.pool.end}`]),
          ...(within.includes(have.uplink) ? [`it translates on ${have.uplink}`] : []),
          ...missing.map((prefix) => `it translates towards ${prefix} as well`),
          ...more.map(({ line }) => `it translates more, line ${line}`),
        ];
  const claim =
    want === undefined
      ? "translates nothing"
      : `translates ${want.source} into ${want.pool.start}-${want.pool.end}, but not towards ${want.except.join(", ")}`;
  return [claimed({ about: "translation", where: name, claim, evidence: `${read.pnat.length} rules` }, against)];
}
