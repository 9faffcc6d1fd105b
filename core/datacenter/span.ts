/** Spans of addresses, `198.51.100.8-198.51.100.11`: both ends belong to it, and are of one family. */
import { bitsOf, compareIp, familyOf, ipOf, readIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { contains } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";

export interface Span {
  readonly start: Ip;
  readonly end: Ip;
}

/** Reads `start-end` or a single address; undefined when it is neither or runs backwards. */
export function readSpan(text: string): Span | undefined {
  const [first, last, more] = text.split("-").map((end) => readIp(end.trim()));
  const end = text.includes("-") ? last : first;
  if (first === undefined || end === undefined || more !== undefined || text.split("-").length > 2) return undefined;
  return familyOf(first) === familyOf(end) && compareIp(first, end) <= 0 ? { start: first, end } : undefined;
}

export function showSpan({ start, end }: Span): string {
  return start === end ? start : `${start}-${end}`;
}

export function spanSize({ start, end }: Span): bigint {
  return bitsOf(end) - bitsOf(start) + 1n;
}

export function meet(left: Span, right: Span): boolean {
  return familyOf(left.start) === familyOf(right.start) && compareIp(left.start, right.end) <= 0 && compareIp(right.start, left.end) <= 0;
}

export function within(prefix: Cidr, span: Span): boolean {
  return contains(prefix, span.start) && contains(prefix, span.end);
}

/** What is left of `span` when `hole` is cut out: none, one or two spans. */
export function without(span: Span, hole: Span): readonly Span[] {
  if (!meet(span, hole)) return [span];
  const family = familyOf(span.start);
  const below = compareIp(span.start, hole.start) < 0 ? [{ start: span.start, end: ipOf(family, bitsOf(hole.start) - 1n) }] : [];
  const above = compareIp(hole.end, span.end) < 0 ? [{ start: ipOf(family, bitsOf(hole.end) + 1n), end: span.end }] : [];
  return [...below, ...above];
}
