/**
 * The feed on the controller: WebSockets at `/feed` of the API's own servers. An agent says hello, and is then told and
 * listened to; whoever says anything else is shown out.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { RawData } from "ws";
import type { AcceptAgent, AgentLink, AgentSession } from "#contracts/feed.ts";
import type { Origin } from "#core/feed/admission.ts";
import { readHello, readReports } from "#core/feed/wire.ts";
import { readIp } from "#core/net/address.ts";
import { listenToHeart } from "./heart.ts";

export const FEED_PATH = "/feed";

/** How long an agent may take to say hello, and to take note of a goodbye. */
const MANNERS_MS = 5000;
/** A report names each endpoint of a host. */
const REPORT_LIMIT = 4 * 1024 * 1024;
/** RFC 6455, 7.4.1. */
const [NORMAL, POLICY_VIOLATION] = [1000, 1008];
/** RFC 6455, 5.5: what a close frame has room for. */
const REASON_LIMIT = 120;

export interface FeedDoor {
  /** Takes nobody in any more, and drops whoever is still there. */
  close(): void;
}

export function serveFeed(servers: readonly Server[], accept: AcceptAgent): FeedDoor {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: REPORT_LIMIT });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url !== FEED_PATH) return socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    sockets.handleUpgrade(request, socket, head, (agent) => welcome(agent, originOf(request), accept));
  };
  for (const server of servers) server.on("upgrade", upgrade);
  return {
    close: () => {
      for (const server of servers) server.off("upgrade", upgrade);
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

/** A unix socket has no addresses. */
function originOf({ socket }: IncomingMessage): Origin {
  const { remoteAddress: address } = socket;
  if (address === undefined || /^(::ffff:)?127\.|^::1$/.test(address)) return "here";
  return readIp(address.replace(/^::ffff:/, ""));
}

function welcome(socket: WebSocket, from: Origin, accept: AcceptAgent): void {
  let session: AgentSession | undefined;
  let reason: string | undefined;
  const close = (code: number, why: string) => {
    reason ??= why;
    socket.close(code, why.slice(0, REASON_LIMIT));
    setTimeout(() => socket.terminate(), MANNERS_MS).unref();
  };
  const impatience = setTimeout(() => close(POLICY_VIOLATION, "no hello came"), MANNERS_MS);

  listenToHeart(socket);
  socket.on("error", (error) => (reason ??= error.message));
  socket.on("message", (data) => {
    if (reason !== undefined) return;
    if (session !== undefined) return reported(session, textOf(data)) || close(POLICY_VIOLATION, "this is no report");
    clearTimeout(impatience);
    const hello = readHello(textOf(data));
    if (hello === undefined) return close(POLICY_VIOLATION, "this is no hello");
    session = accept(
      hello,
      linkTo(socket, from, (why) => close(NORMAL, why)),
    );
  });
  socket.once("close", (_code, said) => {
    clearTimeout(impatience);
    session?.closed(reason ?? (said.toString() || "the connection broke"));
  });
}

function reported(session: AgentSession, text: string): boolean {
  const reports = readReports(text);
  for (const report of reports ?? []) session.report(report);
  return reports !== undefined;
}

function linkTo(socket: WebSocket, from: Origin, close: (why: string) => void): AgentLink {
  return {
    from,
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    waiting: () => socket.bufferedAmount,
    close,
  };
}

/** A frame of text; `ws` gives it as it was received. */
export function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString();
}
