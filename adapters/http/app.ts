/**
 * One door's application: requests in, `handle` behind them. It knows no resource: paths, methods and bodies are passed on
 * as they come, and what cannot be passed on is refused in Neutron's form.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import fastify from "fastify";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifyServerFactory } from "fastify";
import type { Handle, HttpAnswer, HttpRequest } from "#contracts/http.ts";
import type { Log } from "#contracts/log.ts";
import { textOf, TooLarge } from "./body.ts";
import { HUNG_UP } from "./exchanges.ts";
import type { ExchangeOver } from "./exchanges.ts";
import type { Gate } from "./gate.ts";
import { jsonText } from "./json.ts";
import { badRequest, bodyTooLarge, internalError, tooManyOfAll, tooManyOfClient } from "./refusals.ts";

export interface AppParts {
  readonly handle: Handle;
  readonly log: Log;
  readonly gate: Gate;
  /** Asked for each request. */
  readonly mostBodyBytes: () => number;
  /** Paths whose bodies are passed on in pieces, however long. */
  readonly inPieces: ReadonlySet<string>;
  readonly over: (exchange: ExchangeOver) => void;
  readonly serverFactory: FastifyServerFactory;
}

export function appOf(parts: AppParts): FastifyInstance {
  const app = fastify({
    genReqId: () => `req-${randomUUID()}`,
    serverFactory: parts.serverFactory,
    // Clients that are being told goodbye by `close` still get their answer.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    exposeHeadRoutes: false,
    frameworkErrors: (error, request, reply) => refuse(parts, { error, request, reply }),
  });
  // Neutron looks at no Content-Type: every body is text, and whoever handles the request parses it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async (request: FastifyRequest, payload: IncomingMessage) =>
    parts.inPieces.has(pathOf(request)) ? payload : await textOf(payload, parts.mostBodyBytes()),
  );
  app.addHook("onRequest", (request, reply, done) => admit(parts, { request, reply, done }));
  const answer = async (request: FastifyRequest, reply: FastifyReply) => send(reply, await parts.handle(requestOf(request)));
  app.route({ method: app.supportedMethods, url: "/*", handler: answer });
  // Methods that fastify has never heard of.
  app.setNotFoundHandler(answer);
  app.setErrorHandler((error: FastifyError, request, reply) => refuse(parts, { error, request, reply }));
  return app;
}

interface Admission {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly done: () => void;
}

/** Counts it from now until its connection has the answer, or is gone. */
function admit({ gate, over }: AppParts, { request, reply, done }: Admission): void {
  const begun = performance.now();
  const leave = gate.enter(request.raw.socket.remoteAddress);
  reply.raw.once("close", () => {
    if (typeof leave === "function") leave();
    over(exchangeOver(request, reply, performance.now() - begun));
  });
  if (typeof leave === "function") return done();
  send(reply, leave === "client" ? tooManyOfClient : tooManyOfAll);
}

/** Who asked, from the answer until the exchange is over. */
const ASKERS = new WeakMap<FastifyReply, NonNullable<HttpAnswer["who"]>>();

function exchangeOver(request: FastifyRequest, reply: FastifyReply, ms: number): ExchangeOver {
  const globalId = request.headers["x-openstack-request-id"];
  const from = request.raw.socket.remoteAddress;
  const who = ASKERS.get(reply);
  return {
    id: request.id,
    method: request.method,
    path: pathOf(request),
    status: reply.raw.writableFinished ? reply.raw.statusCode : HUNG_UP,
    ms,
    ...(typeof globalId === "string" && { globalId }),
    ...(from !== undefined && { from }),
    ...(who !== undefined && { who }),
  };
}

function requestOf(request: FastifyRequest): HttpRequest {
  const [path, query] = split(request.raw.url ?? "/");
  const from = request.raw.socket.remoteAddress;
  const headers = Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]);
  return {
    method: request.method,
    path,
    query: [...new URLSearchParams(query)],
    headers: Object.fromEntries(headers),
    text: typeof request.body === "string" ? request.body : "",
    ...(request.body instanceof Readable && { pieces: request.body as AsyncIterable<Uint8Array> }),
    base: baseOf(request),
    ...(from !== undefined && { from }),
  };
}

function pathOf(request: FastifyRequest): string {
  return split(request.raw.url ?? "/")[0];
}

/** As the client reached us, through whatever proxy. */
function baseOf({ headers, protocol }: FastifyRequest): string {
  const one = (value: string | readonly string[] | undefined) => (typeof value === "string" ? value : value?.[0])?.split(",")[0]?.trim();
  const host = one(headers["x-forwarded-host"]) ?? one(headers.host) ?? "localhost";
  return `${one(headers["x-forwarded-proto"]) ?? protocol}://${host}`;
}

function split(url: string): [string, string] {
  const at = url.indexOf("?");
  return at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
}

function send(reply: FastifyReply, { status, headers, body, text, pieces, who }: HttpAnswer): FastifyReply {
  void reply.code(status).header("x-openstack-request-id", reply.request.id);
  for (const [name, value] of Object.entries(headers ?? {})) void reply.header(name, value);
  if (who !== undefined) ASKERS.set(reply, who);
  if (pieces !== undefined) {
    reply.raw.once("close", () => pieces.ended());
    return reply.send(Readable.from(pieces.chunks));
  }
  if (text !== undefined) return reply.send(text);
  if (body === undefined) return reply.send();
  return reply.header("content-type", "application/json").send(jsonText(body));
}

interface Failure {
  readonly error: FastifyError;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** What never reached `handle`, or was thrown there: a client's fault keeps its words, ours do not leave the house. */
function refuse({ log }: AppParts, { error, request, reply }: Failure): FastifyReply {
  if (error instanceof TooLarge) return send(reply, bodyTooLarge(error.most));
  if (error.statusCode !== undefined && error.statusCode < 500) return send(reply, badRequest(error.message));
  // A client that has hung up is told nothing, and is no failure of ours.
  if (!request.raw.destroyed || request.raw.complete) log.error("request failed", { path: pathOf(request), id: request.id, error });
  return send(reply, internalError);
}
