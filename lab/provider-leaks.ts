/** Counts, at the provider's router, packets from sources that must never be seen there. */
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { exportsOf } from "#core/datacenter/exports.ts";
import { machinePrefixes } from "#core/datacenter/racks.ts";
import { ipv6Ranges, privateRanges } from "#core/datacenter/ranges.ts";
import { familyOf } from "#core/net/address.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { inside, must } from "./program.ts";
import { PROVIDER } from "./topology.ts";

interface Watched {
  readonly lab: Lab;
  readonly dc: DataCenter;
}

/** From now on. */
export async function countLeaks({ lab, dc }: Watched): Promise<void> {
  const rules = secretsOf(dc).map(
    (prefix, at) => `iifname "${PROVIDER.uplinks}" ${familyOf(prefix) === 4 ? "ip" : "ip6"} saddr ${prefix} counter name secret${at}`,
  );
  const counters = rules.map((_, at) => `counter secret${at} { }`);
  const chain = `chain uplinks { type filter hook prerouting priority raw; policy accept;\n${rules.join("\n")}\n}`;
  await must(inside(machineNetns(lab, PROVIDER.name), ["nft", "-f", "-"]), {
    input: `table inet leaks {}\ndelete table inet leaks\ntable inet leaks {\n${[...counters, chain].join("\n")}\n}\n`,
  });
}

/** The prefixes of which a packet has been seen. */
export async function leaked({ lab, dc }: Watched): Promise<readonly Cidr[]> {
  const listing = await must(inside(machineNetns(lab, PROVIDER.name), ["nft", "list", "counters", "table", "inet", "leaks"]));
  const packets = new Map(
    [...listing.matchAll(/counter secret(\d+) \{\s*packets (\d+)/g)].map((match) => [Number(match[1]), Number(match[2])]),
  );
  return secretsOf(dc).filter((_, at) => packets.get(at) !== 0);
}

/** What the outside is not told of: the private range, the fabric, and the unannounced half of IPv6. */
function secretsOf(dc: DataCenter): readonly Cidr[] {
  const told = exportsOf(dc);
  const halves = ipv6Ranges(dc).flatMap(({ whole, external, internal }) =>
    told.includes(whole) ? [] : [external, internal].filter((half) => !told.includes(half)),
  );
  return [...privateRanges(dc), ...machinePrefixes(dc), ...halves];
}
