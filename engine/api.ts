/**
 * The API pipeline: who asks, what they say, what core answers; reads at once from the present, writes through the
 * writer. Knows no socket and no resource.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Handle, HttpAnswer, HttpRequest } from "#contracts/http.ts";
import type { Identity } from "#contracts/identity.ts";
import type { Writer } from "#contracts/writer.ts";
import { refusalResponse } from "#core/neutron/api-types.ts";
import type { ApiAnswer, ApiRequest, ApiResponse } from "#core/neutron/api-types.ts";
import { errorAnswer } from "#core/identity/refusals.ts";
import { versions } from "#core/neutron/discovery.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import { badRequest, methodNotAllowed, notFound } from "#core/neutron/refusals.ts";
import type { Who } from "#core/policy/who.ts";
import { ok, refused } from "#core/result.ts";
import type { Refusal, Result } from "#core/result.ts";

/** A part of the API: answers for everything below its place. */
export type Part = (cloud: Cloud, request: ApiRequest) => ApiAnswer;

export interface ApiParts {
  readonly cloud: Cloud;
  readonly writer: Writer<Cloud>;
  readonly identity: Identity;
  readonly clock: Clock;
  /** RFC 3339, UTC, seconds. */
  readonly now: () => string;
  /** By the beginning of their paths: `v2.0`, `margay/v1`. */
  readonly parts: Readonly<Record<string, Part>>;
}

export function api(parts: ApiParts): Handle {
  return async (request) => {
    const path = decoded(request.path);
    if (path === undefined) return refusalResponse(badRequest(`The path ${request.path} is not properly encoded.`));
    if (path.length === 0) return root(request);
    if (path[0] === "healthcheck" && path.length === 1) return { status: 200, body: "OK" };
    const found = partOf(parts, path);
    return await answered(parts, request, found);
  };
}

/** Segments behind the first slash; of `/`, none. */
function decoded(path: string): readonly string[] | undefined {
  try {
    const segments = path.split("/").slice(1).map(decodeURIComponent);
    return segments.length === 1 && segments[0] === "" ? [] : segments;
  } catch {
    return undefined;
  }
}

/** What there is, told before anybody says who they are. */
function root({ method, base }: HttpRequest): HttpAnswer {
  return method === "GET" ? versions(base) : refusalResponse(methodNotAllowed);
}

interface Found {
  readonly place: string;
  readonly part: Part;
  /** Below the place. */
  readonly path: readonly string[];
}

function partOf({ parts }: ApiParts, path: readonly string[]): Found | undefined {
  for (const [place, part] of Object.entries(parts)) {
    const depth = place.split("/").length;
    if (path.slice(0, depth).join("/") === place) return { place, part, path: path.slice(depth) };
  }
  return undefined;
}

async function answered(parts: ApiParts, request: HttpRequest, found: Found | undefined): Promise<HttpAnswer> {
  const { identity } = parts;
  const who = await identity.identify(request.headers);
  if (!who.ok) return stranger(who.refusal, identity.challenge(request.base));
  const { user, project } = who.value;
  // Not before: a stranger is not told what there is.
  const answer = found === undefined ? refusalResponse(notFound) : await answeredTo(who.value, { parts, request, found });
  return { ...answer, who: { user, project } };
}

interface Question {
  readonly parts: ApiParts;
  readonly request: HttpRequest;
  readonly found: Found;
}

async function answeredTo(who: Who, { parts: { cloud, writer, clock, now }, request, found }: Question): Promise<HttpAnswer> {
  const { place, part, path } = found;
  const body = acceptable(request) ?? parsed(request.text);
  if (!body.ok) return refusalResponse(body.refusal);
  const ifMatch = request.headers["if-match"];
  const asked: ApiRequest = {
    method: request.method,
    path,
    query: request.query,
    body: body.value,
    ...(ifMatch === undefined ? {} : { ifMatch }),
    who,
    base: `${request.base}/${place}`,
    now: now(),
  };
  const answer = part(cloud, asked);
  if (answer.kind === "read") return answer.response;
  const written = await writer.write(answer.decide);
  return written.ok ? await wholeOf(written.value, clock) : refusalResponse(written.refusal);
}

/** Others wait no longer than this, milliseconds, for an answer that takes long. */
const TURN_MS = 10;

async function wholeOf(said: ApiResponse, clock: Clock): Promise<ApiResponse> {
  if (said.rest === undefined) return said;
  const parts = said.rest();
  let since = clock.now();
  for (let part = parts.next(); ; part = parts.next()) {
    if (part.done === true) return part.value;
    if (clock.now() - since < TURN_MS) continue;
    await new Promise<void>((goOn) => clock.after(0, goOn));
    since = clock.now();
  }
}

/** Whoever is not known is told so as Keystone's middleware does; what else may be wrong, as Neutron does. */
export function stranger(refusal: Refusal, challenge: string): HttpAnswer {
  if (refusal.status !== 401) return refusalResponse(refusal);
  return { ...errorAnswer(refusal), headers: { "www-authenticate": challenge } };
}

/** Undefined: JSON will do. */
function acceptable({ headers }: HttpRequest): Result<never> | undefined {
  const accept = headers["accept"];
  if (accept === undefined || accept === "" || /json|\*\/\*|application\/\*/.test(accept)) return undefined;
  return refused({ status: 406, type: "HTTPNotAcceptable", message: `There is nothing but application/json, and ${accept} is asked for.` });
}

/** Undefined where there is no body; JSON otherwise, whatever its Content-Type says. */
function parsed(text: string): Result<unknown> {
  if (text === "") return ok(undefined);
  try {
    return ok(JSON.parse(text));
  } catch {
    return refused(badRequest("Body contains invalid data"));
  }
}
