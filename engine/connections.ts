/** The agents that are connected: who is let in, one connection per host, and the attention that each gets. */
import type { AgentLink } from "#contracts/feed.ts";
import type { Log } from "#contracts/log.ts";
import { whyNotAdmitted } from "#core/feed/admission.ts";
import type { Hello, Report } from "#core/feed/item.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import { attend } from "./attend.ts";
import type { AttendParts, Attention } from "./attend.ts";
import { newcomer } from "./telling.ts";
import type { Told } from "./telling.ts";

export interface Connection {
  readonly hello: Hello;
  readonly link: AgentLink;
  readonly told: Told;
  readonly attention: Attention;
  /** Its last report. */
  report: Report | undefined;
}

export interface Connections {
  all(): Iterable<Connection>;
  /** Lets the agent in, in place of an older connection of its host; undefined: it was not let in, and was told why. */
  welcome(hello: Hello, link: AgentLink): Connection | undefined;
  /** Nothing more is told to it, or taken from it. */
  expel(connection: Connection, reason: string): void;
  /** Expels whoever is not, or no longer, an agent of this data centre; `which`: of these. */
  expelStrangers(which?: (connection: Connection) => boolean): void;
  /** It has left by itself, or has noticed that it was expelled. */
  left(connection: Connection, reason: string): void;
}

export interface ConnectionsParts extends AttendParts {
  readonly present: { readonly state: Cloud };
  readonly log: Log;
}

export function connections(parts: ConnectionsParts): Connections {
  const { log } = parts;
  const open = new Set<Connection>();
  const forget = (connection: Connection) => {
    open.delete(connection);
    connection.attention.stop();
  };
  const expel = (connection: Connection, reason: string) => {
    forget(connection);
    connection.link.close(reason);
  };
  return {
    all: () => open,
    expel,
    welcome: (hello, link) => {
      const reason = refusalOf(parts, hello, link);
      if (reason !== undefined) {
        link.close(reason);
        return undefined;
      }
      // The agent knows better than we whether its old connection stands.
      for (const other of open) if (other.hello.host === hello.host) expel(other, "this host's agent has connected again");
      const connection: Connection = {
        hello,
        link,
        told: newcomer(hello),
        attention: attend(parts, hello),
        report: undefined,
      };
      open.add(connection);
      log.info("an agent has come", { host: hello.host, role: hello.role });
      return connection;
    },
    expelStrangers: (which = () => true) => {
      for (const connection of [...open].filter(which)) {
        const reason = refusalOf(parts, connection.hello, connection.link);
        if (reason !== undefined) expel(connection, reason);
      }
    },
    left: (connection, reason) => {
      forget(connection);
      log.info("an agent has left", { host: connection.hello.host, role: connection.hello.role, reason });
    },
  };
}

function refusalOf({ present, log }: ConnectionsParts, hello: Hello, link: AgentLink): string | undefined {
  const reason = whyNotAdmitted(present.state, hello, link.from);
  if (reason !== undefined) log.warn("an agent was not let in", { host: hello.host, role: hello.role, from: link.from, reason });
  return reason;
}
