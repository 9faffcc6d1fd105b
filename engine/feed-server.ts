/**
 * The feed, on the controller's side: tells every connected agent its part of the cloud, again after each commit, and turns
 * what agents say into writes. Commits that follow each other closely are told together.
 */
import type { Clock } from "#contracts/clock.ts";
import type { AcceptAgent, AgentLink } from "#contracts/feed.ts";
import type { Log } from "#contracts/log.ts";
import type { Writer } from "#contracts/writer.ts";
import type { Hello } from "#core/feed/item.ts";
import { touch, untouched } from "#core/feed/touch.ts";
import { messageText } from "#core/feed/wire.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import { attend } from "./attend.ts";
import type { Present } from "./present.ts";
import { newcomer, telling } from "./telling.ts";
import type { Told } from "./telling.ts";

/** Commits within this time are told together. */
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
  /** Ends all connections. */
  stop(): void;
}

interface Connection {
  readonly hello: Hello;
  readonly link: AgentLink;
  readonly told: Told;
  /** Length of its first round, in characters. */
  firstRound: number;
}

export function feedServer(parts: FeedServerParts): FeedServer {
  const { present, clock, log } = parts;
  const connections = new Map<string, Connection>();
  const teller = telling();
  let touched = untouched();
  let gathering: (() => void) | undefined;

  const tellSoon = () => (gathering ??= clock.after(GATHER_MS, tellAll));
  const tellAll = () => {
    gathering = undefined;
    const changed = touched;
    touched = untouched();
    const byTold = new Map([...connections.values()].map((connection) => [connection.told, connection]));
    const wasNew = new Set([...byTold.keys()].filter(({ state }) => state === "new"));
    for (const [told, lines] of teller.tell(byTold.keys(), present.state, changed)) {
      const connection = byTold.get(told);
      if (connection !== undefined && (lines.length > 0 || wasNew.has(told))) send(connection, lines, present.revision());
    }
  };
  const ignore = present.listen(({ changes }) => {
    for (const change of changes) touch(touched, present.state, change);
    if (changes.length > 0 && connections.size > 0) tellSoon();
  });

  return {
    accept: (hello, link) => {
      const connection: Connection = { hello, link, told: newcomer(hello.host, hello.role), firstRound: 0 };
      // The agent knows better than we whether its old connection stands.
      connections.get(hello.host)?.link.close("this host's agent has connected again");
      connections.set(hello.host, connection);
      log.info("an agent has come", { host: hello.host, role: hello.role });
      const attention = attend(parts, hello);
      tellSoon();
      return {
        report: attention.report,
        closed: (reason) => {
          attention.stop();
          if (connections.get(hello.host) === connection) connections.delete(hello.host);
          log.info("an agent has left", { host: hello.host, role: hello.role, reason });
        },
      };
    },
    stop: () => {
      ignore();
      gathering?.();
      for (const { link } of connections.values()) link.close("the controller stops");
    },
  };
}

function send(connection: Connection, lines: readonly string[], revision: number): void {
  if (connection.link.waiting() > UNREAD_LIMIT + connection.firstRound) return connection.link.close("the agent does not read");
  const text = [...lines, messageText({ op: "synced", revision })].join("\n");
  if (connection.firstRound === 0) connection.firstRound = text.length;
  connection.link.send(text);
}
