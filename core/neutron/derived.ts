/** Lists of what nobody keeps because it follows from something else: each object has no identity but what it says. */
import { maySee } from "../policy/may.ts";
import { readQuery } from "../resource/query.ts";
import { render } from "../resource/render.ts";
import type { Resource } from "../resource/resource.ts";
import { matches } from "../resource/select.ts";
import { ok, refused } from "../result.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { methodNotAllowed, notFound } from "./refusals.ts";

/** Answers for the collection, by filters and fields; who may not see it finds none. */
export function answerDerived(
  declared: Resource,
  objects: readonly object[],
  { cloud, request }: { readonly cloud: Cloud; readonly request: ApiRequest },
): ApiAnswer {
  if (request.path.length > 1) return readAnswer(refused(notFound));
  if (request.method !== "GET") return readAnswer(refused(methodNotAllowed));
  const query = readQuery(declared, request.query);
  if (!query.ok) return readAnswer(query);
  const sees = maySee(declared, { who: request.who, target: { owner: "" }, policy: cloud.settings.policy });
  const found = sees ? objects.filter((object) => matches(query.value, object)) : [];
  const shown = found.map((object) => render(declared, object, { fields: query.value.fields, hidden: new Set() }));
  return readAnswer(ok({ status: 200, body: { [declared.plural]: shown } }));
}
