/**
 * Tables as the old Neutron client printed them: ruled with `+---+`, left aligned, one space around, and a cell may have
 * several lines. Widths fit the longest line.
 */

/** The lines of a cell; none is an empty cell. */
export type Cell = readonly string[];

/** Without a line break at the end. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const body = rows.map((row) => header.map((_, column) => (row[column] ?? []).map(plain)));
  const widths = header.map((title, column) => Math.max(width(title), ...body.flatMap((row) => (row[column] ?? []).map(width))));
  const rule = `+${widths.map((size) => "-".repeat(size + 2)).join("+")}+`;
  const line = (texts: readonly string[]) => `|${widths.map((size, column) => ` ${pad(texts[column] ?? "", size)} `).join("|")}|`;
  const lines = body.flatMap((row) => {
    const height = Math.max(1, ...row.map((cell) => cell.length));
    return Array.from({ length: height }, (_, at) => line(row.map((cell) => cell[at] ?? "")));
  });
  return [rule, line(header), rule, ...lines, ...(lines.length > 0 ? [rule] : [])].join("\n");
}

/** Names are other people's: what would steer the reader's terminal is shown, not sent. */
function plain(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** In characters, not UTF-16 units. */
function width(text: string): number {
  return Array.from(text).length;
}

function pad(text: string, size: number): string {
  return text + " ".repeat(size - width(text));
}
