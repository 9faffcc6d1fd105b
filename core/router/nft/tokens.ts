/** nft's text as words; rules end with their line or a semicolon, but not within braces. */
export interface Word {
  readonly text: string;
  /** Within quotes. */
  readonly quoted: boolean;
  /** From 1. */
  readonly line: number;
}

const SHAPE = /#[^\n]*|"([^"\n]*)"|\n|[{},;]|[^\s{},;"#]+/g;

/** Newlines are words of their own: `\n`. */
export function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  let line = 1;
  for (const [piece, quoted] of text.matchAll(SHAPE)) {
    if (!piece.startsWith("#")) words.push({ text: quoted ?? piece, quoted: quoted !== undefined, line });
    if (piece === "\n") line++;
  }
  return words;
}

export interface Piece {
  readonly head: readonly Word[];
  /** Between its braces, where it is a block that nothing follows. */
  readonly body?: readonly Word[];
}

/** What stands between ends of lines and semicolons; what is in braces belongs to what is before them. */
export function piecesOf(words: readonly Word[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let head: Word[] = [];
  const end = (body?: readonly Word[]) => {
    if (head.length > 0) pieces.push({ head, ...(body === undefined ? {} : { body }) });
    head = [];
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    if (isSign(word, "\n") || isSign(word, ";")) end();
    else if (isSign(word, "{")) {
      const close = closing(words, at);
      if (ends(words[close + 1]) && isBlock(head)) end(words.slice(at + 1, close));
      else head.push(...words.slice(at, close + 1).filter((each) => !isSign(each, "\n")));
      at = close;
    } else head.push(word);
  }
  end();
  return pieces;
}

export const isSign = (word: Word | undefined, text: string): boolean => word?.quoted === false && word.text === text;

const ends = (word: Word | undefined): boolean => word === undefined || isSign(word, "\n") || isSign(word, ";") || isSign(word, "}");

function isBlock([first]: readonly Word[]): boolean {
  return /^(table|chain|set|map|flowtable)$/.test(first?.text ?? "") && first?.quoted === false;
}

/** Where the brace that opens at `at` closes; the last word where it does not. */
export function closing(words: readonly Word[], at: number): number {
  let depth = 0;
  for (let index = at; index < words.length; index++) {
    if (isSign(words[index], "{")) depth++;
    else if (isSign(words[index], "}") && --depth === 0) return index;
  }
  return words.length - 1;
}
