/**
 * YAML text as plain data, with the line of every place in it. YAML 1.2, one document, text keys, no key twice, no tags of
 * its own; anchors and aliases are followed, and a document that grows out of bounds by them is refused.
 */
import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from "yaml";
import type { Document, Node } from "yaml";

export interface YamlDocument {
  readonly value: unknown;
  /** Of the place itself; of the nearest place around it when there is none. Lines count from 1. */
  lineOf(path: readonly (string | number)[]): number;
  /** What is wrong with it as YAML. With any, `value` says nothing. */
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, resolveKnownTags: false });
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  const lineOf = (path: readonly (string | number)[]) => lineAt(offsetOf(document, path));
  // What YAML merely warns of (an unknown tag) makes the meaning doubtful.
  const faults = [...document.errors, ...document.warnings];
  const problems = faults.map(({ pos, message }) => ({ line: lineAt(pos[0]), message: `not YAML: ${message}` }));
  if (problems.length > 0) return { value: undefined, lineOf, problems };
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown, lineOf, problems };
  } catch (error) {
    return {
      value: undefined,
      lineOf,
      problems: [{ line: 1, message: `not YAML: ${error instanceof Error ? error.message : String(error)}` }],
    };
  }
}

/** Where a place begins: a mapping's entry begins with its key. */
function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  let [node, offset]: [unknown, number] = [document.contents, document.contents?.range[0] ?? 0];
  for (const key of path) {
    const entry = entryOf(isAlias(node) ? node.resolve(document) : node, key);
    if (entry === undefined) break;
    [node, offset] = [entry.value, startOf(entry.at) ?? offset];
  }
  return offset;
}

function entryOf(node: unknown, key: string | number): { readonly at: unknown; readonly value: unknown } | undefined {
  if (isSeq(node) && typeof key === "number" && key < node.items.length) return { at: node.items[key], value: node.items[key] };
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
  return pair === undefined ? undefined : { at: pair.key, value: pair.value };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
