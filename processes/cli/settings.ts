/** `margay settings`: what `controller.yaml` and `agent.yaml` may say. */
import { Command } from "commander";
import { AGENT, AGENT_SETTINGS_FILE } from "#core/settings/agent.ts";
import { CONTROLLER, SETTINGS_FILE } from "#core/settings/controller.ts";
import { describeSettings, settingsMarkdown } from "#core/settings/document.ts";
import type { DescribedSection } from "#core/settings/document.ts";
import type { Sections } from "#core/settings/setting.ts";
import { agentSettings } from "../agent/settings.ts";
import { controllerSettings } from "../controller/settings.ts";
import { table } from "./table.ts";

export function command(): Command {
  return new Command("settings")
    .description("Show every setting of the controller, or of the agent: what it may be, its default, and when a change takes effect")
    .option("--agent", "the agent's")
    .option("--check <file>", "say instead what is wrong in a settings file, and in the files that it names; exit 1 when anything is")
    .option("--set <name=value>", "what the command line will say on top of the file that is checked", several)
    .option("--json", "for programs")
    .option("--markdown", "both, as docs/settings.md has them")
    .action(show);
}

function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

interface Options {
  readonly agent?: true;
  readonly check?: string;
  readonly set?: readonly string[];
  readonly json?: true;
  readonly markdown?: true;
}

function show({ agent, check, set = [], json, markdown }: Options): void {
  if (check !== undefined) return checked(check, agent ? checkedAgent({ config: check, set }) : checkedController({ config: check, set }));
  const sections: Sections = agent ? AGENT : CONTROLLER;
  const text = json ? `${JSON.stringify(describeSettings(sections), undefined, 2)}\n` : markdown ? settingsPage() : settingsText(sections);
  process.stdout.write(text);
}

interface ToCheck {
  readonly config: string;
  readonly set: readonly string[];
}

interface Checked {
  readonly warnings?: readonly string[];
  readonly problems?: readonly string[];
}

function checkedController(file: ToCheck): Checked {
  const reading = controllerSettings(file)();
  return reading.ok ? { warnings: reading.value.warnings } : reading;
}

function checkedAgent(file: ToCheck): Checked {
  const reading = agentSettings(file)();
  return reading.ok ? {} : reading;
}

function checked(config: string, { warnings = [], problems }: Checked): void {
  if (problems === undefined) process.stdout.write([...warnings, `${config}: understood`, ""].join("\n"));
  else process.stderr.write([...problems, ""].join("\n"));
  process.exitCode = problems === undefined ? 0 : 1;
}

/** docs/settings.md */
export function settingsPage(): string {
  return `# Settings

\`margay controller\` reads \`${SETTINGS_FILE}\`, \`margay agent\` reads \`${AGENT_SETTINGS_FILE}\`, or each the file that
\`--config\` names. It is YAML: a mapping of sections, each a mapping of settings. What it leaves out has its default; what is
wrong in it is told with its line, and then nothing starts. The command line wins over the file: \`--set SECTION.KEY=VALUE\`, with shorter forms of some.

On SIGHUP the file is read again: what takes effect at once does, and the log names it together with what waits for a restart. A file with
anything wrong in it changes nothing; \`margay settings --check FILE\`, for an agent's with \`--agent\`, says beforehand what would be.

\`\`\`yaml
listen:
  api: [192.168.100.2:9696, unix:/run/margay/controller.sock]
limits:
  list_objects: 1000
\`\`\`

\`\`\`yaml
agent: {role: compute, host: h1, controllers: ["http://192.168.100.2:9696"]}
metadata:
  urls: ["https://nova.example:8775"]
  shared_secret_file: /etc/margay/metadata-secret
\`\`\`

This page follows from the declarations (\`margay settings --markdown\`).

# The controller

${settingsMarkdown(CONTROLLER)}
# An agent

${settingsMarkdown(AGENT)}`;
}

function settingsText(sections: Sections): string {
  return `${describeSettings(sections).map(sectionText).join("\n\n")}\n`;
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
