/** `margay settings`: what `controller.yaml` may say. */
import { Command } from "commander";
import { CONTROLLER, SETTINGS_FILE } from "#core/settings/controller.ts";
import { describeSettings, settingsMarkdown } from "#core/settings/document.ts";
import type { DescribedSection } from "#core/settings/document.ts";
import { table } from "./table.ts";

export function command(): Command {
  return new Command("settings")
    .description("Show every setting of the controller: its value, default, and when a change takes effect")
    .option("--json", "for programs")
    .option("--markdown", "as docs/settings.md has it")
    .action(show);
}

interface Options {
  readonly json?: true;
  readonly markdown?: true;
}

function show({ json, markdown }: Options): void {
  const text = json ? `${JSON.stringify(describeSettings(CONTROLLER), undefined, 2)}\n` : markdown ? settingsPage() : settingsText();
  process.stdout.write(text);
}

/** docs/settings.md */
export function settingsPage(): string {
  return `# Settings

\`margay controller\` reads \`${SETTINGS_FILE}\`, or the file that \`--config\` names. It is YAML: a mapping of sections, each a mapping of settings.
What it leaves out has its default; what is wrong in it is told with its line, and then nothing starts. The command line wins over the
file: \`--set SECTION.KEY=VALUE\`, with shorter forms of some.

On SIGHUP the file is read again: what takes effect at once does, and the log names it together with what waits for a restart. A file with
anything wrong in it changes nothing.

\`\`\`yaml
listen:
  api: [192.168.100.2:9696, unix:/run/margay/controller.sock]
limits:
  list_objects: 1000
\`\`\`

This page follows from the declarations (\`margay settings --markdown\`).

${settingsMarkdown(CONTROLLER)}`;
}

function settingsText(): string {
  return `${describeSettings(CONTROLLER).map(sectionText).join("\n\n")}\n`;
}

function sectionText({ note, settings }: DescribedSection): string {
  const rows = settings.map((setting) => [
    [setting.name],
    [setting.unit === undefined ? setting.type : `${setting.type}, ${setting.unit}`],
    ["default" in setting ? (setting.default === null ? "none" : JSON.stringify(setting.default)) : "must be given"],
    [setting.takes],
    [setting.note],
  ]);
  return `${note}\n${table(["setting", "value", "default", "takes effect", "what it is"], rows)}`;
}
