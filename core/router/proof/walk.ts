/**
 * How a route travels: from speaker to speaker, by the policies of each session and the rules of BGP (RFC 4271, 4456). Sessions of a
 * speaker on which the same would happen go together, so that a thousand hosts behind a reflector are asked once.
 */
import { addressOn, sessionFamily } from "../../intent/bgp-channel.ts";
import { racksOf } from "../../datacenter/racks.ts";
import { segmentWith } from "../../datacenter/segments.ts";
import type { Segment } from "../../datacenter/segments.ts";
import type { Ip } from "../../net/address.ts";
import { changedBy } from "../evaluate.ts";
import type { Route } from "../evaluate.ts";
import { machineNamed } from "../peers.ts";
import type { ReadFamily, ReadNeighbor } from "../platform.ts";
import type { Settings } from "../policy.ts";
import type { SessionKind } from "../../datacenter/sessions.ts";
import type { Site, Speaker } from "./site.ts";

/** One way along a session, in one family. */
interface Way {
  readonly from: string;
  readonly to: string;
  readonly told: ReadFamily;
  readonly heard: ReadFamily;
  readonly sender: ReadNeighbor;
  readonly receiver: ReadNeighbor;
  readonly external: boolean;
  readonly kind: SessionKind;
}

export interface Bundle {
  readonly first: Way;
  /** Who hears at the other ends. */
  readonly to: readonly string[];
}

/** Bundles by speaker, and by family. */
export type Net = ReadonlyMap<string, readonly Bundle[]>;

/** Of sessions on the core, those on this segment. */
export function netOf(site: Site, family: 4 | 6, segment: Segment): Net {
  const ways = site.links.flatMap(({ session, near, far }): Way[] => {
    if ((segmentWith(site.dc, session.near.ip)?.number ?? segment.number) !== segment.number) return [];
    const [nearSays, farSays] = [near, far].map((end) => end?.families.find((each) => each.family === family));
    if (near === undefined || far === undefined || nearSays === undefined || farSays === undefined) return [];
    const external = session.protocol === "eBGP";
    return [
      {
        from: session.near.name,
        to: session.far.name,
        told: nearSays,
        heard: farSays,
        sender: near,
        receiver: far,
        external,
        kind: session.kind,
      },
      {
        from: session.far.name,
        to: session.near.name,
        told: farSays,
        heard: nearSays,
        sender: far,
        receiver: near,
        external,
        kind: session.kind,
      },
    ];
  });
  const signatures = signer(site);
  const bySpeaker = Map.groupBy(ways, ({ from }) => from);
  return new Map(
    [...bySpeaker].map(([name, own]) => {
      const bundles = Map.groupBy(own, (way) => signatures(way));
      return [
        name,
        [...bundles.values()].flatMap((alike): Bundle[] =>
          alike[0] === undefined ? [] : [{ first: alike[0], to: alike.map(({ to }) => to) }],
        ),
      ];
    }),
  );
}

/** Only hosts are put together: everybody else may tell it further, and has a name in what is said of the way. */
function signer({ speakers }: Site): (way: Way) => string {
  const texts = new Map<string, string>();
  const text = (speaker: Speaker | undefined, chain: readonly string[]) => {
    const key = `${speaker?.name} ${chain.join(" ")}`;
    const known = texts.get(key) ?? JSON.stringify(chain.map((name) => ({ ...speaker?.book.policies.get(name), name: "" })));
    texts.set(key, known);
    return known;
  };
  return ({ from, to, told, heard, external }) => {
    if (speakers.get(to)?.role !== "host") return to;
    const flags = [told.unfiltered, told.client, told.nextHop, told.localNextHop, heard.unfiltered, external];
    return [...flags, text(speakers.get(from), told.export), text(speakers.get(to), heard.import)].join("|");
  };
}

/** How a route came to somebody. */
export interface Arrival {
  readonly route: Route;
  /** Names, from the origin on. */
  readonly path: readonly string[];
  /** By a session inside the AS, from a client or not; from another AS; or its own. */
  readonly by: "own" | "external" | "client" | "internal";
}

export interface Spread {
  /** By name; of hosts that hear alike, the first one's. */
  readonly arrivals: ReadonlyMap<string, Arrival>;
  readonly reached: ReadonlySet<string>;
  /** Where it was refused: who told it, to whom, and which end was against it. */
  readonly refused: readonly string[];
}

