/**
 * The statements of a bird.conf, part by part: a part begins with each line that is not indented. A part that is the same at the same
 * line of another text has the very same statements, so that what was made of them need not be made again.
 */
import { closed, statementsOf, tokensOf } from "./tokens.ts";
import type { Statement, Token } from "./tokens.ts";

export interface Statements {
  readonly statements: readonly Statement[];
  /** What is no token. */
  readonly bad?: Token;
}

export function remembering(): (text: string) => Statements {
  const known = new Map<string, readonly Statement[] | undefined>();
  const part = (text: string, line: number) => {
    const key = `${line} ${text}`;
    const found = known.get(key);
    if (found !== undefined || known.has(key)) return found;
    const statements = alone(text, line);
    known.set(key, statements);
    return statements;
  };
  return (text) => inParts(text, part) ?? whole(text);
}

function inParts(text: string, part: (text: string, line: number) => readonly Statement[] | undefined): Statements | undefined {
  const statements: Statement[] = [];
  let line = 1;
  for (const each of text.split(/(?<=\n)(?=[^\s}#])/)) {
    const own = part(each, line);
    if (own === undefined) return undefined;
    statements.push(...own);
    line += each.split("\n").length - 1;
  }
  return { statements };
}

/** Undefined where a statement, or a comment, may go on behind this part. */
function alone(text: string, line: number): readonly Statement[] | undefined {
  const { tokens, bad } = tokensOf(text, line);
  return bad === undefined && !/\/\*|\*\//.test(text) && closed(tokens) ? statementsOf(tokens) : undefined;
}

function whole(text: string): Statements {
  const { tokens, bad } = tokensOf(text);
  return { statements: statementsOf(tokens), ...(bad === undefined ? {} : { bad }) };
}
