/** `margay settings`: what `controller.yaml` may say. */
import { Command } from "commander";
import { CONTROLLER, SETTINGS_FILE } from "#core/settings/controller.ts";
import { describeSettings, settingsMarkdown } from "#core/settings/document.ts";
import type { DescribedSection } from "#core/settings/document.ts";
import { controllerSettings } from "../controller/settings.ts";
import { table } from "./table.ts";

export function command(): Command {
  return new Command("settings")
    .description("Show every setting of the controller: what it may be, its default, and when a change takes effect")
    .option("--check <file>", "say instead what is wrong in a settings file, and in the policy file that it names; exit 1 when anything is")
    .option("--json", "for programs")
    .option("--markdown", "as docs/settings.md has it")
    .action(show);
}

interface Options {
  readonly check?: string;
  readonly json?: true;
  readonly markdown?: true;
}

function show({ check, json, markdown }: Options): void {
  if (check !== undefined) return checked(check);
  const text = json ? `${JSON.stringify(describeSettings(CONTROLLER), undefined, 2)}\n` : markdown ? settingsPage() : settingsText();
  process.stdout.write(text);
}

function checked(config: string): void {
  const reading = controllerSettings({ config })();
  if (reading.ok) process.stdout.write([...reading.value.warnings, `${config}: understood`, ""].join("\n"));
  else process.stderr.write([...reading.problems, ""].join("\n"));
  process.exitCode = reading.ok ? 0 : 1;
}

/** docs/settings.md */
export function settingsPage(): string {
  return `# Settings

\`margay controller\` reads \`${SETTINGS_FILE}\`, or the file that \`--config\` names. It is YAML: a mapping of sections, each a mapping of settings.
What it leaves out has its default; what is wrong in it is told with its line, and then nothing starts. The command line wins over the
file: \`--set SECTION.KEY=VALUE\`, with shorter forms of some.

On SIGHUP the file is read again: what takes effect at once does, and the log names it together with what waits for a restart. A file with
anything wrong in it changes nothing; \`margay settings --check FILE\` says beforehand what would be.

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
  return `${note}\n${table(["setting", "may be", "default", "takes effect", "what it is"], rows)}`;
}
