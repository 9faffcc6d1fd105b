/** BIRD's configuration as text: blocks of lines, and names that BIRD takes whatever the machine is called. */
import { digest } from "../kinds/digest.ts";

/** A statement, or nothing where the data centre gives no cause for it. */
export type Line = string | undefined;

/** `HEAD {`, the lines one step further in, `}`. */
export function block(head: string, lines: readonly Line[]): string {
  return [`${head} {`, ...present(lines).map((line) => line.replaceAll(/^(?=.)/gm, "  ")), "}"].join("\n");
}

/** Lines and blocks under one another. */
export function text(lines: readonly Line[]): string {
  return `${present(lines).join("\n")}\n`;
}

/** BIRD's set of prefixes. An empty one is a syntax error there, so what uses a set must not be written when it is empty. */
export function prefixSet(patterns: readonly string[]): string {
  return `[ ${patterns.join(", ")} ]`;
}

/**
 * Of prefixes and patterns, those that may stand in a set. BIRD 2.0.12 takes two sets for the same that differ only in whole prefixes whose
 * lengths are no multiples of four (trie_same() in filter/trie.c leaves out `local`), so it would not ask routes again after a change.
 */
export function settable(patterns: readonly string[]): readonly string[] {
  return patterns.filter((pattern) => !standsAlone(pattern));
}

/** Conditions, of which any holds for a route to one of them. `set`: the name of the set of those that may stand in one. */
export function netIsAny(patterns: readonly string[], set = prefixSet(settable(patterns))): readonly string[] {
  const alone = patterns.filter(standsAlone).map((prefix) => `net = ${prefix}`);
  return alone.length < patterns.length ? [`net ~ ${set}`, ...alone] : alone;
}

function standsAlone(pattern: string): boolean {
  const length = /\/(\d+)$/.exec(pattern)?.[1];
  return length !== undefined && Number(length) % 4 !== 0;
}

/** One condition that holds if any of these does: to BIRD, `&&` binds no tighter than `||`, so it stands in parentheses. */
export function anyOf(conditions: readonly string[]): string {
  const [only, ...more] = conditions;
  return only !== undefined && more.length === 0 ? only : `(${conditions.join(" || ")})`;
}

/** One that holds if all do, each of them made by `anyOf` or of conditions that all must hold. */
export function allOf(conditions: readonly string[]): string {
  return conditions.join(" && ");
}

/**
 * The name of a protocol: `host:h1`. BIRD reads names with dots, hyphens and colons when they stand in single quotes, up to
 * 63 characters; a longer one is told by its digest. The session on a second segment is `host:h1:2`.
 */
export function protocolName(role: string, machine: string, segment: 1 | 2 = 1): string {
  const again = segment === 2 ? ":2" : "";
  const plain = `${role}:${machine}${again}`;
  return plain.length <= LONGEST_NAME ? plain : `${role}:${digest(machine)}${again}`;
}

/** SYM_MAX_LEN in BIRD's conf/conf.h is 64, with its terminating zero. */
const LONGEST_NAME = 63;

function present(lines: readonly Line[]): readonly string[] {
  return lines.filter((line) => line !== undefined);
}
