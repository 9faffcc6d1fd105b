/** What a command line says of settings: `--set SECTION.KEY=VALUE`, and shorter options that stand for one. */
import { readYaml } from "#adapters/yaml/document.ts";
import type { Said } from "#adapters/yaml/settings-file.ts";

/** Undefined values were not given. */
export function saidBy(
  short: readonly (Omit<Said, "value"> & { readonly value: unknown })[],
  set: readonly string[] = [],
): readonly Said[] {
  return [...short.filter(({ value }) => value !== undefined), ...set.map(saidOf)];
}

/** The value is YAML, as in the file. What is no assignment is a key that nobody knows. */
function saidOf(assignment: string): Said {
  const [, name = assignment, text = ""] = /^([^=]*)=([^]*)$/.exec(assignment) ?? [];
  const dot = name.indexOf(".");
  const path = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
  const { value, problems } = readYaml(text);
  return { option: `--set ${name}`, path, value: problems.length === 0 ? value : text };
}
