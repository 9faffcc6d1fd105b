/**
 * A door for this machine's administrator: one unix socket that only the process's own user may open, on which things are asked and
 * nothing is told. Small, as an agent must not carry the API's library.
 */
import { createServer } from "./node-http.ts";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { once } from "node:events";
import type { Handle, HttpAnswer, HttpRequest } from "#contracts/http.ts";
import type { Log } from "#contracts/log.ts";
import { reasonOf } from "../linux/errors.ts";
import { removeStale } from "./stale-socket.ts";

export interface LocalDoor {
  /** Who is still being answered is cut off. */
  close(): Promise<void>;
}

/** Times in ms. */
const LIMITS = { maxHeaderSize: 8 * 1024, requestTimeout: 5000, headersTimeout: 5000, keepAliveTimeout: 5000 };
const MOST_CONNECTIONS = 64;

/** Rejects where somebody listens already, or where there is no such directory. Bodies of requests are not read. */
export async function localDoor({ path, handle, log }: { path: string; handle: Handle; log: Log }): Promise<LocalDoor> {
  const server = createServer(LIMITS, (request, response) => void exchange({ request, response, handle, log }));
  server.maxConnections = MOST_CONNECTIONS;
  await removeStale(path);
  await listening(server, path);
  return {
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listening(server: Server, path: string): Promise<void> {
  // The file is made within the call: nobody else may open it at any moment, and no other file is made with this mask.
  const before = process.umask(0o177);
  const listens = once(server, "listening");
  server.listen(path);
  process.umask(before);
  await listens.catch((error: unknown) => {
    throw new Error(`Cannot listen at ${path}: ${reasonOf(error)}`, { cause: error });
  });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly handle: Handle;
  readonly log: Log;
}

async function exchange({ request, response, handle, log }: Exchange): Promise<void> {
  request.resume();
  const answer = await handle(requestOf(request)).catch((error: unknown): HttpAnswer => {
    log.error("a question was not answered", { path: request.url, error });
    return { status: 500, body: { error: "a bug: the log says more" } };
  });
  const text = answer.text ?? `${JSON.stringify(answer.body)}\n`;
  response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
  response.end(text);
}

/** Whoever is at a unix socket has no address, and its paths no host. */
function requestOf({ method = "GET", url = "/", headers }: IncomingMessage): HttpRequest {
  const { pathname, searchParams } = new URL(url, "http://local");
  const named = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]);
  return { method, path: pathname, query: [...searchParams], headers: Object.fromEntries(named), text: "", base: "http://local" };
}
