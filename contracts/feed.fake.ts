/** Both ends of the feed without a network between them: messages take a turn of the loop, connections can be cut. */
import { readFeed, readHello, readReports, messageText } from "#core/feed/wire.ts";
import type { FeedMessage, Hello } from "#core/feed/item.ts";
import type { AcceptAgent, AgentSession, FeedClient, FeedListener } from "./feed.ts";

export interface FakeFeed {
  readonly client: FeedClient;
  /** Breaks every connection; the agents come back. */
  cut(): void;
}

interface Wire {
  cut(reason: string): void;
}

export function fakeFeed(accept: AcceptAgent): FakeFeed {
  const wires = new Set<Wire>();
  return {
    client: (hello, listener) => {
      let session: AgentSession | undefined;
      let wire: Wire | undefined;
      let wanted = true;
      const open = () => {
        if (!wanted) return;
        const connection = connect(accept, hello, {
          ...listener,
          disconnected: (reason) => {
            if (wire !== undefined) wires.delete(wire);
            session = undefined;
            if (wanted) listener.disconnected(reason);
            soon(open);
          },
        });
        [session, wire] = [connection.session, connection.wire];
        wires.add(wire);
      };
      soon(open);
      return {
        report: (report) => {
          const to = session;
          const reports = readReports(messageText(report)) ?? [];
          if (to !== undefined) soon(() => reports.forEach((one) => to.report(one)));
        },
        close: () => {
          wanted = false;
          wire?.cut("the agent has left");
        },
      };
    },
    cut: () => {
      for (const wire of wires) wire.cut("the connection broke");
    },
  };
}

function connect(accept: AcceptAgent, hello: Hello, listener: FeedListener): { readonly session: AgentSession; readonly wire: Wire } {
  let open = true;
  const cut = (reason: string) => {
    if (!open) return;
    open = false;
    soon(() => {
      session.closed(reason);
      listener.disconnected(reason);
    });
  };
  const greeting = readHello(messageText(hello));
  if (greeting === undefined) throw new Error(`this is no hello: ${messageText(hello)}`);
  listener.connected();
  const session = accept(greeting, {
    from: "here",
    send: (text) => soon(() => open && tell(listener, text)),
    waiting: () => 0,
    close: cut,
  });
  return { session, wire: { cut } };
}

function tell(listener: FeedListener, text: string): void {
  const messages: readonly FeedMessage[] | undefined = readFeed(text);
  if (messages === undefined) throw new Error(`this is no message of the feed: ${text}`);
  for (const message of messages) listener.message(message);
}

function soon(call: () => void): void {
  void Promise.resolve().then(call);
}
