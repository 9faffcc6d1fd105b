/** A chain as text: its parts, a line for each link, and the verdict last. */
import type { Chain, Part, Step } from "#core/why/chain.ts";

const MARKS: Readonly<Record<Step["state"], string>> = { ok: "ok", waits: "WAITS", failed: "FAILED", off: "off", unknown: "?", note: "-" };
const MARK_WIDTH = Math.max(...Object.values(MARKS).map(({ length }) => length));
/** What is longer goes on a line of its own, so that one long name does not push everything to the right. */
const WIDEST = 48;

export function chainText({ parts, verdict }: Chain): string {
  return [...parts.map(partText), verdict].join("\n\n");
}

function partText({ title, steps }: Part): string {
  const width = Math.min(WIDEST, Math.max(...steps.map(({ about }) => about.length)));
  return [title, ...steps.map((step) => stepText(step, width))].join("\n");
}

function stepText({ about, state, says }: Step, width: number): string {
  const mark = MARKS[state].padEnd(MARK_WIDTH);
  return about.length > width
    ? `  ${mark}  ${about}\n  ${" ".repeat(MARK_WIDTH + 2 + width)}  ${says}`
    : `  ${mark}  ${about.padEnd(width)}  ${says}`;
}
