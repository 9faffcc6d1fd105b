/**
 * The rest that an address has between two ports: caches and flows somewhere may still remember its last one. Whatever
 * decision takes an address from a port also writes a row `released/ADDRESS`; choosing passes over it until its time is over.
 * Who asks for the very address gets it: it is theirs to know what they do.
 */
import type { Ip } from "../net/address.ts";
import type { Cloud } from "./cloud.ts";
import { later } from "./decision.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import type { Port } from "./port.ts";

/** Kept under `released/ADDRESS`. */
export interface Released {
  /** RFC 3339, UTC: from then on it may be given out. */
  readonly until: string;
}

/** Rows whose time is over go a few at a time, with decisions that write to ports anyway: more than one of them adds, as a rule. */
const SWEPT = 8;

/** What a decision commits: each key once, as it was written last; and the addresses that it released rest. */
export function committed(cloud: Cloud, writes: readonly RowWrite[], fresh: Fresh): readonly RowWrite[] {
  const last = [...new Map(writes.map((one) => [one.key, one])).values()];
  return [...last, ...releases(cloud, last, fresh)];
}

/** What has to be written besides, for the addresses that the ports lose and gain by `writes`, each of which has its own key. */
function releases(cloud: Cloud, writes: readonly RowWrite[], fresh: Fresh): readonly RowWrite[] {
  const { lost, gained, gone } = movesOf(cloud, writes);
  if (lost.size === 0 && gained.size === 0) return [];
  const until = later(fresh.now, cloud.settings.quarantineSeconds);
  // A gateway's address is given to nobody unasked anyway.
  const rests = (address: Ip, subnet: string) => !gained.has(address) && !gone.has(subnet) && cloud.addresses.gatewaysAt(address) === 0;
  const released = [...lost].filter(([address, subnet]) => until > fresh.now && rests(address, subnet));
  const rows = new Map<string, RowWrite>();
  for (const address of [...swept(cloud, fresh.now), ...[...gained].filter((taken) => cloud.addresses.isReleased(taken))])
    rows.set(address, { key: keyOf(address) });
  for (const [address] of released) rows.set(address, { key: keyOf(address), row: { until } satisfies Released });
  return [...rows.values()];
}

interface Moves {
  /** Each with the subnet that it was from. */
  readonly lost: ReadonlyMap<Ip, string>;
  readonly gained: ReadonlySet<Ip>;
  /** Subnets that end: their addresses are nobody's to give. */
  readonly gone: ReadonlySet<string>;
}

function movesOf(cloud: Cloud, writes: readonly RowWrite[]): Moves {
  const [lost, gained, gone] = [new Map<Ip, string>(), new Set<Ip>(), new Set<string>()];
  for (const { key, row } of writes) {
    const [table, id = ""] = key.split("/");
    if (table === "subnet" && row === undefined) gone.add(id);
    if (table !== "port") continue;
    const had = cloud.get("port", id)?.fixed_ips ?? [];
    // A row is of the type of its table.
    const has = (row as Port | undefined)?.fixed_ips ?? [];
    if (had === has) continue;
    const [before, after] = [had, has].map((fixed) => new Set(fixed.map(({ ip_address: address }) => address)));
    for (const { ip_address: address, subnet_id: subnet } of had) if (after?.has(address) !== true) lost.set(address, subnet);
    for (const { ip_address: address } of has) if (before?.has(address) !== true) gained.add(address);
  }
  return { lost, gained, gone };
}

function swept(cloud: Cloud, now: string): readonly Ip[] {
  cloud.addresses.pass(now);
  const swept: Ip[] = [];
  for (const address of cloud.addresses.over()) {
    if (swept.length === SWEPT) break;
    swept.push(address);
  }
  return swept;
}

function keyOf(address: Ip): string {
  return `released/${address}`;
}
