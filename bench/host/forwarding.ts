/**
 * Forwarding through the packet filter of a compute host: one TCP connection, and small packets, beside the same namespaces with no
 * filter at all, with few endpoints and members and with many. All take turns of a few milliseconds, each way round as often as the
 * other, and what counts is the median of what each turn makes of the two: whatever else the machine does then hits both alike.
 */
import { atLeast, atMost, quantile } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";
import { site } from "./forwarding-site.ts";
import type { Filter, Site } from "./forwarding-site.ts";
import { keepProcessor } from "./forwarding-traffic.ts";
import type { Processor, Way } from "./forwarding-traffic.ts";
import { viewOf } from "./forwarding-view.ts";

const TURNS = 800;

/** By name; what the kernel's connection tracking takes by itself is told, and nothing is asked of it. */
const SITES = {
  bare: () => "none",
  tracking: () => "tracking",
  e1: () => viewOf({ endpoints: 1, members: 10 }),
  e1000: () => viewOf({ endpoints: 1000, members: 10 }),
  m30000: () => viewOf({ endpoints: 1, members: 30_000 }),
} as const satisfies Readonly<Record<string, () => Filter>>;

type Name = keyof typeof SITES;
const NAMES = Object.keys(SITES) as Name[];

interface Kind {
  readonly what: string;
  readonly flow: "tcp" | "small";
  readonly way: Way;
  /** Of one turn: bytes, or datagrams. */
  readonly amount: number;
  readonly unit: string;
  /** Units in so much carried in so many milliseconds. */
  readonly rate: (amount: number, ms: number) => number;
}

const TCP = { flow: "tcp", amount: 8 << 20, unit: "Gbit/s", rate: (bytes: number, ms: number) => (bytes * 8) / ms / 1e6 } as const;
const SMALL = { flow: "small", amount: 256, unit: "thousand a second", rate: (count: number, ms: number) => count / ms } as const;

const KINDS: readonly Kind[] = [
  { what: "TCP to the VM", way: "there", ...TCP },
  { what: "TCP from the VM", way: "back", ...TCP },
  { what: "64-byte datagrams to the VM", way: "there", ...SMALL },
  { what: "64-byte datagrams from the VM", way: "back", ...SMALL },
];

/** Milliseconds of each turn. */
type Took = Readonly<Record<Name, number[]>>;

export const forwarding: Bench = async (say, { times = TURNS }) => {
  const sites = new Map<Name, Site>();
  const processor = keepProcessor();
  try {
    for (const name of NAMES) sites.set(name, await site(name, SITES[name]()));
    return KINDS.flatMap((kind) => {
      const took = measured(sites, kind, { processor, times });
      say(told(kind, took));
      return figures(kind, took);
    });
  } finally {
    processor.release();
    for (const each of sites.values()) await each.remove();
  }
};

interface Turns {
  readonly processor: Processor;
  readonly times: number;
}

function measured(sites: ReadonlyMap<Name, Site>, { flow, way, amount }: Kind, { processor, times }: Turns): Took {
  const took: Took = { bare: [], tracking: [], e1: [], e1000: [], m30000: [] };
  // Both ways: a flow that nobody answers is never an established one, and is forgotten while others have their turns.
  for (const each of sites.values()) for (const either of ["there", "back"] as const) each[flow].carry(either, amount);
  for (let at = 0; at < times; at++)
    for (const [name, each] of at % 2 === 0 ? sites : [...sites].toReversed())
      took[name].push(processor.took(() => each[flow].carry(way, amount)));
  return took;
}

/** How much one carries of what another does, in percent: a part `share` of the turns says no more than that. */
function percent(took: Took, [name, of]: readonly [Name, Name], share = 0.5): number {
  const turns = took[name].map((ms, at) => ((took[of][at] ?? Number.NaN) / ms) * 100);
  return quantile(turns, share);
}

function told({ what, amount, unit, rate }: Kind, took: Took): string {
  const bare = rate(amount, quantile(took.bare, 0.5)).toFixed(1);
  const others = NAMES.slice(1).map((name) => {
    const [low, half, high] = [0.25, 0.5, 0.75].map((share) => percent(took, [name, "bare"], share).toFixed(1));
    return `${name} ${half} % (half of the turns: ${low} to ${high})`;
  });
  return `${what}: without a filter ${bare} ${unit}; of that, ${others.join(", ")}`;
}

function figures({ what: kind }: Kind, took: Took): Figure[] {
  const what = `forwarding, ${kind}`;
  const apart = (name: Name) => Math.abs(100 - percent(took, [name, "e1"]));
  return [
    atLeast(`${what}, 1 endpoint, 10 members, of the same without a filter`, percent(took, ["e1", "bare"]), { limit: 90, unit: "%" }),
    atLeast(`${what}, 1,000 endpoints, of the same without a filter`, percent(took, ["e1000", "bare"]), { limit: 90, unit: "%" }),
    atMost(`${what}, 1,000 endpoints, apart from 1`, apart("e1000"), { limit: 5, unit: "%" }),
    atMost(`${what}, 30,000 members, apart from 10`, apart("m30000"), { limit: 5, unit: "%" }),
  ];
}
