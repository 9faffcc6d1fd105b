/** Every setting of a process in a line, below its command's help. */
import { describeSettings } from "#core/settings/document.ts";
import type { Sections } from "#core/settings/setting.ts";

/** `more`: the command that tells more. */
export function settingsHelp(sections: Sections, more: string): string {
  const all = describeSettings(sections).flatMap(({ settings }) => settings);
  const width = Math.max(...all.map(({ name }) => name.length));
  return `\nSettings (${more} tells their values and defaults):\n${all.map(({ name, note }) => `  ${name.padEnd(width)}  ${note}\n`).join("")}`;
}
