/** The documents that follow from a declaration of settings: for programs, and for people. */
import type { Section, Sections, Setting } from "./setting.ts";

/** One setting, for programs. */
export interface DescribedSetting {
  /** `limits.body_bytes` */
  readonly name: string;
  readonly type: string;
  /** As it would be written; null: none. Absent: the file must say it. */
  readonly default?: unknown;
  readonly unit?: string;
  readonly secret?: true;
  readonly takes: Setting["takes"];
  readonly note: string;
}

export interface DescribedSection {
  readonly name: string;
  readonly note: string;
  readonly settings: readonly DescribedSetting[];
}

export function describeSettings(sections: Sections): readonly DescribedSection[] {
  return Object.entries(sections).map(([name, section]) => ({ name, note: section.note, settings: described(name, section) }));
}

function described(section: string, { settings }: Section): readonly DescribedSetting[] {
  return Object.entries(settings).map(([key, { type, ...rest }]) => ({ name: `${section}.${key}`, type: type.name, ...rest }));
}

/** A chapter for each section, a table in it. */
export function settingsMarkdown(sections: Sections): string {
  return describeSettings(sections).map(chapter).join("\n");
}

function chapter({ name, note, settings }: DescribedSection): string {
  const rows = settings.map((setting) => [`\`${keyOf(setting)}\``, valuesOf(setting), defaultOf(setting), setting.takes, setting.note]);
  const table = [["setting", "may be", "default", "a change takes effect", "what it is"], COLUMNS, ...rows].map(
    (row) => `| ${row.map(cell).join(" | ")} |`,
  );
  return [`## ${name}`, "", note, "", ...table, ""].join("\n");
}

const COLUMNS = ["---", "---", "---", "---", "---"];

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function keyOf({ name }: DescribedSetting): string {
  return name.slice(name.indexOf(".") + 1);
}

function valuesOf({ type, unit, secret }: DescribedSetting): string {
  return [type.replace(/ or null$/, ""), ...(unit === undefined ? [] : [unit]), ...(secret === true ? ["secret"] : [])].join(", ");
}

function defaultOf(setting: DescribedSetting): string {
  if (!("default" in setting)) return "must be given";
  return setting.default === null ? "none" : `\`${JSON.stringify(setting.default)}\``;
}
