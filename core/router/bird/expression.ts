/** Expressions of BIRD's filters. As in BIRD's own grammar `&&` and `||` bind alike, from the left; comparisons bind tighter, `!` tightest. */
import { closing, textOf } from "./tokens.ts";
import type { Token } from "./tokens.ts";

export type Expression =
  | { readonly form: "atom"; readonly token: Token }
  | { readonly form: "set"; readonly items: readonly Token[] }
  | { readonly form: "call"; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly form: "not"; readonly of: Expression }
  | { readonly form: "two"; readonly sign: string; readonly left: Expression; readonly right: Expression };

const LEVELS: readonly (readonly string[])[] = [
  ["&&", "||"],
  ["=", "!=", "~", "!~", "<", ">", "<=", ">="],
  ["+", "-"],
  ["*", "/"],
];

/** Undefined when the tokens are no expression of this form. */
export function expressionOf(tokens: readonly Token[]): Expression | undefined {
  return levelOf(tokens, 0);
}

/** The last sign of a level splits, so that it binds from the left. */
function levelOf(tokens: readonly Token[], level: number): Expression | undefined {
  const signs = LEVELS[level];
  if (signs === undefined) return primary(tokens);
  const at = lastSign(tokens, signs);
  if (at <= 0) return levelOf(tokens, level + 1);
  const [left, right] = [levelOf(tokens.slice(0, at), level), levelOf(tokens.slice(at + 1), level + 1)];
  return left === undefined || right === undefined ? undefined : { form: "two", sign: tokens[at]?.text ?? "", left, right };
}

function lastSign(tokens: readonly Token[], signs: readonly string[]): number {
  let found = -1;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token?.kind !== "sign") continue;
    if ("([{".includes(token.text)) at = closing(tokens, at);
    else if (signs.includes(token.text)) found = at;
  }
  return found;
}

function primary(tokens: readonly Token[]): Expression | undefined {
  const [first, second] = tokens;
  if (first === undefined) return undefined;
  const last = closing(tokens, 0) === tokens.length - 1;
  if (first.text === "!" && first.kind === "sign") {
    const of = primary(tokens.slice(1));
    return of && { form: "not", of };
  }
  if (first.kind === "sign" && first.text === "(" && last) {
    const inner = tokens.slice(1, -1);
    return expressionOf(inner) ?? { form: "atom", token: { ...first, kind: "text", text: textOf(inner) } };
  }
  if (first.kind === "sign" && first.text === "[" && last) return { form: "set", items: tokens.slice(1, -1) };
  if (first.kind === "word" && second?.text === "(" && closing(tokens, 1) === tokens.length - 1) return called(first, tokens.slice(2, -1));
  if (tokens.length === 1) return { form: "atom", token: first };
  // `net.len` and its like: one word.
  return tokens.every(({ kind, text }) => kind === "word" || text === ".")
    ? { form: "atom", token: { ...first, text: tokens.map(({ text }) => text).join("") } }
    : undefined;
}

function called({ text }: Token, inner: readonly Token[]): Expression | undefined {
  const given = split(inner).map(expressionOf);
  return given.every((each) => each !== undefined) ? { form: "call", name: text, arguments: given } : undefined;
}

/** At commas outside of brackets. */
function split(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = tokens.length === 0 ? [] : [[]];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    if (token.kind === "sign" && token.text === ",") parts.push([]);
    else if (token.kind === "sign" && "([{".includes(token.text)) {
      const end = closing(tokens, at);
      parts.at(-1)?.push(...tokens.slice(at, end + 1));
      at = end;
    } else parts.at(-1)?.push(token);
  }
  return parts;
}
