/**
 * The rules of an operator's policy file, as text: checks joined by `and`, `or`, `not` and parentheses, in the language
 * of oslo.policy. `not` binds most tightly, then `and`. A word begins and ends at blanks; parentheses are cut from its ends.
 */
import { readCheck } from "./check.ts";
import type { Check } from "./check.ts";

export type Expression =
  | { readonly kind: "constant"; readonly holds: boolean }
  | { readonly kind: "check"; readonly check: Check }
  | { readonly kind: "not"; readonly of: Expression }
  | { readonly kind: "and" | "or"; readonly of: readonly Expression[] };

export type Parsed = { readonly ok: true; readonly value: Expression } | { readonly ok: false; readonly reason: string };

/** The empty text holds always, as `@` does; `!` never does. */
export function readExpression(text: string): Parsed {
  const words = wordsOf(text);
  if (words.length === 0) return { ok: true, value: { kind: "constant", holds: true } };
  try {
    const rest = [...words];
    const value = disjunction(rest);
    return rest.length === 0 ? { ok: true, value } : wrong(`${shown(rest[0])} where "and", "or" or the end was expected`);
  } catch (error) {
    if (error instanceof Misspelt) return wrong(error.message);
    throw error;
  }
}

class Misspelt extends Error {}

function wrong(reason: string): Parsed {
  return { ok: false, reason };
}

/** `(a and not b)` is `(`, `a`, `and`, `not`, `b`, `)`. */
function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).flatMap((blank) => {
    const [, opening = "", word = "", closing = ""] = /^(\(*)(.*?)(\)*)$/.exec(blank) ?? [];
    return [...opening, ...(word === "" ? [] : [word]), ...closing];
  });
}

function disjunction(words: string[]): Expression {
  return joined("or", words, () => joined("and", words, () => factor(words)));
}

function joined(kind: "and" | "or", words: string[], next: () => Expression): Expression {
  const of = [next()];
  while (words[0]?.toLowerCase() === kind) {
    words.shift();
    of.push(next());
  }
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind, of };
}

function factor(words: string[]): Expression {
  const word = words.shift();
  switch (word?.toLowerCase()) {
    case "not":
      return { kind: "not", of: factor(words) };
    case "(":
      return enclosed(words);
    case "@":
      return { kind: "constant", holds: true };
    case "!":
      return { kind: "constant", holds: false };
    case undefined:
    case ")":
    case "and":
    case "or":
      throw new Misspelt(`${shown(word)} where a check was expected`);
    default:
      return checked(word ?? "");
  }
}

function enclosed(words: string[]): Expression {
  const inner = disjunction(words);
  const end = words.shift();
  if (end !== ")") throw new Misspelt(`${shown(end)} where ")" was expected`);
  return inner;
}

function checked(word: string): Expression {
  const check = readCheck(word);
  if (!check.ok) throw new Misspelt(check.reason);
  return { kind: "check", check: check.value };
}

function shown(word: string | undefined): string {
  return word === undefined ? "the end" : `"${word}"`;
}

/** Every check in it. */
export function checksIn(expression: Expression): readonly Check[] {
  switch (expression.kind) {
    case "constant":
      return [];
    case "check":
      return [expression.check];
    case "not":
      return checksIn(expression.of);
    default:
      return expression.of.flatMap(checksIn);
  }
}
