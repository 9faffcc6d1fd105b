/**
 * The agent of one host, without its surroundings: hears what the cloud wants of the host, keeps it so, and tells how it stands.
 * It may be killed at any moment: what is on the host stays and works without it, and a new one goes on from what it finds there.
 */
import type { Clock } from "#contracts/clock.ts";
import type { HostDrivers } from "#contracts/driver.ts";
import type { FeedClient } from "#contracts/feed.ts";
import type { Flows } from "#contracts/flows.ts";
import type { LastView } from "#contracts/last-view.ts";
import type { Log } from "#contracts/log.ts";
import type { SignsOfLife } from "#contracts/signs.ts";
import type { Speaker } from "#contracts/speaker.ts";
import type { Report, Sessions, View } from "#core/feed/item.ts";
import type { Route } from "#core/kinds/route.ts";
import { compileParts } from "#core/intent/compile.ts";
import type { Self } from "#core/intent/compile.ts";
import { contact, timeOf } from "./contact.ts";
import { arrivals } from "./arrivals.ts";
import type { Known } from "./arrivals.ts";
import { flowAudit } from "./flow-audit.ts";
import { hostLoop } from "./host-loop.ts";
import type { Finished, Plan } from "./host-loop.ts";
import { remembering } from "./remembering.ts";
import { replica } from "./replica.ts";
import type { Heard } from "./replica.ts";
import { reportOf } from "./report.ts";
import { sessionWatch } from "./session-watch.ts";
import { hostTracks } from "./tracks.ts";

export interface AgentParts {
  readonly self: Self;
  readonly drivers: HostDrivers;
  readonly signs: SignsOfLife;
  readonly flows: Flows;
  readonly feed: FeedClient;
  readonly last: LastView;
  readonly speaker: Speaker;
  readonly clock: Clock;
  readonly log: Log;
  /** Told how it stands with the controller (`connected`, or since when not, and why), and of each round. */
  readonly watch: { controller(state: string): void; finished(finished: Finished): void };
}

export interface Agent {
  /** The last complete view; undefined before the first. */
  heard(): Heard | undefined;
  /** Something on the host may have changed. */
  wake(): void;
  /** Leaves everything on the host as it is; answers once no round is at work. */
  stop(): Promise<void>;
}

export function agent({ self, drivers, signs, flows, feed, last, speaker, clock, log, watch }: AgentParts): Agent {
  const controller = contact({ clock, log, state: watch.controller });
  const renew = () => {
    arriving.renew();
    loop.wake();
  };
  const hearing = replica((heard) => {
    memory.keep(heard);
    renew();
  });
  const memory = remembering({ last, clock, log, told: hearing.heard, isConnected: controller.isThere, recalled: renew });
  const arriving = arrivals({
    host: self.host,
    signs,
    heard: memory.heard,
    changed: (port) => {
      log.info("a VM has shown a sign of life", { port });
      loop.wake();
    },
  });
  const adopted = adopting(drivers, (routes) => {
    arriving.adopt(routes);
    loop.wake();
  });
  // Gateways and reflectors have no endpoints; what they let through is nobody's but their own.
  const audit = flowAudit({ host: self.host, flows, clock, log });
  const tell = telling(
    (report) => connection.report(report),
    () => sessions.now(),
  );
  const sessions = sessionWatch({ speaker, clock, changed: () => tell.again() });
  const loop = hostLoop({
    tracks: hostTracks(drivers),
    plan: planning(self, {
      heard: () => (adopted.done ? arriving.known() : undefined),
      source: () => (hearing.heard() === undefined ? "remembered" : "told"),
    }),
    clock,
    log,
    finished: (finished) => {
      if (finished.result.news.some(({ ref }) => ref === BIRD)) sessions.mistrust();
      tell.finished(finished);
      audit.finished(finished.result.news, finished.plan.view);
      watch.finished(finished);
    },
  });
  const hello = { op: "hello", host: self.host, role: self.role, started_at: timeOf(clock.now()), members: "together" } as const;
  const connection = feed(hello, {
    connected: () => {
      tell.anew();
      hearing.connected();
      if (hearing.heard() === undefined) ahead(drivers);
    },
    message: (message) => {
      controller.heard();
      hearing.message(message);
    },
    disconnected: controller.lost,
  });
  return {
    heard: arriving.known,
    wake: loop.look,
    stop: async () => {
      connection.close();
      controller.stop();
      memory.stop();
      arriving.stop();
      sessions.stop();
      await loop.stop();
      await audit.stop();
    },
  };
}

/** What takes longest to list is read while the controller makes up what it tells: a driver knows by then what it does not have to read again. */
function ahead({ nft }: HostDrivers): void {
  // Whatever is the matter shows when it is listed for a round.
  nft.list([]).catch(() => undefined);
}

/** Nothing is done on the host before it is known what an agent before this one left there: it may have known of VMs that have come. */
function adopting({ routes }: HostDrivers, adopt: (left: readonly Route[]) => void): { readonly done: boolean } {
  const state = { done: false };
  const after = (left: readonly Route[]) => {
    state.done = true;
    adopt(left);
  };
  // Routes that cannot be listed are not touched either: what they say is lost with the round in which they are.
  routes.list([]).then(after, () => after([]));
  return state;
}

interface Source {
  readonly heard: () => Known | undefined;
  readonly source: () => Plan["source"];
}

/** What follows from the last complete view, worked out when it is asked for. A view of the same parts wants the same. */
function planning(self: AgentParts["self"], { heard, source }: Source): () => Plan | undefined {
  let last: { readonly heard: Known; readonly plan: Plan } | undefined;
  return () => {
    const now = heard();
    if (now === undefined || now === last?.heard) return last?.plan;
    const parts = last !== undefined && isSame(now, last.heard) ? last.plan.parts : compileParts(now.view, self);
    last = { heard: now, plan: { parts, view: now.view, revision: now.revision, source: source(), signs: now } };
    return last.plan;
  };
}

function isSame({ view: one }: Heard, { view: other }: Heard): boolean {
  // A view is a plain record of its parts, and which they are it says itself: none may be left out here.
  const parts = Object.keys(one) as (keyof View)[];
  return parts.every((part) => one[part] === other[part]);
}

interface Telling {
  finished(finished: Finished): void;
  /** Whoever listens now knows nothing. */
  anew(): void;
  /** Something else than the host is another now. */
  again(): void;
}

/** Only the last report counts, so a round that changed nothing is not told to who knows it. */
function telling(send: (report: Report) => void, sessions: () => Sessions | undefined): Telling {
  let told = false;
  let last: Report | undefined;
  const tell = (report: Report) => {
    const now = sessions();
    last = report;
    send(now === undefined ? report : { ...report, sessions: now });
    told = true;
  };
  return {
    anew: () => (told = false),
    again: () => last !== undefined && tell(last),
    finished: ({ plan, result, changed }) => {
      // Ports' states are those of what the controller wants, and it may want something else by now.
      if (plan.source === "remembered") return;
      if (changed || !told) tell(reportOf(result, plan.revision, plan.signs));
    },
  };
}

const BIRD = "daemon/bird";
