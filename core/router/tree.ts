/**
 * Configuration texts as trees of words: from `set` lines (Junos, VyOS, SR Linux), or from sections told by their indentation (IOS,
 * EOS). Reading marks what it has understood, so that the rest can be told.
 */
import type { Unread } from "./platform.ts";

export interface Node {
  /** A word. */
  readonly text: string;
  /** Where it stood first, from 1; 0 for the root. */
  readonly line: number;
  readonly children: Node[];
  readonly byWord: Map<string, Node>;
  /** A statement ends here, whatever else goes on from here. */
  ends: "yes" | "no";
  understood: "yes" | "no";
}

const node = (text: string, line: number): Node => ({ text, line, children: [], byWord: new Map(), ends: "no", understood: "no" });

export interface SetLines {
  readonly root: Node;
  /** Lines that set nothing: `delete`, `deactivate`, and what is no statement at all. */
  readonly unread: readonly Unread[];
}

/** `set a b [ c d ] "e f"`, comments behind `#`. A slash for the root, as SR Linux has it, is left out. */
export function setTree(text: string): SetLines {
  const root = node("", 0);
  const unread: Unread[] = [];
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const words = line.match(/"[^"]*"|'[^']*'|[[\]]|[^\s[\]]+/g) ?? [];
    if (words[0] === "set") plant(root, words.slice(words[1] === "/" ? 2 : 1), at + 1);
    else
      unread.push({ line: at + 1, text: line, reason: "sets nothing; what stands here has to be the whole configuration, as `set` lines" });
  }
  return { root, unread };
}

function plant(root: Node, words: readonly string[], line: number): void {
  const open = words.indexOf("[");
  const path = (open < 0 ? words : words.slice(0, open)).map(unquoted);
  const end = path.reduce((parent, word) => grown(parent, word, line), root);
  const listed = open < 0 ? [] : words.slice(open + 1).filter((each) => each !== "]");
  for (const each of open < 0 ? [end] : listed.map((word) => grown(end, unquoted(word), line))) each.ends = "yes";
}

function grown(parent: Node, word: string, line: number): Node {
  const old = parent.byWord.get(word);
  if (old !== undefined) return old;
  const made = node(word, line);
  parent.children.push(made);
  parent.byWord.set(word, made);
  return made;
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

/** The node at the end of a path; every node on the way there is understood. */
export function at(from: Node | undefined, ...path: readonly string[]): Node | undefined {
  let here = from;
  for (const word of path) {
    here = here?.byWord.get(word);
    if (here !== undefined) here.understood = "yes";
  }
  return here;
}

/** What stands below a path, each understood. */
export function below(from: Node | undefined, ...path: readonly string[]): readonly Node[] {
  const found = at(from, ...path)?.children ?? [];
  for (const each of found) each.understood = "yes";
  return found;
}

/** The words below a path. */
export function words(from: Node | undefined, ...path: readonly string[]): readonly string[] {
  return below(from, ...path).map(({ text }) => text);
}

/** The first word below a path. */
export function word(from: Node | undefined, ...path: readonly string[]): string | undefined {
  return words(from, ...path)[0];
}

/** All of it is beside the matter. */
export function pass(from: Node | undefined): void {
  if (from === undefined) return;
  from.understood = "yes";
  for (const each of from.children) pass(each);
}

export interface Statement {
  /** Its words behind the node that was asked. */
  readonly text: string;
  readonly line: number;
  /** It has been understood. */
  readonly take: () => void;
}

/** Every statement below a node. */
export function statements(from: Node | undefined, path: readonly Node[] = []): readonly Statement[] {
  return (from?.children ?? []).flatMap((each) => {
    const here = [...path, each];
    const take = () => here.forEach((step) => (step.understood = "yes"));
    const own = each.ends === "yes" ? [{ text: here.map(({ text }) => text).join(" "), line: each.line, take }] : [];
    return [...own, ...statements(each, here)];
  });
}

/** Statements that nothing has understood. */
export function leftover(from: Node, path: readonly string[] = []): readonly Unread[] {
  const here = from.text === "" ? path : [...path, from.text];
  const own = from.understood === "no" && from.ends === "yes";
  const mine = own ? [{ line: from.line, text: here.join(" "), reason: "not understood" }] : [];
  return [...mine, ...from.children.flatMap((each) => leftover(each, here))];
}
