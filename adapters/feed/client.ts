/** The feed on an agent: a WebSocket to one of the controllers, made anew whenever it is lost, until closed. */
import { WebSocket } from "ws";
import type { FeedClient, FeedListener } from "#contracts/feed.ts";
import { messageText, readFeed } from "#core/feed/wire.ts";
import type { Hello } from "#core/feed/item.ts";
import { listenToHeart } from "./heart.ts";
import { FEED_PATH, textOf } from "./server.ts";

export interface FeedClientOptions {
  /** `http://host:port`, `https://host:port` or `unix:/path`, tried in turn. */
  readonly controllers: readonly string[];
}

/** The time to the next attempt doubles up to the longest; chance spreads the agents of a controller that comes back. */
const [SHORTEST_MS, LONGEST_MS] = [50, 1000];
const CONNECT_MS = 5000;

/** Throws when an address is none of the three kinds. */
export function feedClient({ controllers }: FeedClientOptions): FeedClient {
  const addresses = controllers.map(feedAddress);
  if (addresses.length === 0) throw new Error("Cannot connect to the controller: no address was given");
  return (hello, listener) => {
    let attempts = 0;
    let socket: WebSocket | undefined;
    let timer: NodeJS.Timeout | undefined;
    let lastReason: string | undefined;
    let closed = false;

    const attempt = (): void => {
      const address = addresses[attempts % addresses.length] ?? "";
      attempts += 1;
      socket = connect(address, hello, { connected, message, disconnected });
    };
    const connected = (): void => {
      lastReason = undefined;
      listener.connected();
    };
    const message: FeedListener["message"] = (one) => {
      attempts = 0;
      listener.message(one);
    };
    const disconnected = (reason: string): void => {
      if (closed) return;
      // A controller that is away is told once, not at each attempt.
      if (reason !== lastReason) listener.disconnected(reason);
      lastReason = reason;
      timer = setTimeout(attempt, pause(attempts));
    };
    attempt();
    return {
      report: (report) => {
        if (socket?.readyState === WebSocket.OPEN) socket.send(messageText(report));
      },
      close: () => {
        closed = true;
        clearTimeout(timer);
        socket?.close();
      },
    };
  };
}

function connect(address: string, hello: Hello, listener: FeedListener): WebSocket {
  const socket = new WebSocket(address, { perMessageDeflate: false, handshakeTimeout: CONNECT_MS, maxPayload: 0 });
  let reason: string | undefined;
  listenToHeart(socket);
  socket.on("open", () => {
    socket.send(messageText(hello));
    listener.connected();
  });
  socket.on("message", (data) => {
    const messages = reason === undefined ? readFeed(textOf(data)) : [];
    for (const one of messages ?? []) listener.message(one);
    if (messages !== undefined) return;
    reason = "the controller sent what is no message of the feed";
    socket.terminate();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => (reason ??= error.message || error.code));
  socket.once("close", (_code, said) => listener.disconnected(reason ?? (said.toString() || "the connection broke")));
  return socket;
}

function pause(attempts: number): number {
  const longest = Math.min(SHORTEST_MS * 2 ** Math.min(attempts, 10), LONGEST_MS);
  return longest * (0.5 + Math.random() / 2);
}

function feedAddress(controller: string): string {
  const path = controller.startsWith("unix:/") ? controller.slice("unix:".length) : undefined;
  if (path !== undefined) return `ws+unix:${path}:${FEED_PATH}`;
  const url = URL.parse(controller);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Error(`Cannot connect to the controller "${controller}": its address is http://HOST:PORT, https://HOST:PORT or unix:/PATH`);
  return `${url.protocol.replace("http", "ws")}//${url.host}${FEED_PATH}`;
}
