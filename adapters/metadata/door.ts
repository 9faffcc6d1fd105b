/**
 * Where the agent listens for VMs: one address for each family, on a link that the agent itself makes. The address may not be there yet,
 * or a predecessor may not have left it yet, so it is tried until it is had; an address that goes and comes back changes nothing.
 */
import { createServer } from "../http/node-http.ts";
import type { RequestListener, Server } from "node:http";
import type { Socket } from "node:net";
import { reasonOf } from "../linux/errors.ts";

export interface DoorParts {
  readonly addresses: readonly string[];
  readonly port: number;
  /** Is this connection taken? Else it is closed unheard. */
  readonly admit: (socket: Socket) => boolean;
  readonly handle: RequestListener;
  /** Told when it is another than before: `listening`, or why not. */
  readonly changed: (address: string, state: string) => void;
  readonly patience: Patience;
}

/** Milliseconds. */
export interface Patience {
  /** For the headers of a request, for all of it, between two, and for any progress at all. */
  readonly headers: number;
  readonly request: number;
  readonly between: number;
  readonly progress: number;
  /** Until a door that is not open is tried again. */
  readonly retry: number;
}

export const PATIENCE: Patience = { headers: 10_000, request: 20_000, between: 10_000, progress: 30_000, retry: 1000 };

export interface Door {
  /** By address: `listening`, or why not. */
  states(): Readonly<Record<string, string>>;
  /** Something may have changed: those that are not open are tried again. */
  wake(): void;
  /** Answers once nothing is open. */
  close(): Promise<void>;
}

const BACKLOG = 1024;
/** Of all VMs together. */
const CONNECTIONS = 4096;
const HEADER_BYTES = 16 * 1024;

export function door(parts: DoorParts): Door {
  const leaves = parts.addresses.map((address) => leaf(address, parts));
  return {
    states: () => Object.fromEntries(leaves.map(({ address, state }) => [address, state()])),
    wake: () => leaves.forEach(({ attempt }) => attempt()),
    close: async () => void (await Promise.all(leaves.map(({ close }) => close()))),
  };
}

function leaf(address: string, parts: DoorParts) {
  let [state, timer, trying, closed] = ["not tried yet", undefined as NodeJS.Timeout | undefined, false, false];
  const server = serverOf(parts);
  const become = (next: string) => {
    if (state === next) return;
    state = next;
    parts.changed(address, next);
  };
  const attempt = () => {
    if (trying || closed || server.listening) return;
    trying = true;
    clearTimeout(timer);
    server.listen({ host: address, port: parts.port, backlog: BACKLOG, ipv6Only: true });
  };
  server.on("listening", () => {
    trying = false;
    become("listening");
  });
  server.on("error", (error) => {
    trying = false;
    become(reasonOf(error));
    if (!closed) timer = setTimeout(attempt, parts.patience.retry);
  });
  attempt();
  return {
    address,
    state: () => state,
    attempt,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serverOf({ admit, handle, patience }: DoorParts): Server {
  const server = createServer(
    {
      headersTimeout: patience.headers,
      requestTimeout: patience.request,
      keepAliveTimeout: patience.between,
      connectionsCheckingInterval: Math.min(1000, patience.headers),
      maxHeaderSize: HEADER_BYTES,
    },
    handle,
  );
  server.maxConnections = CONNECTIONS;
  // The simplest clients (nc, socat) close their side once they have asked. Node knows this word, its types do not.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.prependListener("connection", (socket) => {
    if (!admit(socket)) return socket.destroy();
    return socket.setTimeout(patience.progress, () => socket.destroy());
  });
  return server;
}
