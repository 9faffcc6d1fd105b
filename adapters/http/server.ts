/**
 * The listener: TCP and unix sockets in, `handle` behind them. It knows no resource: paths, methods and bodies are
 * passed on as they come, and what cannot be passed on is refused in Neutron's form.
 */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import type { Server } from "node:http";
import { connect } from "node:net";
import fastify from "fastify";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Handle, HttpAnswer, HttpRequest } from "#contracts/http.ts";
import type { Log } from "#contracts/log.ts";
import type { Listen } from "#core/settings/types.ts";
import { jsonText } from "./json.ts";

export interface Serving {
  /** One per `listen`, in its order; a WebSocket server attaches to their `upgrade` events. */
  readonly servers: readonly Server[];
  /** `http://127.0.0.1:9696` or `unix:/run/margay.sock`, in the order of `listen`. */
  readonly addresses: readonly string[];
  /** Takes no more requests, lets those under way finish, and drops whatever is still connected after `graceMs`. */
  close(): Promise<void>;
}

export interface Service {
  readonly listen: readonly Listen[];
  readonly handle: Handle;
  readonly log: Log;
  readonly graceMs?: number;
}

const BODY_LIMIT = 1024 * 1024;
const HEADER_LIMIT = 32 * 1024;

/** Listens everywhere or nowhere: when one address is taken, the others are given up again. */
export async function serve(service: Service): Promise<Serving> {
  const doors = service.listen.map((listen) => ({ listen, app: appOf(service) }));
  const close = async () => {
    await Promise.all(doors.map(({ app }) => closeApp(app, service.graceMs ?? 5000)));
  };
  try {
    const addresses = await Promise.all(doors.map(({ app, listen }) => open(app, listen)));
    return { servers: doors.map(({ app }) => app.server), addresses, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function appOf({ handle, log }: Service): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    genReqId: () => `req-${randomUUID()}`,
    http: { maxHeaderSize: HEADER_LIMIT },
    // A slow sender is cut off; a handler may take its time.
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    // Clients that are being told goodbye by `close` still get their answer.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    exposeHeadRoutes: false,
    frameworkErrors: (error, request, reply) => refuse(error, request, reply),
  });
  // Neutron looks at no Content-Type: every body is text, and whoever handles the request parses it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) => done(null, text));
  const answer = async (request: FastifyRequest, reply: FastifyReply) => send(reply, await handle(requestOf(request)));
  app.route({ method: app.supportedMethods, url: "/*", handler: answer });
  // Methods that fastify has never heard of.
  app.setNotFoundHandler(answer);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (!(error.statusCode !== undefined && error.statusCode < 500))
      log.error("request failed", { url: request.url, id: request.id, error });
    refuse(error, request, reply);
  });
  return app;
}

function requestOf(request: FastifyRequest): HttpRequest {
  const [path = "/", query = ""] = split(request.raw.url ?? "/");
  const from = request.raw.socket.remoteAddress;
  const headers = Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]);
  return {
    method: request.method,
    path,
    query: [...new URLSearchParams(query)],
    headers: Object.fromEntries(headers),
    text: typeof request.body === "string" ? request.body : "",
    base: baseOf(request),
    ...(from !== undefined && { from }),
  };
}

/** As the client reached us, through whatever proxy. */
function baseOf({ headers }: FastifyRequest): string {
  const one = (value: string | readonly string[] | undefined) => (typeof value === "string" ? value : value?.[0])?.split(",")[0]?.trim();
  const host = one(headers["x-forwarded-host"]) ?? one(headers.host) ?? "localhost";
  return `${one(headers["x-forwarded-proto"]) ?? "http"}://${host}`;
}

function split(url: string): [string, string] {
  const at = url.indexOf("?");
  return at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
}

function send(reply: FastifyReply, { status, headers, body }: HttpAnswer): FastifyReply {
  void reply.code(status).header("x-openstack-request-id", reply.request.id);
  for (const [name, value] of Object.entries(headers ?? {})) void reply.header(name, value);
  if (body === undefined) return reply.send();
  return reply.header("content-type", "application/json").send(jsonText(body));
}

/** What never reached `handle`, or was thrown there: a client's fault keeps its words, ours do not leave the house. */
function refuse(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : 500;
  const [type, message] =
    status === 413
      ? ["HTTPRequestEntityTooLarge", `The body is larger than ${BODY_LIMIT} bytes.`]
      : status < 500
        ? ["HTTPBadRequest", error.message]
        : ["HTTPInternalServerError", "Request Failed: internal server error while processing your request."];
  return send(reply, { status, body: { NeutronError: { type, message, detail: "" } } });
}

async function open(app: FastifyInstance, listen: Listen): Promise<string> {
  if (!("path" in listen)) return await app.listen(listen);
  await removeStale(listen.path);
  await app.listen(listen);
  return `unix:${listen.path}`;
}

/** A socket file that nobody listens on is left over from a process that died; one that answers is somebody's. */
async function removeStale(path: string): Promise<void> {
  const failure = await new Promise<string | undefined>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  if (failure === "ECONNREFUSED") await rm(path, { force: true });
}

async function closeApp(app: FastifyInstance, graceMs: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
