/**
 * How full a gateway's port-NAT is: what its kernel tracks of what it can, and how many ports of each pool address are in use. Looked at
 * every half a minute; from four fifths on it is said in the log, once, and once more when there is room again.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Flow, Flows } from "#contracts/flows.ts";
import type { Log } from "#contracts/log.ts";
import type { Fill } from "#contracts/tracker.ts";
import { PORTS } from "#core/datacenter/pnat-blocks.ts";
import type { Ip } from "#core/net/address.ts";

export interface PortsInUse {
  readonly ip: Ip;
  readonly protocol: "tcp" | "udp";
  readonly ports: number;
}

export interface PoolUse extends Fill {
  /** Absent: there are so many flows that counting them would be a load of its own. */
  readonly ports?: readonly PortsInUse[];
}

export interface PoolWatchParts {
  readonly flows: Flows;
  /** Of the kernel's tracker; undefined where it tracks nothing. */
  readonly fill: () => Fill | undefined;
  /** The pool's addresses, as they are now. */
  readonly pool: () => readonly Ip[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface PoolWatch {
  /** As of the last look; undefined before the first, and where there is no pool. */
  use(): PoolUse | undefined;
  stop(): void;
}

const LOOK_MS = 30_000;
/** More flows than this are not counted by address: a list of them takes a tenth of a second for every twenty thousand. */
const COUNTED = 200_000;
const FULL = 0.8;

export function watchPool(parts: PoolWatchParts): PoolWatch {
  const { flows, fill, pool, clock } = parts;
  let last: PoolUse | undefined;
  let full: ReadonlySet<string> = new Set();
  let waiting: (() => void) | undefined;

  const look = async () => {
    const [addresses, now] = [pool(), fill()];
    last = addresses.length === 0 || now === undefined ? undefined : await useOf(flows, addresses, now);
    full = said(parts.log, full, fullIn(last));
  };
  const lookAgain = () =>
    void look()
      .catch((error: unknown) => parts.log.warn("port-NAT could not be looked at", { reason: String(error) }))
      .finally(() => (waiting &&= clock.after(LOOK_MS, lookAgain)));
  waiting = clock.after(0, lookAgain);
  return {
    use: () => last,
    stop: () => {
      waiting?.();
      waiting = undefined;
    },
  };
}

async function useOf(flows: Flows, addresses: readonly Ip[], fill: Fill): Promise<PoolUse> {
  return fill.tracked > COUNTED ? fill : { ...fill, ports: portsInUse(await flows.list(addresses), addresses) };
}

const NAMES: Readonly<Record<number, PortsInUse["protocol"]>> = { 6: "tcp", 17: "udp" };

/** One port is in use once, however many it talks to. */
function portsInUse(flows: readonly Flow[], addresses: readonly Ip[]): readonly PortsInUse[] {
  const used = new Map<string, Set<number>>();
  for (const { protocol, reply } of flows) {
    const key = `${reply.dst} ${NAMES[protocol]}`;
    if (reply.dport !== undefined) used.set(key, (used.get(key) ?? new Set()).add(reply.dport));
  }
  return addresses.flatMap((ip) =>
    Object.values(NAMES).map((protocol) => ({ ip, protocol, ports: used.get(`${ip} ${protocol}`)?.size ?? 0 })),
  );
}

/** What is four fifths full, in words. */
function fullIn(use: PoolUse | undefined): ReadonlyMap<string, Fill> {
  if (use === undefined) return new Map();
  const all: (readonly [string, Fill])[] = [
    ["tracked flows", { tracked: use.tracked, limit: use.limit }],
    ...(use.ports ?? []).map(({ ip, protocol, ports }) => [`${protocol} ports of ${ip}`, { tracked: ports, limit: PORTS }] as const),
  ];
  return new Map(all.filter(([, { tracked, limit }]) => tracked >= FULL * limit));
}

function said(log: Log, before: ReadonlySet<string>, now: ReadonlyMap<string, Fill>): ReadonlySet<string> {
  for (const [what, { tracked, limit }] of now)
    if (!before.has(what)) log.warn("port-NAT is nearly full", { what, used: tracked, of: limit });
  for (const what of before) if (!now.has(what)) log.info("port-NAT has room again", { what });
  return new Set(now.keys());
}
