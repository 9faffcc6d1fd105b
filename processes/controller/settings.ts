/** What the controller is told: its file, and its command line on top of it. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { policyOf } from "#adapters/policy/policy-file.ts";
import type { PolicyFileReading } from "#adapters/policy/policy-file.ts";
import { readSettingsFile } from "#adapters/yaml/settings-file.ts";
import type { Said } from "#adapters/yaml/settings-file.ts";
import { DECLARED_POLICY } from "#core/policy/policy.ts";
import type { Policy } from "#core/policy/policy.ts";
import { CONTROLLER, SETTINGS_FILE } from "#core/settings/controller.ts";
import type { ControllerSettings } from "#core/settings/controller.ts";
import type { Reading } from "../rereading.ts";
import { saidBy } from "../said.ts";

/** As the command line has them. */
export interface ControllerOptions {
  readonly config?: string;
  readonly store?: string;
  readonly listen?: readonly string[];
  readonly auth?: string;
  /** `SECTION.KEY=VALUE` */
  readonly set?: readonly string[];
}

/** The settings, and what follows from the files that they name. */
export interface Read {
  readonly settings: ControllerSettings;
  readonly policy: Policy;
  /** What does no harm, but does nothing either: lines for a log. */
  readonly warnings: readonly string[];
}

/** Reads the files each time that it is called. */
export function controllerSettings(options: ControllerOptions): () => Reading<Read> {
  const { config } = options;
  const source = { file: config === undefined ? SETTINGS_FILE : resolve(config), usual: config === undefined, said: said(options) };
  return () => {
    const reading = readSettingsFile(CONTROLLER, source);
    return reading.ok ? withPolicy(reading.value) : reading;
  };
}

function withPolicy(settings: ControllerSettings): Reading<Read> {
  const path = settings.policy.file;
  if (path === null) return { ok: true, value: { settings, policy: DECLARED_POLICY, warnings: [] } };
  const reading = readPolicyFile(path);
  return reading.ok ? { ok: true, value: { settings, policy: reading.policy, warnings: reading.warnings } } : reading;
}

function readPolicyFile(path: string): PolicyFileReading {
  try {
    return policyOf(readFileSync(path, "utf8"), path);
  } catch (error) {
    return { ok: false, problems: [`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

function said({ store, listen, auth, set }: ControllerOptions): readonly Said[] {
  const short = [
    { option: "--store", path: ["store", "path"], value: store && resolve(store) },
    { option: "--listen", path: ["listen", "api"], value: listen },
    { option: "--auth", path: ["auth", "how"], value: auth },
  ];
  return saidBy(short, set);
}
