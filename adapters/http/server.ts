/** The listener: TCP and unix sockets in, `handle` behind them, within limits. */
import { createServer } from "./node-http.ts";
import type { RequestListener, Server, ServerOptions } from "node:http";
import { createServer as createSecureServer, Server as SecureServer } from "node:https";
import type { FastifyInstance } from "fastify";
import type { Handle } from "#contracts/http.ts";
import type { Log } from "#contracts/log.ts";
import type { Listen } from "#core/settings/types.ts";
import { appOf } from "./app.ts";
import type { ExchangeOver } from "./exchanges.ts";
import { gate } from "./gate.ts";
import type { Gate } from "./gate.ts";
import { removeStale } from "./stale-socket.ts";
import type { Certificates } from "./tls.ts";
import { answerUnread } from "./unread.ts";

export interface Serving {
  /** One per `listen`, in its order; a WebSocket server attaches to their `upgrade` events. */
  readonly servers: readonly Server[];
  /** `http://127.0.0.1:9696`, `https://…` or `unix:/run/margay.sock`, in the order of `listen`. */
  readonly addresses: readonly string[];
  /** Takes no more requests, lets those under way finish, and drops whatever is still connected after `graceMs`. */
  close(): Promise<void>;
}

/** What a server is made with, and keeps. Times in ms. */
export interface ServerTerms {
  readonly headerBytes: number;
  /** For a client to send a request; a handler may take its time. */
  readonly requestMs: number;
  /** For a connection that asks nothing. */
  readonly idleMs: number;
  readonly graceMs: number;
}

export interface Service {
  readonly listen: readonly Listen[];
  readonly handle: Handle;
  readonly log: Log;
  readonly terms?: Partial<ServerTerms>;
  /** Shared by all doors of a process; else the door's own. */
  readonly gate?: Gate;
  /** Asked for each request. */
  readonly mostBodyBytes?: () => number;
  /** Paths whose bodies are passed on in pieces, however long. */
  readonly inPieces?: ReadonlySet<string>;
  /** For TCP doors; unix sockets are for this machine. */
  readonly certificates?: Certificates | undefined;
  /** Called once for each exchange. */
  readonly over?: (exchange: ExchangeOver) => void;
}

const TERMS: ServerTerms = { headerBytes: 32 * 1024, requestMs: 60_000, idleMs: 75_000, graceMs: 5000 };
const BODY_LIMIT = 1024 * 1024;
const GATE = { requests: 1024, clientRequests: 256 };

/** Listens everywhere or nowhere: when one address is taken, the others are given up again. */
export async function serve(service: Service): Promise<Serving> {
  const terms = { ...TERMS, ...service.terms };
  const shared = service.gate ?? gate(() => GATE);
  const doors = service.listen.map((listen) => ({ listen, app: doorOf(service, { listen, terms, gate: shared }) }));
  const close = async () => {
    await Promise.all(doors.map(({ app }) => closeApp(app, terms.graceMs)));
  };
  try {
    const addresses = await Promise.all(doors.map(({ app, listen }) => open(app, listen)));
    return { servers: doors.map(({ app }) => app.server), addresses, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Door {
  readonly listen: Listen;
  readonly terms: ServerTerms;
  readonly gate: Gate;
}

function doorOf(service: Service, { listen, terms, gate }: Door): FastifyInstance {
  const { handle, log, over = () => {}, mostBodyBytes = () => BODY_LIMIT, inPieces = new Set(), certificates } = service;
  const serverFactory = (handler: RequestListener) => {
    const server = serverOf(handler, terms, "path" in listen ? undefined : certificates);
    answerUnread(server, over);
    return server;
  };
  return appOf({ handle, log, gate, mostBodyBytes, inPieces, over, serverFactory });
}

/** A client that trickles its request, or does not read its answer, is cut off. */
function serverOf(handler: RequestListener, terms: ServerTerms, certificates: Certificates | undefined): Server {
  const options: ServerOptions = {
    maxHeaderSize: terms.headerBytes,
    requestTimeout: terms.requestMs,
    headersTimeout: Math.ceil(terms.requestMs / 4),
    keepAliveTimeout: terms.idleMs,
    connectionsCheckingInterval: Math.min(1000, Math.ceil(terms.requestMs / 8)),
  };
  const server = certificates === undefined ? createServer(options, handler) : secureServer(options, handler, certificates);
  server.setTimeout(Math.max(2 * terms.requestMs, terms.idleMs));
  return server;
}

function secureServer(options: ServerOptions, handler: RequestListener, certificates: Certificates): Server {
  const server = createSecureServer({ ...options, ...certificates.options() }, handler);
  certificates.listen((changed) => server.setSecureContext(changed));
  return server;
}

async function open(app: FastifyInstance, listen: Listen): Promise<string> {
  // fastify does not see that the server that it was given is a secure one.
  if (!("path" in listen)) return (await app.listen(listen)).replace(/^http:/, app.server instanceof SecureServer ? "https:" : "http:");
  await removeStale(listen.path);
  await app.listen(listen);
  return `unix:${listen.path}`;
}

async function closeApp(app: FastifyInstance, graceMs: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