/** `by`: how the origin itself has the route. */
export function spread(site: Site, net: Net, origin: string, { route, by }: Pick<Arrival, "route" | "by">): Spread {
  const arrivals = new Map<string, Arrival>([[origin, { route, path: [origin], by }]]);
  const reached = new Set([origin]);
  const refused: string[] = [];
  const waiting = [origin];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const here = arrivals.get(name);
    for (const bundle of here === undefined ? [] : (net.get(name) ?? [])) {
      const to = bundle.to.filter((other) => !reached.has(other));
      if (here === undefined || to.length === 0 || !tellsOn(here, bundle.first)) continue;
      const arrival = carried(site, here, bundle.first);
      if (typeof arrival === "string") refused.push(arrival);
      else {
        for (const other of to) reached.add(other);
        const [next = ""] = to;
        arrivals.set(next, arrival);
        if (site.speakers.get(next)?.role !== "host") waiting.push(next);
      }
    }
  }
  return { arrivals, reached, refused };
}

/** RFC 4456: what came from inside the AS goes on to clients, or when it came from a client. */
function tellsOn({ by }: Arrival, { told, external }: Way): boolean {
  return external || by === "own" || by === "external" || by === "client" || told.client === "yes";
}

function carried(site: Site, { route, path, by }: Arrival, way: Way): Arrival | string {
  const [sender, receiver] = [site.speakers.get(way.from), site.speakers.get(way.to)];
  if (sender === undefined || receiver === undefined) return `${way.to} has no configuration`;
  const told = site.decide(sender.book, way.told.export, way.told.unfiltered, route);
  if (told.accepted !== "yes") return `${way.from} does not tell ${way.to}`;
  const sent: Route = {
    ...changedBy(route, told.set),
    source: "bgp",
    nextHop: nextHop(site, { route, by }, way, told.set),
    from: selfOf(site, way, way.from),
  };
  const arrived: Route = {
    ...sent,
    ...(way.receiver.description === undefined ? {} : { protocol: way.receiver.description }),
    interface: interfaceOf(site, way),
  };
  const heard = site.decide(receiver.book, way.heard.import, way.heard.unfiltered, arrived);
  if (heard.accepted !== "yes") return `${way.to} does not believe ${way.from}`;
  const kept = changedBy(arrived, heard.set);
  const settled: Route = heard.set.nextHop === "peer" ? { ...kept, nextHop: kept.from } : kept;
  const how = way.external ? "external" : way.heard.client === "yes" ? "client" : "internal";
  return { route: settled, path: [...path, way.to], by: how };
}

function nextHop(site: Site, { route, by }: Pick<Arrival, "route" | "by">, way: Way, { nextHop: set }: Settings): Route["nextHop"] {
  const own = selfOf(site, way, way.from);
  if (set === "perhaps") return "any";
  if (set !== undefined && set !== "peer" && set !== "self") return set;
  if (way.told.nextHop === "kept" && by !== "own") return route.nextHop;
  if (set === "self" || way.external || by === "own" || way.told.nextHop === "self") return own;
  return way.told.nextHop === "self for external" && by === "external" ? own : route.nextHop;
}

/** By which interface the receiver hears of it: its own on a link of its own; of a router in a rack, that of the side. */
function interfaceOf({ dc }: Site, { to, receiver, kind }: Way): string {
  const rack = racksOf(dc).find(({ tor }) => tor.name === to);
  if (receiver.interface !== undefined) return receiver.interface;
  if (rack === undefined) return dc.fabric.interface;
  return kind === "tor client" ? (rack.tor.interface ?? rack.tor.uplink) : rack.tor.uplink;
}

/** The sender's address of the route's family, as it names itself on that session. */
function selfOf(site: Site, way: Way, name: string): Ip | "any" {
  const { dc } = site;
  const family = way.told.family;
  if (way.told.localNextHop !== undefined) return way.told.localNextHop;
  if (way.sender.local !== undefined && sessionFamily(dc) === family) return way.sender.local;
  const rack = racksOf(dc).find(({ tor }) => tor.name === name);
  if (rack !== undefined && way.kind === "tor client") return (family === 4 ? rack.tor.rack4 : rack.tor.rack6) ?? "any";
  const machine = machineNamed(site.dc, name);
  return machine === undefined || (family === 4 ? machine.ipv4 : machine.ipv6) === undefined ? "any" : addressOn(machine, family);
}
