/** What the controller is told: its file, and its command line on top of it. */
import { resolve } from "node:path";
import { readSettingsFile } from "#adapters/yaml/settings-file.ts";
import type { Said, SettingsFileReading } from "#adapters/yaml/settings-file.ts";
import { readYaml } from "#adapters/yaml/document.ts";
import { CONTROLLER, SETTINGS_FILE } from "#core/settings/controller.ts";

/** As the command line has them. */
export interface ControllerOptions {
  readonly config?: string;
  readonly store?: string;
  readonly listen?: readonly string[];
  readonly auth?: string;
  /** `SECTION.KEY=VALUE` */
  readonly set?: readonly string[];
}

/** Reads the file each time that it is called. */
export function controllerSettings(options: ControllerOptions): () => SettingsFileReading<typeof CONTROLLER> {
  const { config } = options;
  const source = { file: config === undefined ? SETTINGS_FILE : resolve(config), usual: config === undefined, said: saidBy(options) };
  return () => readSettingsFile(CONTROLLER, source);
}

function saidBy({ store, listen, auth, set = [] }: ControllerOptions): readonly Said[] {
  return [
    ...(store === undefined ? [] : [{ option: "--store", path: ["store", "path"], value: resolve(store) }]),
    ...(listen === undefined ? [] : [{ option: "--listen", path: ["listen", "api"], value: listen }]),
    ...(auth === undefined ? [] : [{ option: "--auth", path: ["auth", "how"], value: auth }]),
    ...set.map(saidOf),
  ];
}

/** The value is YAML, as in the file. What is no assignment is a key that nobody knows. */
function saidOf(assignment: string): Said {
  const [, name = assignment, text = ""] = /^([^=]*)=([^]*)$/.exec(assignment) ?? [];
  const dot = name.indexOf(".");
  const path = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
  const { value, problems } = readYaml(text);
  return { option: `--set ${name}`, path, value: problems.length === 0 ? value : text };
}
