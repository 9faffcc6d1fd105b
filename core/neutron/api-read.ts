/** GET: one object, or a list by filters, order and page. */
import { linksOf } from "../resource/select.ts";
import { readQuery } from "../resource/query.ts";
import type { Filter, Page, Query } from "../resource/query.ts";
import { ok } from "../result.ts";
import type { Result } from "../result.ts";
import { pageOf } from "./api-page.ts";
import type { ApiRequest, ApiResponse } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { declarationOf, found, shown } from "./look.ts";
import type { AnyRules } from "./look.ts";

export function show(
  rules: AnyRules,
  cloud: Cloud,
  { id, request }: { readonly id: string; readonly request: ApiRequest },
): Result<ApiResponse> {
  const row = found(rules, cloud, { id, request });
  if (!row.ok) return row;
  const fields = request.query.filter(([name, value]) => name === "fields" && value !== "").map(([, value]) => value);
  return ok({ status: 200, body: { [declarationOf(rules).name]: shown(rules, cloud, { row: row.value, fields, request }) } });
}

export function list(rules: AnyRules, cloud: Cloud, request: ApiRequest): Result<ApiResponse> {
  const resource = declarationOf(rules);
  const read = readQuery(resource, request.query);
  if (!read.ok) return read;
  const filters = [...ofParent(rules, request), ...read.value.filters];
  const query: Query = { ...read.value, filters, page: within(cloud.settings.longestList, read.value.page) };
  const page = pageOf(rules, cloud, { query, request });
  if (!page.ok) return page;
  const objects = page.value.map(({ row }) => shown(rules, cloud, { row, fields: query.fields, request }));
  const url = `${request.base}/${request.path.join("/")}`;
  const links = linksOf(url, request.query, { page: query.page, shown: page.value.map(({ full }) => full) });
  const body = links.length === 0 ? {} : { [`${resource.plural}_links`]: links };
  return ok({ status: 200, body: { [resource.plural]: objects, ...body } });
}

/** A page of at most `most` objects; 0: of any number. */
function within(most: number, page: Page): Page {
  return most === 0 || (page.limit > 0 && page.limit <= most) ? page : { ...page, limit: most };
}

/** Below an object, only what lies below that one. */
function ofParent(rules: AnyRules, { parent }: ApiRequest): readonly Filter[] {
  const { under } = declarationOf(rules);
  if (under === undefined || parent === undefined) return [];
  return [{ attribute: under.attribute, condition: { keys: [parent], holds: (value) => value === parent } }];
}
