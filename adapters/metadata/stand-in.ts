/** Nova's metadata API as a server, over the model that its contract has: for tests, and for the lab. */
import { createServer } from "../http/node-http.ts";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { ServerOptions } from "node:https";
import { novaAnswer } from "#contracts/metadata.fake.ts";
import type { MetadataWorld } from "#contracts/metadata.fake.ts";
import { pairsOf } from "#core/metadata/headers.ts";

export interface StandInOptions {
  readonly tls?: ServerOptions;
  /** Done before each question is answered. */
  readonly prepare?: () => Promise<void>;
}

export function standIn(world: MetadataWorld, { tls, prepare = async () => undefined }: StandInOptions = {}) {
  const handle: RequestListener = (request, response) =>
    // Whoever asks may be gone before it is answered.
    void prepare()
      .then(() => answer(world, request, response))
      .catch(() => request.socket.destroy());
  return tls === undefined ? createServer(handle) : createSecureServer(tls, handle);
}

async function answer(world: MetadataWorld, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (world.state === "away") return void request.socket.destroy();
  const body = Buffer.concat(await request.toArray());
  const question = {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: pairsOf(request.rawHeaders),
    body: Uint8Array.from(body),
  };
  world.heard.push(question);
  if (world.state === "silent") return;
  const { status, text } = novaAnswer(world, question);
  response.writeHead(status, {
    "content-type": "text/plain",
    "content-length": Buffer.byteLength(text) + (world.state === "broken" ? 1 : 0),
  });
  response.end(request.method === "HEAD" ? "" : text);
  if (world.state === "broken") response.socket?.destroySoon();
}
