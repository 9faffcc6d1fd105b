/**
 * Forwarding through the packet filter of a compute host: one TCP connection, and small packets, beside the same namespaces with no
 * filter at all, with few endpoints and members and with many. What is counted is what a second of processor time carries, because the
 * machine may have other things to do; and all take turns, so that those hit all alike.
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
const WHAT = {
  "tcp in": "TCP to the VM",
  "tcp out": "TCP from the VM",
  "small in": "64-byte datagrams to the VM",
  "small out": "64-byte datagrams from the VM",
};

type Kind = keyof typeof WHAT;
type Ways = Readonly<Record<Kind, number>>;

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
  for (const [name, each] of order)
    measured[name] = {
      "tcp in": await each.tcp("in"),
      "tcp out": await each.tcp("out"),
      "small in": await each.small("in"),
      "small out": await each.small("out"),
    };
  const text = Object.entries(measured).map(([name, ways]) =>
    [
      name,
      ...Object.entries(ways).map(([kind, value]) => (kind.startsWith("tcp") ? value.toFixed(1) : `${Math.round(value / 1000)}k`)),
    ].join(" "),
  );
  say(text.join(", "));
  return measured;
}

function figures(turns: readonly Record<Name, Ways>[]): Figure[] {
  return (Object.keys(WHAT) as Kind[]).flatMap((kind) => {
    const percent = (name: Name, of: Name) =>
      quantile(
        turns.map((measured) => (measured[name][kind] / measured[of][kind]) * 100),
        0.5,
      );
    const apart = (name: Name) => Math.abs(100 - percent(name, "e1"));
    const what = `forwarding, ${WHAT[kind]}`;
    return [
      atLeast(`${what}, 1 endpoint, 10 members, of the same without a filter`, percent("e1", "bare"), { limit: 90, unit: "%" }),
      atLeast(`${what}, 1,000 endpoints, of the same without a filter`, percent("e1000", "bare"), { limit: 90, unit: "%" }),
      atMost(`${what}, 1,000 endpoints, apart from 1`, apart("e1000"), { limit: 5, unit: "%" }),
      atMost(`${what}, 30,000 members, apart from 10`, apart("m30000"), { limit: 5, unit: "%" }),
    ];
  });
}
