/** What a query takes out of a set of objects: filter, order, page. */
import type { Order, Page, Pairs, Query } from "./query.ts";
import type { Resource } from "./resource.ts";
import { orderTexts } from "./type.ts";

// A shown object is a plain record of its declared attributes.
type Fields = Readonly<Record<string, unknown>>;

export function matches({ filters }: Pick<Query, "filters">, full: object): boolean {
  return filters.every(({ attribute, condition }) => condition.holds((full as Fields)[attribute]));
}

/** Total: the sort keys in turn, then the id. */
export function comparison({ attributes }: Resource, order: readonly Order[]): (left: object, right: object) => number {
  return (left, right) => {
    for (const { attribute, descending } of order) {
      const sign = attributes[attribute]?.type.order((left as Fields)[attribute], (right as Fields)[attribute]) ?? 0;
      if (sign !== 0) return descending ? -sign : sign;
    }
    return orderTexts(idOf(left), idOf(right));
  };
}

function idOf(full: object): string {
  return String((full as Fields)["id"]);
}

/** The part of an ordered list that a page shows; `marker` is the object after (in reverse: before) which it begins. */
export function cut<T extends object>(sorted: readonly T[], page: Page, beyond: (full: T) => number): readonly T[] {
  const rest = page.marker === undefined ? sorted : sorted.filter((full) => (page.reverse ? beyond(full) < 0 : beyond(full) > 0));
  if (page.limit === 0) return rest;
  return page.reverse ? rest.slice(-page.limit) : rest.slice(0, page.limit);
}

export interface Link {
  readonly rel: "next" | "previous";
  readonly href: string;
}

/** Links to the pages around this one. There is no next one when this one is short, and no previous one when this one is and was reached backwards. */
export function linksOf(
  url: string,
  pairs: Pairs,
  { page, shown }: { readonly page: Page; readonly shown: readonly object[] },
): readonly Link[] {
  const [first, last] = [shown[0], shown.at(-1)];
  if (page.limit === 0 || first === undefined || last === undefined) return [];
  const kept = pairs.filter(([name]) => name !== "marker" && name !== "page_reverse");
  const href = (more: Pairs) =>
    `${url}?${[...kept, ...more].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&")}`;
  const short = shown.length < page.limit;
  const links: Link[] = [];
  if (page.reverse || !short) links.push({ rel: "next", href: href([["marker", idOf(last)]]) });
  if (!page.reverse || !short)
    links.push({
      rel: "previous",
      href: href([
        ["marker", idOf(first)],
        ["page_reverse", "True"],
      ]),
    });
  return links;
}
