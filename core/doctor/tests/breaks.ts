/** For tests: ways to break a well data centre, one place at a time. */
import type { BgpRoute, BgpSession } from "../bird-facts.ts";
import type { CloudFacts } from "../cloud-facts.ts";
import type { Verdict } from "../examine.ts";
import { told } from "../facts.ts";
import type { Facts, Known, LinkFact, MachineFacts, RouteFact } from "../facts.ts";
import type { ChainFact } from "../filter-facts.ts";
import { WELL, wellFacts } from "./well.ts";

export type Break = (facts: Facts) => Facts;
export type FactName = Exclude<keyof MachineFacts, "name" | "role">;
export type ValueOf<K extends FactName> = Extract<MachineFacts[K], { known: true }>["value"];

/** One fact of one machine otherwise. */
export function on<K extends FactName>(name: string, fact: K, change: (value: ValueOf<K>) => ValueOf<K>): Break {
  return (facts) => ({
    ...facts,
    machines: facts.machines.map((machine) => {
      const known = machine[fact] as Known<ValueOf<K>>;
      return machine.name === name && known.known ? { ...machine, [fact]: told(change(known.value)) } : machine;
    }),
  });
}

export function inCloud(change: Partial<CloudFacts> | ((cloud: CloudFacts) => Partial<CloudFacts>)): Break {
  return (facts) => {
    if (!facts.cloud.known) return facts;
    const more = typeof change === "function" ? change(facts.cloud.value) : change;
    return { ...facts, cloud: told({ ...facts.cloud.value, ...more }) };
  };
}

/** Another file, of which all machines hold what follows from it. */
export const file =
  (change: object): Break =>
  () =>
    wellFacts({ ...WELL, ...change });

export const sysctls = (name: string, more: Readonly<Record<string, string>>) => on(name, "sysctls", (all) => ({ ...all, ...more }));
export const link = (name: string, more: Partial<LinkFact>): LinkFact => ({ name, mtu: 1500, kind: "", up: true, addresses: [], ...more });
export const address = (ip: string, duplicate = false) => ({ ip, length: 24, duplicate });
export const addLink = (name: string, added: LinkFact) => on(name, "links", (all) => [...all, added]);
export const changeLink = (name: string, dev: string, more: Partial<LinkFact>) =>
  on(name, "links", (all) => all.map((one) => (one.name === dev ? { ...one, ...more } : one)));
export const addRoute = (name: string, more: Partial<RouteFact>) =>
  on(name, "routes", (all) => [...all, { prefix: "", type: "unicast", dev: "fab0", via: [], protocol: "static", metric: 0, ...more }]);
export const withoutRoute = (name: string, prefix: string) => on(name, "routes", (all) => all.filter((route) => route.prefix !== prefix));
export const sessions = (name: string, change: (session: BgpSession) => BgpSession) =>
  on(name, "bird", (bird) => ({ ...bird, sessions: bird.sessions.map(change) }));
export const channels = (name: string, more: object) =>
  sessions(name, (session) => ({ ...session, channels: session.channels.map((channel) => ({ ...channel, ...more })) }));
export const heard = (name: string, change: (route: BgpRoute) => BgpRoute) =>
  on(name, "bird", (bird) => ({ ...bird, routes: bird.routes.map(change) }));
export const hears = (name: string, more: Partial<BgpRoute>) =>
  on(name, "bird", (bird) => ({
    ...bird,
    routes: [
      ...bird.routes,
      { prefix: "", protocol: "host:h1", best: true, to: "unicast", hops: [], bgp: true, local_pref: 998_976, ...more },
    ],
  }));
export const tells = (name: string, prefix: string) =>
  on(name, "bird", (bird) => ({
    ...bird,
    exports: Object.fromEntries(Object.entries(bird.exports).map(([key, all]) => [key, [...all, prefix]])),
  }));
export const RULE = { ends: false, translates: false, sources: [], spares: [], packets: 0 };
export const addChain = (name: string, chain: Partial<ChainFact>) =>
  on(name, "filter", (filter) => ({ ...filter, chains: [...filter.chains, { table: "ip other", name: "other", rules: [], ...chain }] }));
export const changeChain = (name: string, chain: string, change: (one: ChainFact) => ChainFact) =>
  on(name, "filter", (filter) => ({ ...filter, chains: filter.chains.map((one) => (one.name === chain ? change(one) : one)) }));
export const neighbour = (ip: string) => ({ ip, dev: "fab0", lladdr: "02:00:00:00:00:66", states: ["STALE"] });

export interface Case {
  readonly id: string;
  readonly when: string;
  readonly broken: Break;
  readonly says: RegExp;
  readonly verdict?: Verdict;
  /** What else it breaks, as it must. */
  readonly also?: readonly string[];
}
