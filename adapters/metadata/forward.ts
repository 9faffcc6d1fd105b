/** One question of a VM, sent on to Nova, and the answer on its way back. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { MetadataAnswer } from "#contracts/metadata.ts";
import type { Caller } from "#core/metadata/caller.ts";
import { headersToNova, headersToVm, pairsOf } from "#core/metadata/headers.ts";
import { outcomeOf } from "#core/metadata/tally.ts";
import type { Outcome } from "#core/metadata/tally.ts";
import type { MetadataUpstream } from "./service.ts";
import { signatureOf } from "./signature.ts";

export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly instance: NonNullable<Caller["instance"]>;
  readonly upstream: MetadataUpstream;
  readonly heard: (answer: MetadataAnswer) => void;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT"]);
/** A password, at most: what VMs send is short. */
const BODY_BYTES = 64 * 1024;

/** Rejects when the VM has gone, or the answer broke off. */
export async function forward(asked: Asked): Promise<Outcome> {
  const { request, response, caller, instance, upstream } = asked;
  const { method = "", url: path = "" } = request;
  if (!METHODS.has(method))
    return refuse(response, "invalid", { status: 405, text: `${method} is not for metadata`, headers: { allow: [...METHODS].join(", ") } });
  if (!path.startsWith("/")) return refuse(response, "invalid", { status: 400, text: "the address is no path" });
  const body = await bodyOf(request);
  if (body === undefined)
    return refuse(response, "invalid", { status: 413, text: `more than ${BODY_BYTES} bytes`, headers: { connection: "close" } });
  const signature = signatureOf(upstream.secret, instance.id);
  const headers = headersToNova(pairsOf(request.rawHeaders), instance, { address: caller.address, signature });
  const answer = await upstream.api.ask({ method, path, headers, body }, (call) => response.once("close", call));
  if (response.destroyed) return "abandoned";
  asked.heard(answer);
  return await passOn(answer, response);
}

async function passOn(answer: MetadataAnswer, response: ServerResponse): Promise<Outcome> {
  // The reason names machines that are no business of a VM: it is in the agent's log and state.
  if (answer.state === "unreachable") return refuse(response, "unreachable", { status: 502, text: "the metadata API cannot be reached" });
  if (answer.state === "late") return refuse(response, "late", { status: 504, text: "the metadata API did not answer in time" });
  if (answer.state === "invalid") return refuse(response, "invalid", { status: 400, text: "the question cannot be sent on" });
  response.writeHead(answer.status, headersToVm(answer.headers).flat());
  await pipeline(answer.body, response);
  return outcomeOf(answer.status);
}

export interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** Answers without asking anybody. */
export function refuse(response: ServerResponse, outcome: Outcome, { status, text, headers = {} }: Refusal): Outcome {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers }).end(`${text}\n`);
  return outcome;
}

/** Undefined: it is too long. The rest of it is not read. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
