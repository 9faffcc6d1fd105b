/**
 * An operator's policy file on disk: YAML, or JSON, which is YAML as well: rules by name. What is wrong in it, and what
 * merely does nothing, as lines for a terminal or a log: `FILE:LINE: RULE: reason`.
 */
import { readFile } from "node:fs/promises";
import { isMapping } from "#core/datacenter/source.ts";
import { readPolicyEntries } from "#core/neutron/policies.ts";
import type { Policy } from "#core/policy/policy.ts";
import type { PolicyRemark } from "#core/policy/policy-file.ts";
import { readYaml } from "../yaml/document.ts";
import type { YamlDocument } from "../yaml/document.ts";

export type PolicyFileReading =
  /** `rules`: as they stand in the file. */
  | { readonly ok: true; readonly policy: Policy; readonly rules: ReadonlyMap<string, string>; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** All problems at once, in the order of their lines. */
export async function readPolicyFile(path: string): Promise<PolicyFileReading> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== "string") return { ok: false, problems: [`${path}: cannot be read: ${text.message}`] };
  return policyOf(text, path);
}

/** Of a text that was read already; `path` only names it. A text without rules changes nothing. */
export function policyOf(text: string, path: string): PolicyFileReading {
  const document = readYaml(text);
  const { problems, value } = document;
  if (problems.length > 0) return { ok: false, problems: problems.map(({ line, message }) => `${path}:${line}: ${message}`) };
  if (value !== null && !isMapping(value)) return { ok: false, problems: [`${path}:1: a policy file is a mapping of names to rules`] };
  const rules = Object.entries(value ?? {});
  const reading = readPolicyEntries(rules.map(([name, rule]) => ({ name, value: rule })));
  if (!reading.ok) return { ok: false, problems: located(reading.problems, document, path) };
  // Whoever read them found them to be texts.
  const texts = new Map(rules.map(([name, rule]) => [name, String(rule)]));
  return { ok: true, policy: reading.policy, rules: texts, warnings: located(reading.warnings, document, path) };
}

function located(remarks: readonly PolicyRemark[], { lineOf }: YamlDocument, path: string): readonly string[] {
  const lines = remarks.map(({ name, reason }) => ({ line: lineOf([name]), text: `${name}: ${reason}` }));
  return lines.toSorted((left, right) => left.line - right.line).map(({ line, text }) => `${path}:${line}: ${text}`);
}
