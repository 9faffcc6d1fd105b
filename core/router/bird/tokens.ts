/** A bird.conf as tokens, and as statements: words up to a semicolon or a block in braces. */
import { perValue } from "../../intent/memo.ts";

export interface Token {
  readonly kind: "word" | "number" | "text" | "address" | "prefix" | "sign";
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

export interface Statement {
  readonly head: readonly Token[];
  /** Its head, word for word. */
  readonly text: string;
  /** Between its braces. */
  readonly body?: readonly Token[];
  readonly line: number;
}

type Kind = Token["kind"] | "nothing" | "quoted";

/** In this order: what begins alike is told apart by what comes first. A pattern in braces is a part of its prefix. */
const SHAPES: Readonly<Record<Kind, RegExp>> = {
  nothing: /\s+|#[^\n]*|\/\*[\s\S]*?\*\//,
  text: /"[^"\n]*"/,
  quoted: /'[^'\n]*'/,
  prefix: /(?:(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F.]*|\d+\.\d+\.\d+\.\d+)\/\d+(?:\{\d+,\d+\}|[+-])?/,
  address: /(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F.]*|\d+\.\d+\.\d+\.\d+/,
  word: /-empty-|[A-Za-z_][A-Za-z0-9_]*/,
  number: /0x[0-9a-fA-F]+|\d+/,
  sign: /&&|\|\||!=|!~|<=|>=|[-{}()[\];,=~!<>+*/.:?%|]/,
};
const KINDS = Object.keys(SHAPES) as readonly Kind[];
const SHAPE = new RegExp(KINDS.map((kind) => `(${SHAPES[kind].source})`).join("|"), "y");

/** `bad`: what is no token, with its line. `line`: of the first line of `text`, from 1. */
export function tokensOf(text: string, line = 1): { readonly tokens: readonly Token[]; readonly bad?: Token } {
  const tokens: Token[] = [];
  let [at, here] = [0, line];
  while (at < text.length) {
    SHAPE.lastIndex = at;
    const found = SHAPE.exec(text);
    if (found === null) return { tokens, bad: { kind: "sign", text: text.slice(at, at + 20), line: here } };
    const [piece] = found;
    const kind = KINDS[found.indexOf(piece, 1) - 1] ?? "nothing";
    if (kind === "nothing") here += piece.split("\n").length - 1;
    else tokens.push(tokenOf(kind, piece, here));
    at += piece.length;
  }
  return { tokens };
}

function tokenOf(kind: Exclude<Kind, "nothing">, piece: string, line: number): Token {
  if (kind === "quoted") return { kind: "word", text: piece.slice(1, -1), line };
  return { kind, text: kind === "text" ? piece.slice(1, -1) : piece, line };
}

/** Where the bracket that opens at `at` closes; the end of the tokens when it does not. */
export function closing(tokens: readonly Token[], at: number): number {
  let depth = 0;
  for (let index = at; index < tokens.length; index++) {
    const token = tokens[index];
    if (token?.kind !== "sign") continue;
    if ("{([".includes(token.text)) depth++;
    else if ("})]".includes(token.text) && --depth === 0) return index;
  }
  return tokens.length;
}

/** Do they end with a whole statement? */
export function closed(tokens: readonly Token[]): boolean {
  const [last, signs] = [tokens.at(-1), tokens.filter(({ kind }) => kind === "sign")];
  const count = (brackets: string) => signs.filter(({ text }) => brackets.includes(text)).length;
  return last === undefined || (last.kind === "sign" && /[;}]/.test(last.text) && count("{([") === count("})]"));
}

/** The statements of a block. `filter` and `function` bodies are kept as they stand. */
export const statementsOf = perValue((tokens: readonly Token[]): readonly Statement[] => {
  const statements: Statement[] = [];
  let head: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const line = head[0]?.line ?? token.line;
    if (token.kind === "sign" && token.text === "{") {
      const end = closing(tokens, at);
      statements.push({ head, text: textOf(head), body: tokens.slice(at + 1, end), line });
      [head, at] = [[], end];
    } else if (token.kind === "sign" && token.text === ";") {
      if (head.length > 0) statements.push({ head, text: textOf(head), line });
      head = [];
    } else head.push(token);
  }
  if (head.length > 0) statements.push({ head, text: textOf(head), line: head[0]?.line ?? 0 });
  return statements;
});

export function textOf(tokens: readonly Token[]): string {
  return tokens.map(({ kind, text }) => (kind === "text" ? `"${text}"` : text)).join(" ");
}
