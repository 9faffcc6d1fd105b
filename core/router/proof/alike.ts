/**
 * Hosts that differ in nothing but their names and addresses: a way that one of them has, each of them has. Alike are those whose own
 * configuration, and what their routers believe of them, read the same once their addresses are left out; and whose addresses nobody else
 * asks about.
 */
import { addressesOf } from "../../datacenter/racks.ts";
import { segmentsOf } from "../../datacenter/segments.ts";
import type { Host } from "../../datacenter/data-center.ts";
import { perValue } from "../../intent/memo.ts";
import { conditionsOf } from "../chain.ts";
import { declaredOf } from "./site.ts";
import type { Site, Speaker } from "./site.ts";

export const hostsAlike = perValue((site: Site): readonly (readonly Host[])[] => {
  const asked = askedFor(site);
  return [...Map.groupBy(site.dc.hosts, (host) => signature(site, host, asked)).values()];
});

/** Which policies, as `router/policy`, ask for an address. */
function askedFor({ speakers }: Site): ReadonlyMap<string, ReadonlySet<string>> {
  const asked = new Map<string, Set<string>>();
  for (const { name, role, read, book } of speakers.values())
    for (const policy of role === "host" ? [] : read.policies)
      for (const condition of conditionsOf(book, [policy.name])) {
        const addresses = "nextHop" in condition ? condition.nextHop : "learnedFrom" in condition ? condition.learnedFrom : [];
        for (const address of addresses) asked.set(address, (asked.get(address) ?? new Set()).add(`${name}/${policy.name}`));
      }
  return asked;
}

function signature(site: Site, host: Host, asked: ReadonlyMap<string, ReadonlySet<string>>): string {
  const own = segmentsOf(site.dc).flatMap(({ at }) => addressesOf(at(host)));
  const firstHops = declaredOf(site, host.name).map(({ other, session }) =>
    believed(site, { host: host.name, other: other.name, kind: session.kind }),
  );
  const mine = new Set(firstHops.flatMap(({ names }) => names));
  const elsewhere = own.some((address) => [...(asked.get(address) ?? [])].some((policy) => !mine.has(policy)));
  const speaker = site.speakers.get(host.name);
  const text = JSON.stringify([
    elsewhere ? host.name : "",
    speaker?.read.enters,
    speaker?.read.policies,
    families(speaker),
    firstHops.map(({ text }) => text),
  ]);
  return own.reduce(
    (all, address) => all.replaceAll(new RegExp(`(?<![0-9a-f.:])${address.replaceAll(".", "\\.")}(?![0-9a-f.:])`, "g"), "SELF"),
    text,
  );
}

function families(speaker: Speaker | undefined): unknown {
  return speaker?.read.neighbors.map((neighbor) => [neighbor.families, neighbor.asn]);
}

/** What a router does with what the host says, and what it tells the host. */
function believed(
  site: Site,
  { host, other, kind }: { readonly host: string; readonly other: string; readonly kind: string },
): { readonly text: string; readonly names: readonly string[] } {
  const router = site.speakers.get(other);
  const own = site.between.get(`${other} ${host}`) ?? [];
  const chains = own.flatMap(({ neighbor }) =>
    neighbor.families.map(({ import: taken, export: told, ...rest }) => ({ taken, told, rest })),
  );
  const policies = (names: readonly string[]) => names.map((name) => ({ ...router?.book.policies.get(name), name: "" }));
  const said = chains.map(({ taken, told, rest }) => [policies(taken), policies(told), { ...rest, localNextHop: "" }]);
  return { text: JSON.stringify([other, kind, said]), names: chains.flatMap(({ taken }) => taken.map((name) => `${other}/${name}`)) };
}
