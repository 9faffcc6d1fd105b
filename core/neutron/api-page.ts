/**
 * Which objects of a list are shown. A page in the order of ids, which is that of every list that asks for no other, is read off
 * the rows in that order and ends where it is full; all else needs all that match. Either way a filter's index says where to look.
 */
import type { Filter, Page, Query } from "../resource/query.ts";
import { comparison, cut, matches } from "../resource/select.ts";
import { orderTexts } from "../resource/type.ts";
import { ok } from "../result.ts";
import type { Result } from "../result.ts";
import type { ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { declarationOf, found, fullOf, sees } from "./look.ts";
import type { AnyRow, AnyRules } from "./look.ts";

export interface Seen {
  readonly row: AnyRow;
  /** With what is computed, where filters or sort keys ask for it. */
  readonly full: object;
}

export interface Listing {
  readonly query: Query;
  readonly request: ApiRequest;
}

/** In the order asked for. Refused when the page's marker is not there for who asks: its place in the order would tell of it. */
export function pageOf(rules: AnyRules, cloud: Cloud, listing: Listing): Result<readonly Seen[]> {
  const { marker } = listing.query.page;
  const row = marker === undefined ? undefined : found(rules, cloud, { id: marker, request: listing.request });
  if (row?.ok === false) return row;
  return ok(isPageById(rules, listing.query) ? walked(rules, cloud, listing) : sorted(rules, cloud, { ...listing, marker: row?.value }));
}

/** Rows are kept by their ids, and all of them are kept. */
function isPageById(rules: AnyRules, { order, page }: Query): boolean {
  return page.limit > 0 && order.length === 0 && rules.unwritten === undefined && declarationOf(rules).attributes["id"]?.index === "key";
}

function walked(rules: AnyRules, cloud: Cloud, listing: Listing): readonly Seen[] {
  const { filters, page } = listing.query;
  const seen: Seen[] = [];
  for (const one of seenAmong(rules, cloud, { ...listing, rows: inOrder(rules, cloud, { filters, page }) })) {
    seen.push(one);
    if (seen.length === page.limit) break;
  }
  return page.reverse ? seen.toReversed() : seen;
}

interface Sorting extends Listing {
  readonly marker: AnyRow | undefined;
}

function sorted(rules: AnyRules, cloud: Cloud, { query, request, marker }: Sorting): readonly Seen[] {
  const rows = indexed(rules, cloud, query.filters)?.rows() ?? cloud.all(rules.table);
  const all = rules.unwritten === undefined ? rows : [...rules.unwritten(cloud), ...rows];
  const compare = comparison(declarationOf(rules), query.order);
  const seen = [...seenAmong(rules, cloud, { query, request, rows: all })].toSorted((left, right) => compare(left.full, right.full));
  const beyond = marker === undefined ? undefined : fullOf(rules, cloud, { row: marker, who: request.who, now: request.now });
  return cut(seen, query.page, ({ full }) => (beyond === undefined ? 0 : compare(full, beyond)));
}

/** Those that the filters find and the asker sees. */
function* seenAmong(
  rules: AnyRules,
  cloud: Cloud,
  { query, request, rows }: Listing & { readonly rows: Iterable<AnyRow> },
): Generator<Seen> {
  const { who, now } = request;
  const computed = needsComputed(rules, query);
  for (const row of rows) {
    const full = computed ? fullOf(rules, cloud, { row, who, now }) : row;
    if (matches(query, full) && sees(rules, cloud, { row, who })) yield { row, full };
  }
}

function needsComputed(rules: AnyRules, { filters, order }: Query): boolean {
  const { attributes } = declarationOf(rules);
  return [...filters, ...order].some(({ attribute }) => attributes[attribute]?.computed === true);
}

/** Beyond the page's marker, the nearest to it first. */
function inOrder(rules: AnyRules, cloud: Cloud, { filters, page }: Pick<Query, "filters" | "page">): Iterable<AnyRow> {
  const few = indexed(rules, cloud, filters);
  if (few === undefined || isCommon(few.count, { among: cloud.size(rules.table), page })) return cloud.ordered(rules.table, page);
  const { marker } = page;
  const rows = few.rows().toSorted((left, right) => orderTexts(left.id, right.id));
  const rest = cut(rows, { ...page, limit: 0 }, ({ id }) => (marker === undefined ? 0 : orderTexts(id, marker)));
  return page.reverse ? rest.toReversed() : rest;
}

/** So many rows are found that a page is full after a few steps through all of them, sooner than those could be sorted. */
function isCommon(count: number, { among, page }: { readonly among: number; readonly page: Page }): boolean {
  return page.limit * among < count * count;
}

interface Indexed {
  readonly count: number;
  rows(): readonly AnyRow[];
}

/** What the most selective index gives; undefined: no filter has one. */
function indexed(rules: AnyRules, cloud: Cloud, filters: readonly Filter[]): Indexed | undefined {
  const all = filters.flatMap(({ attribute, condition: { keys } }): Indexed[] =>
    keys === undefined || !cloud.indexed(rules.table, attribute)
      ? []
      : [{ count: cloud.countFound(rules.table, attribute, keys), rows: () => cloud.found(rules.table, attribute, keys) }],
  );
  return all.toSorted((one, other) => one.count - other.count)[0];
}
