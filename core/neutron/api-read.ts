/** GET: one object, or a list by filters, order and page. */
import { comparison, cut, linksOf, matches } from "../resource/select.ts";
import { readQuery } from "../resource/query.ts";
import type { Filter, Page, Query } from "../resource/query.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { ApiRequest, ApiResponse } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { declarationOf, found, fullOf, rowOf, sees, shown } from "./look.ts";
import type { AnyRow, AnyRules } from "./look.ts";
import type { Looking } from "./rules.ts";

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

interface Seen {
  readonly row: AnyRow;
  /** With what is computed: filters and sort keys may ask for it. */
  readonly full: object;
}

interface Listing {
  readonly query: Query;
  readonly request: ApiRequest;
}

function pageOf(rules: AnyRules, cloud: Cloud, { query, request }: Listing): Result<readonly Seen[]> {
  const { who, now } = request;
  const seen: Seen[] = [];
  for (const row of candidates(rules, cloud, query.filters)) {
    const full = needsComputed(rules, query) ? fullOf(rules, cloud, { row, who, now }) : row;
    if (matches(query, full) && sees(rules, cloud, { row, who })) seen.push({ row, full });
  }
  const compare = comparison(declarationOf(rules), query.order);
  seen.sort((left, right) => compare(left.full, right.full));
  return paged(rules, cloud, { seen, page: query.page, compare, looking: { who, now } });
}

interface Paging {
  readonly seen: readonly Seen[];
  readonly page: Page;
  readonly compare: (left: object, right: object) => number;
  readonly looking: Looking;
}

function paged(rules: AnyRules, cloud: Cloud, { seen, page, compare, looking }: Paging): Result<readonly Seen[]> {
  if (page.marker === undefined) return ok(cut(seen, page, () => 0));
  const row = rowOf(rules, cloud, page.marker);
  if (row === undefined) return refused(rules.notFound(page.marker));
  const marker = fullOf(rules, cloud, { row, ...looking });
  return ok(cut(seen, page, ({ full }) => compare(full, marker)));
}

function needsComputed(rules: AnyRules, { filters, order }: Query): boolean {
  const { attributes } = declarationOf(rules);
  return [...filters, ...order].some(({ attribute }) => attributes[attribute]?.computed === true);
}

/** The rows that the most selective index gives, or all of them. */
function candidates(rules: AnyRules, cloud: Cloud, filters: readonly Filter[]): Iterable<AnyRow> {
  let best: readonly AnyRow[] | undefined;
  for (const { attribute, condition } of filters) {
    if (condition.keys === undefined || !cloud.indexed(rules.table, attribute)) continue;
    const rows = cloud.found(rules.table, attribute, condition.keys);
    if (best === undefined || rows.length < best.length) best = rows;
  }
  const written = best ?? cloud.all(rules.table);
  return rules.unwritten === undefined ? written : [...rules.unwritten(cloud), ...written];
}
