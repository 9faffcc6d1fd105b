/** Everybody who speaks BGP in the data centre, as their configurations say it: rendered, and read back from the text. */
import type { DataCenter } from "../../datacenter/data-center.ts";
import { sessionsOf } from "../../datacenter/sessions.ts";
import type { Session, Speaker as End } from "../../datacenter/sessions.ts";
import { computeBird } from "../../intent/bgp-compute.ts";
import { perValue } from "../../intent/memo.ts";
import type { Ip } from "../../net/address.ts";
import { bird } from "../bird/bird.ts";
import { rememberingCells } from "../cells.ts";
import type { cellsOf } from "../cells.ts";
import { remembering } from "../chain.ts";
import { bookOf } from "../evaluate.ts";
import type { Book } from "../evaluate.ts";
import { routerConfigOf, routersOf } from "../derive.ts";
import type { Ruleset } from "../nft/model.ts";
import { readRules } from "../nft/read.ts";
import type { Platform, ReadNeighbor, ReadRouter, RenderedFile } from "../platform.ts";
import { roleOf } from "../peers.ts";
import { rendered } from "../render.ts";
import { estateOf } from "./estate.ts";
import type { Estate } from "./estate.ts";
import type { PeerRole } from "../router-config.ts";

export interface Speaker {
  readonly name: string;
  readonly role: PeerRole;
  /** Whose words its configuration is in. */
  readonly platform: Platform;
  readonly read: ReadRouter;
  readonly book: Book;
  /** What filters and translates beside BGP, on a Linux gateway. */
  readonly rules?: Ruleset;
}

export interface Site {
  readonly dc: DataCenter;
  readonly speakers: ReadonlyMap<string, Speaker>;
  readonly links: readonly Link[];
  /** Of each speaker, the sessions that both it and the data centre have. */
  readonly declared: ReadonlyMap<string, readonly Declared[]>;
  /** The same by both names, one after the other. */
  readonly between: ReadonlyMap<string, readonly Declared[]>;
  readonly estate: Estate;
  /** Remember what was asked before. */
  readonly decide: ReturnType<typeof remembering>;
  readonly cells: typeof cellsOf;
}

/** A session with what each end says of it; undefined where an end does not know it. The provider says nothing that we know. */
export interface Link {
  readonly session: Session;
  readonly near: ReadNeighbor | undefined;
  readonly far: ReadNeighbor | undefined;
}

/** A configuration that somebody gave, in place of the one that would be rendered. */
export interface Given {
  readonly name: string;
  readonly platform: Platform;
  readonly read: ReadRouter;
  /** Absent: those that would be rendered. */
  readonly rules?: Ruleset;
}

export function siteOf(dc: DataCenter, platformFor: (router: string) => Platform, given: readonly Given[]): Site {
  const readers = perValue(({ reader, read: one }: Platform) => reader?.() ?? one);
  const read = (platform: Platform, text: string) => readers(platform)(text);
  const found = new Map(given.map((each) => [each.name, each]));
  const routers = routersOf(dc).flatMap(({ name, role }): Speaker[] => {
    const own = found.get(name);
    const config = routerConfigOf(dc, name);
    const platform = own?.platform ?? platformFor(name);
    const files = config === undefined ? [] : rendered(platform, config, dc).files;
    const text = own?.read ?? (files[0] && read(platform, files[0].text));
    return text === undefined ? [] : [{ ...speaker(name, role, platform, text), ...rulesIn(own, files) }];
  });
  const hosts = dc.hosts.map((host) => speaker(host.name, "host", bird, found.get(host.name)?.read ?? read(bird, computeBird(dc, host))));
  const speakers = new Map([...routers, ...hosts].map((each) => [each.name, each]));
  const known = new Map([...speakers].map(([name, { read }]) => [name, byWord(read)]));
  const links = sessionsOf(dc).map((session): Link => ({
    session,
    near: known.get(session.near.name)?.get(wordOf(session.near, session.far)),
    far: known.get(session.far.name)?.get(wordOf(session.far, session.near)),
  }));
  const estate = estateOf(dc);
  const declared = links.flatMap((link) => declaredOn(dc, link));
  return {
    dc,
    speakers,
    links,
    estate,
    decide: remembering(),
    cells: rememberingCells(),
    declared: Map.groupBy(declared, ({ own }) => own.name),
    between: Map.groupBy(declared, ({ own, other }) => `${own.name} ${other.name}`),
  };
}

function rulesIn(given: Given | undefined, files: readonly RenderedFile[]): Pick<Speaker, "rules"> {
  const text = files.find(({ name }) => name.endsWith(".nft"))?.text;
  const rules = given?.rules ?? (text === undefined ? undefined : readRules(text));
  return rules === undefined ? {} : { rules };
}

function speaker(name: string, role: PeerRole, platform: Platform, read: ReadRouter): Speaker {
  return { name, role, platform, read, book: bookOf(read) };
}

/** Neighbours by address, or by interface where that is all there is. */
function byWord({ neighbors }: ReadRouter): ReadonlyMap<string, ReadNeighbor> {
  return new Map(
    neighbors.flatMap((neighbor): [string, ReadNeighbor][] =>
      [neighbor.interface, neighbor.address].flatMap((word) => (word === undefined ? [] : [[word, neighbor]])),
    ),
  );
}

/** How `own` calls `other`: on link-local sessions by its own interface, as all of them have the same address at the other end. */
function wordOf(own: End, other: End): string {
  return own.interface ?? other.ip ?? "";
}

/** Neighbours of a speaker that no session of the data centre is with. */
export function undeclared(site: Site, { name, read }: Speaker): readonly ReadNeighbor[] {
  const declared = new Set(declaredOf(site, name).map(({ neighbor }) => neighbor));
  return read.neighbors.filter((neighbor) => !declared.has(neighbor));
}

/** The address of the other end of a session of the data centre. */
export interface Declared {
  readonly neighbor: ReadNeighbor;
  readonly own: End;
  readonly other: End;
  readonly role: PeerRole;
  readonly session: Session;
}

export function declaredOf({ declared }: Site, name: string): readonly Declared[] {
  return declared.get(name) ?? [];
}

function declaredOn(dc: DataCenter, { session, near, far }: Link): readonly Declared[] {
  const role = ({ name }: End) => roleOf(dc, name);
  return [
    ...(near === undefined ? [] : [{ neighbor: near, own: session.near, other: session.far, role: role(session.far), session }]),
    ...(far === undefined ? [] : [{ neighbor: far, own: session.far, other: session.near, role: role(session.near), session }]),
  ];
}

export const unknownHop = (family: 4 | 6): Ip => (family === 4 ? "192.0.0.8" : "100::8") as Ip;
