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
 * 63 characters; a longer one is told by its digest.
 */
export function protocolName(role: string, machine: string): string {
  const plain = `${role}:${machine}`;
  return plain.length <= LONGEST_NAME ? plain : `${role}:${digest(machine)}`;
}

/** SYM_MAX_LEN in BIRD's conf/conf.h is 64, with its terminating zero. */
const LONGEST_NAME = 63;

function present(lines: readonly Line[]): readonly string[] {
  return lines.filter((line) => line !== undefined);
}
