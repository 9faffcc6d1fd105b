/** Configurations as trees of words (see texts). Reading marks what it has understood, so that the rest can be told. */
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

export const node = (text: string, line: number): Node => ({ text, line, children: [], byWord: new Map(), ends: "no", understood: "no" });

/** The child of that word, which is made if there is none. */
export function grown(parent: Node, word: string, line: number): Node {
  const old = parent.byWord.get(word);
  if (old !== undefined) return old;
  const made = node(word, line);
  parent.children.push(made);
  parent.byWord.set(word, made);
  return made;
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
