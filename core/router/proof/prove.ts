/**
 * The proof: from the text of every configuration, read back, what may pass each session to the outside, what each neighbour may make a router
 * believe, that every address has a way in and out, that both ends of every session agree, and what passes a Linux gateway. Exhaustive: prefixes are
 * not sampled, each class that policies can tell apart is asked (cells).
 */
import type { DataCenter } from "../../datacenter/data-center.ts";
import { exportsOf } from "../../datacenter/exports.ts";
import { rangesOf } from "../../datacenter/ranges.ts";
import { beaconPrefix } from "../../intent/beacon.ts";
import { sharedPool } from "../../intent/pnat-pool.ts";
import { FAMILIES } from "../../net/address.ts";
import { routerConfigOf, routersOf } from "../derive.ts";
import type { Platform, ReadNat } from "../platform.ts";
import type { Pnat } from "../router-config.ts";
import type { Claim } from "./claim.ts";
import { claimed } from "./claim.ts";
import { deliveryClaims } from "./delivery.ts";
import { endsClaims, readClaim } from "./ends.ts";
import { filterClaims } from "./filter.ts";
import { hostClaims } from "./hosts.ts";
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
    ...deliveryClaims(site),
    ...hostClaims(site),
    ...pathClaims(site),
    ...routers.flatMap((speaker) => translationClaims(site, speaker)),
    ...routers.flatMap((speaker) => packetClaims(site, speaker)),
    ...endsClaims(site),
  ];
}

/** Of a Linux gateway, whichever daemon speaks BGP there. */
function packetClaims({ dc }: Site, { name, rules }: Speaker): readonly Claim[] {
  const gateway = dc.gateways.find((machine) => machine.name === name);
  return gateway === undefined || rules === undefined ? [] : filterClaims({ dc, gateway, rules });
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
  const own = [
    ...(gateway === undefined ? FAMILIES.map(beaconPrefix) : [...exportsOf(dc), ...sharedPool(dc, gateway)]),
    ...(platform.name === "bird" ? rangesOf(dc) : []),
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

function wrongRule(want: Pnat, { pool, uplink, except, ports, filtering }: ReadNat, within: readonly string[]): readonly string[] {
  const missing = want.except.filter((prefix) => !except.includes(prefix));
  return [
    ...(pool.start === want.pool.start && pool.end === want.pool.end ? [] : [`it translates into ${pool.start}-${pool.end}`]),
    ...(within.includes(uplink) ? [`it translates on ${uplink}`] : []),
    ...(ports === want.ports
      ? []
      : [ports === undefined ? "it gives VMs no ports of their own" : `it gives each VM ${ports} ports of its own`]),
    ...(filtering === undefined || want.filtering !== undefined ? [] : ["it lets anybody answer to a VM's port"]),
    ...missing.map((prefix) => `it translates towards ${prefix} as well`),
  ];
}

/** Where the platform translates itself: exactly the private ranges, exactly into the pool, and not towards the data centre. */
function translationClaims({ dc }: Site, { name, read, platform }: Speaker): readonly Claim[] {
  const config = routerConfigOf(dc, name);
  const want = config?.pnat;
  // Where something beside BGP translates, nothing else must.
  if (read.pnat.length === 0 && (want === undefined || platform.translation === "beside it")) return [];
  // The router may call its uplink otherwise than the data centre does, but not as one of the others.
  const within = config?.interfaces.flatMap((each) => (each.side === "outside" ? [] : [each.name])) ?? [];
  const have = want?.sources.map((source) => read.pnat.find((rule) => rule.source === source)) ?? [];
  const against =
    want === undefined
      ? ["it translates, and there is nothing to translate"]
      : [
          ...want.sources.filter((_, at) => have[at] === undefined).map((source) => `it translates nothing of ${source}`),
          ...have.flatMap((rule) => (rule === undefined ? [] : wrongRule(want, rule, within))),
          ...read.pnat.filter((rule) => !have.includes(rule)).map(({ source, line }) => `it translates ${source}, line ${line}`),
        ];
  const own = want?.ports === undefined ? "" : `, each VM with ${want.ports} ports of its own`;
  const claim =
    want === undefined
      ? "translates nothing"
      : `translates ${want.sources.join(", ")} into ${want.pool.start}-${want.pool.end}${own}, but not towards ${want.except.join(", ")}`;
  return [claimed({ about: "translation", where: name, claim, evidence: `${read.pnat.length} rules` }, against)];
}
