/**
 * The feed, on the controller's side: tells every connected agent its part of the cloud, again after each commit, and turns
 * what agents say into writes. Commits that follow each other closely are told together.
 */
import type { Clock } from "#contracts/clock.ts";
import type { AcceptAgent } from "#contracts/feed.ts";
import type { Log } from "#contracts/log.ts";
import type { Writer } from "#contracts/writer.ts";
import type { Report } from "#core/feed/item.ts";
import { touch, untouched } from "#core/feed/touch.ts";
import { messageText } from "#core/feed/wire.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import { connections } from "./connections.ts";
import type { Connection } from "./connections.ts";
import type { Present } from "./present.ts";
import { telling } from "./telling.ts";

/** The first commit is told at once; those within this time after it are told together. */
const GATHER_MS = 10;
/** An agent that has this much unread beyond its first round does not read: it is cut off and may begin anew. */
const UNREAD_LIMIT = 16 * 1024 * 1024;

export interface FeedServerParts {
  readonly present: Present<Cloud>;
  readonly writer: Writer<Cloud>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FeedServer {
  readonly accept: AcceptAgent;
  /** The last report of a host's agent on its connection; undefined: it is not connected. */
  said(host: string): { readonly report: Report | undefined } | undefined;
  /** Ends all connections. */
  stop(): void;
}

export function feedServer(parts: FeedServerParts): FeedServer {
  const { present, clock } = parts;
  const agents = connections(parts);
  const teller = telling();
  /** Length of each connection's first round, in characters. */
  const firstRounds = new WeakMap<Connection, number>();
  let touched = untouched();
  let gathering: (() => void) | undefined;
  let rest = 0;

  // Never in the midst of a commit: whoever asked for it is answered first. A clock that was put back makes nobody wait for as long.
  const tellSoon = () => (gathering ??= clock.after(Math.min(GATHER_MS, Math.max(0, rest - clock.now())), tellAll));
  const tellAll = () => {
    gathering = undefined;
    rest = clock.now() + GATHER_MS;
    const changed = touched;
    touched = untouched();
    const isAnother = changed.keys.has("datacenter/this");
    // A machine that belongs to the data centre no longer hears that first: so it gives up what it held, and says so to its peers.
    if (isAnother) agents.expelStrangers(({ told }) => !told.sent.has("datacenter/this"));
    const byTold = new Map([...agents.all()].map((connection) => [connection.told, connection]));
    for (const [told, lines] of teller.tell(byTold.keys(), present.state, changed)) {
      const connection = byTold.get(told);
      if (connection !== undefined) send(connection, lines);
    }
    if (isAnother) agents.expelStrangers();
  };
  const send = (connection: Connection, lines: readonly string[]) => {
    const firstRound = firstRounds.get(connection);
    // A first round may be empty, and is told all the same: the agent waits for it.
    if (lines.length === 0 && firstRound !== undefined) return;
    if (connection.link.waiting() > UNREAD_LIMIT + (firstRound ?? 0)) return agents.expel(connection, "the agent does not read");
    const text = [...lines, messageText({ op: "synced", revision: present.revision() })].join("\n");
    if (firstRound === undefined) firstRounds.set(connection, text.length);
    connection.link.send(text);
  };
  const ignore = present.listen(({ changes }) => {
    for (const change of changes) touch(touched, present.state, change);
    if (changes.length > 0) tellSoon();
  });

  return {
    accept: (hello, link) => {
      const connection = agents.welcome(hello, link);
      tellSoon();
      return {
        report: (report) => {
          if (connection === undefined) return;
          connection.report = report;
          connection.attention.report(report);
        },
        closed: (reason) => connection !== undefined && agents.left(connection, reason),
      };
    },
    said: (host) => [...agents.all()].find(({ hello }) => hello.host === host),
    stop: () => {
      ignore();
      gathering?.();
      for (const connection of agents.all()) agents.expel(connection, "the controller stops");
    },
  };
}
