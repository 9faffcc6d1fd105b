/**
 * Configuration texts as trees of words: `set` lines or braces (Junos, VyOS, SR Linux), or sections told by their indentation (IOS, EOS).
 */
import type { Unread } from "./platform.ts";
import { grown, node } from "./tree.ts";
import type { Node } from "./tree.ts";

export interface WordTree {
  readonly root: Node;
  /** Lines that say nothing that could be planted: `delete`, `deactivate`, `inactive:`, and what is no statement at all. */
  readonly unread: readonly Unread[];
}

/** Either form, told by what is there. */
export function wordTree(text: string): WordTree {
  return /^[^#\n]*\{\s*$/m.test(text) ? braceTree(text) : setTree(text);
}

/** `set a b [ c d ] "e f"`, comments behind `#`. A slash for the root, as SR Linux has it, is left out. */
function setTree(text: string): WordTree {
  const root = node("", 0);
  const unread: Unread[] = [];
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const words = wordsOf(line);
    if (words[0] === "set") plant(root, words.slice(words[1] === "/" ? 2 : 1), at + 1);
    else unread.push({ line: at + 1, text: line, reason: "sets nothing; what stands here has to be the whole configuration" });
  }
  return { root, unread };
}

/**
 * `a b {`, statements that end with the line or a semicolon, `}`. A list may go over several lines between brackets. What Junos
 * marks as inactive is not understood.
 */
function braceTree(text: string): WordTree {
  const root = node("", 0);
  const unread: Unread[] = [];
  const open: Node[] = [root];
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim().replace(/;(\s*##.*)?$/, "");
    const inner = open.at(-1) ?? root;
    if (line === "" || /^(#|\/\*)/.test(line)) continue;
    if (/^(inactive|protect|replace|delete):/.test(line)) unread.push({ line: at + 1, text: line, reason: "marked, not set" });
    if (/^[}\]]$/.test(line)) open.pop();
    else if (/[{[]$/.test(line))
      open.push(wordsOf(line.slice(0, -1)).reduce((parent, word) => grown(parent, unquoted(word), at + 1), inner));
    else plant(inner, wordsOf(line), at + 1);
    if (open.length === 0) {
      unread.push({ line: at + 1, text: line, reason: "closes what is not open" });
      open.push(root);
    }
  }
  if (open.length > 1) unread.push({ line: open.at(-1)?.line ?? 0, text: open.at(-1)?.text ?? "", reason: "is not closed" });
  return { root, unread };
}

function wordsOf(line: string): readonly string[] {
  return line.match(/"[^"]*"|'[^']*'|[[\]]|[^\s[\]]+/g) ?? [];
}

function plant(root: Node, words: readonly string[], line: number): void {
  const open = words.indexOf("[");
  const path = (open < 0 ? words : words.slice(0, open)).map(unquoted);
  const end = path.reduce((parent, word) => grown(parent, word, line), root);
  const listed = open < 0 ? [] : words.slice(open + 1).filter((each) => each !== "]");
  for (const each of open < 0 ? [end] : listed.map((word) => grown(end, unquoted(word), line))) each.ends = "yes";
}

function unquoted(word: string): string {
  return /^(["']).*\1$/.test(word) ? word.slice(1, -1) : word;
}

/** Lines in sections by their indentation; comments behind `!`. `exit` and `end` close nothing that indentation does not. */
export function sectionTree(text: string): Node {
  const root = node("", 0);
  const open: { readonly depth: number; readonly section: Node }[] = [{ depth: -1, section: root }];
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("!") || /^(exit|exit-address-family|end)$/.test(line)) continue;
    const depth = raw.search(/\S/);
    while ((open.at(-1)?.depth ?? -1) >= depth) open.pop();
    const section = line.split(/\s+/).reduce((parent, word) => grown(parent, word, at + 1), open.at(-1)?.section ?? root);
    section.ends = "yes";
    open.push({ depth, section });
  }
  return root;
}
