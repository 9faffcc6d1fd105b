/** Tags: a sorted list of words. A query names them with commas: `tags=a,b` wants both. */
import { list } from "./composites.ts";
import { text } from "./scalars.ts";
import type { Type } from "./type.ts";

export const tagList: Type<readonly string[]> = {
  ...list(text(255), { unique: true }),
  name: "tags",
  filter: (texts) => ({ value: { holds: (tags) => wordsOf(texts).every((word) => tags.includes(word)) } }),
};

export function wordsOf(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(","));
}
