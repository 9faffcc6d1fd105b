/** What a client is told before it knows anything: versions, resources, extensions. */
import { pathOf } from "../resource/resource.ts";
import type { Resource } from "../resource/resource.ts";
import { ok, refused } from "../result.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest, ApiResponse } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { extensionsOf } from "./extension.ts";
import { methodNotAllowed, notFound } from "./refusals.ts";
import { DECLARED } from "./tables.ts";

export const VERSION = "v2.0";

/** `GET /`: answered to anybody. `base` is where the server was reached: `http://controller:9696`. */
export function versions(base: string): ApiResponse {
  const links = [{ rel: "self", href: `${base}/${VERSION}/` }];
  return { status: 200, body: { versions: [{ id: VERSION, status: "CURRENT", links }] } };
}

/** `GET /v2.0/`: what has a place of its own. What lies under another object has as many as there are of those. */
export function answerVersion(_cloud: Cloud, { method, base }: ApiRequest): ApiAnswer {
  if (method !== "GET") return readAnswer(refused(methodNotAllowed));
  const placed = Object.values<Resource>(DECLARED).filter(({ under }) => under === undefined);
  const resources = placed.map((declared) => ({
    name: declared.name,
    collection: declared.plural,
    links: [{ rel: "self", href: `${base}/${pathOf(declared)}` }],
  }));
  return readAnswer(ok({ status: 200, body: { resources } }));
}

const EXTENSIONS = extensionsOf(Object.values(DECLARED));

/** `/v2.0/extensions` and one of them by its alias. */
export function answerExtension(_cloud: Cloud, { method, path }: ApiRequest): ApiAnswer {
  const [, alias, more] = path;
  if (method !== "GET" || more !== undefined) return readAnswer(refused(notFound));
  if (alias === undefined) return readAnswer(ok({ status: 200, body: { extensions: EXTENSIONS } }));
  const extension = EXTENSIONS.find((one) => one.alias === alias);
  return readAnswer(extension === undefined ? refused(notFound) : ok({ status: 200, body: { extension } }));
}
