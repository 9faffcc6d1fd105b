/** Tags: a sorted list of words. A query names them with commas: `tags=a,b` wants both. */
import { list } from "./composites.ts";
import { text } from "./scalars.ts";
import type { Condition, Type } from "./type.ts";

export const tagList: Type<readonly string[]> = {
  ...list(text(255), { unique: true }),
  name: "tags",
  filter: (texts) => ({ value: holds((tags) => wordsOf(texts).every((word) => tags.includes(word))) }),
};

/** The filters beside `tags` itself: one of the words at least, not all of them, none of them. */
export const tagFilters = {
  "tags-any": (texts: readonly string[]) => holds((tags) => wordsOf(texts).some((word) => tags.includes(word))),
  "not-tags": (texts: readonly string[]) => holds((tags) => !wordsOf(texts).every((word) => tags.includes(word))),
  "not-tags-any": (texts: readonly string[]) => holds((tags) => !wordsOf(texts).some((word) => tags.includes(word))),
};

function holds(condition: (tags: readonly string[]) => boolean): Condition<readonly string[]> {
  return { holds: condition };
}

function wordsOf(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(","));
}
