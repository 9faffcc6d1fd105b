/**
 * Forwarding through the packet filter of a compute host: one TCP connection, and small packets, beside the same namespaces with no
 * filter at all, with few endpoints and members and with many. All take turns, so that what else the machine does hits all alike.
 */
import { atLeast, atMost, quantile } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";
import { site } from "./forwarding-site.ts";
import type { Site } from "./forwarding-site.ts";
import { viewOf } from "./forwarding-view.ts";

/** Turns; each takes a second or two at each site. */
const TURNS = 7;

const SITES = {
  bare: undefined,
  e1: { endpoints: 1, members: 10 },
  e1000: { endpoints: 1000, members: 10 },
  m30000: { endpoints: 1, members: 30_000 },
} as const;

type Name = keyof typeof SITES;
type Ways = { readonly [K in "tcp" | "small"]: number };

export const forwarding: Bench = async (say, { times = TURNS }) => {
  const sites = new Map<Name, Site>();
  try {
    for (const name of Object.keys(SITES) as Name[]) {
      const size = SITES[name];
      sites.set(name, await site(name, size === undefined ? undefined : viewOf(size)));
    }
    const turns: Record<Name, Ways>[] = [];
    for (let at = 0; at < times; at++) turns.push(await turn(sites, at, say));
    return figures(turns);
  } finally {
    for (const each of sites.values()) await each.remove();
  }
};

/** Every other turn goes the other way round: what warms up or cools down favours nobody. */
async function turn(sites: ReadonlyMap<Name, Site>, at: number, say: (line: string) => void): Promise<Record<Name, Ways>> {
  const order = [...sites];
  if (at % 2 === 1) order.reverse();
  const measured = {} as Record<Name, Ways>;
  for (const [name, each] of order) measured[name] = { tcp: await each.tcp(), small: await each.small() };
  const text = Object.entries(measured).map(
    ([name, { tcp, small }]) => `${name} ${tcp.toFixed(2)} Gbit/s ${(small / 1000).toFixed(0)} kpps`,
  );
  say(text.join(", "));
  return measured;
}

function figures(turns: readonly Record<Name, Ways>[]): Figure[] {
  return (["tcp", "small"] as const).flatMap((way) => {
    const percent = (name: Name, of: Name) =>
      quantile(
        turns.map((measured) => (measured[name][way] / measured[of][way]) * 100),
        0.5,
      );
    const what = way === "tcp" ? "TCP" : "64-byte datagrams";
    const apart = (name: Name) => Math.abs(100 - percent(name, "e1"));
    return [
      atLeast(`forwarding, ${what}, 1 endpoint, 10 members, of the same without a filter`, percent("e1", "bare"), { limit: 90, unit: "%" }),
      atLeast(`forwarding, ${what}, 1,000 endpoints, of the same without a filter`, percent("e1000", "bare"), { limit: 90, unit: "%" }),
      atMost(`forwarding, ${what}, 1,000 endpoints, apart from 1`, apart("e1000"), { limit: 5, unit: "%" }),
      atMost(`forwarding, ${what}, 30,000 members, apart from 10`, apart("m30000"), { limit: 5, unit: "%" }),
    ];
  });
}
