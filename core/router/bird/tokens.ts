/** A bird.conf as tokens, and as statements: words up to a semicolon or a block in braces. */
export interface Token {
  readonly kind: "word" | "number" | "text" | "address" | "prefix" | "sign";
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

export interface Statement {
  readonly head: readonly Token[];
  /** Between its braces. */
  readonly body?: readonly Token[];
  readonly line: number;
}

/** In this order: what begins alike is told apart by what comes first. A pattern in braces is a part of its prefix. */
const SHAPES: readonly (readonly [Token["kind"] | "nothing", RegExp])[] = [
  ["nothing", /(?:\s+|#[^\n]*|\/\*[\s\S]*?\*\/)/y],
  ["text", /"[^"\n]*"/y],
  ["word", /'[^'\n]*'/y],
  ["prefix", /(?:(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F.]*|\d+\.\d+\.\d+\.\d+)\/\d+(?:\{\d+,\d+\}|[+-])?/y],
  ["address", /(?:(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F.]*|\d+\.\d+\.\d+\.\d+)/y],
  ["word", /-empty-|[A-Za-z_][A-Za-z0-9_]*/y],
  ["number", /0x[0-9a-fA-F]+|\d+/y],
  ["sign", /&&|\|\||!=|!~|<=|>=|[-{}()[\];,=~!<>+*/.:?%|]/y],
];

/** Undefined with the line of what is no token. */
export function tokensOf(text: string): { readonly tokens: readonly Token[]; readonly bad?: Token } {
  const tokens: Token[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const found = tokenAt(text, at);
    if (found === undefined) return { tokens, bad: { kind: "sign", text: text.slice(at, at + 20), line } };
    const [kind, piece] = found;
    if (kind !== "nothing") tokens.push({ kind, text: kind === "text" || piece.startsWith("'") ? piece.slice(1, -1) : piece, line });
    for (const letter of piece) if (letter === "\n") line++;
    at += piece.length;
  }
  return { tokens };
}

function tokenAt(text: string, at: number): readonly [Token["kind"] | "nothing", string] | undefined {
  for (const [kind, shape] of SHAPES) {
    shape.lastIndex = at;
    const piece = shape.exec(text)?.[0];
    if (piece !== undefined && piece !== "") return [kind, piece];
  }
  return undefined;
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

/** The statements of a block. `filter` and `function` bodies are kept as they stand. */
export function statementsOf(tokens: readonly Token[]): readonly Statement[] {
  const statements: Statement[] = [];
  let head: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const line = head[0]?.line ?? token.line;
    if (token.kind === "sign" && token.text === "{") {
      const end = closing(tokens, at);
      statements.push({ head, body: tokens.slice(at + 1, end), line });
      [head, at] = [[], end];
    } else if (token.kind === "sign" && token.text === ";") {
      if (head.length > 0) statements.push({ head, line });
      head = [];
    } else head.push(token);
  }
  if (head.length > 0) statements.push({ head, line: head[0]?.line ?? 0 });
  return statements;
}

export function textOf(tokens: readonly Token[]): string {
  return tokens.map(({ kind, text }) => (kind === "text" ? `"${text}"` : text)).join(" ");
}
