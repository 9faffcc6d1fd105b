/** What the agent is told: its file, and its command line on top of it. */
import { resolve } from "node:path";
import { readMetadataFiles } from "#adapters/metadata/files.ts";
import type { MetadataSecrets } from "#adapters/metadata/files.ts";
import { readSettingsFile } from "#adapters/yaml/settings-file.ts";
import type { Said } from "#adapters/yaml/settings-file.ts";
import type { Role } from "#core/feed/item.ts";
import { AGENT, AGENT_SETTINGS_FILE } from "#core/settings/agent.ts";
import type { AgentFile } from "#core/settings/agent.ts";
import type { Reading } from "../rereading.ts";
import { saidBy } from "../said.ts";

/** As the command line has them. */
export interface AgentOptions {
  readonly config?: string;
  readonly role?: string;
  readonly host?: string;
  readonly controller?: readonly string[];
  readonly state?: string;
  /** `SECTION.KEY=VALUE` */
  readonly set?: readonly string[];
}

/** The settings, and what is in the files that they name. */
export interface AgentRead {
  readonly settings: AgentFile;
  readonly metadata: MetadataSecrets;
}

/** Which machine an agent is at work on, for as long as it is. */
export interface AgentSettings {
  readonly role: Role;
  /** The machine's name in the data centre's declaration, and in Nova's. */
  readonly host: string;
  /** `http://host:port`, `https://host:port` or `unix:/path`, tried in turn. */
  readonly controller: readonly string[];
  /** Where files, logs and records of daemons are kept. */
  readonly state: string;
  readonly flowOffload: AgentFile["agent"]["flow_offload"];
}

/** Reads the files each time that it is called. */
export function agentSettings(options: AgentOptions): () => Reading<AgentRead> {
  const { config } = options;
  const source = { file: config === undefined ? AGENT_SETTINGS_FILE : resolve(config), usual: config === undefined, said: said(options) };
  return () => {
    const reading = readSettingsFile(AGENT, source);
    if (!reading.ok) return reading;
    const files = readMetadataFiles(reading.value.metadata);
    return files.ok ? { ok: true, value: { settings: reading.value, metadata: files.value } } : files;
  };
}

function said({ role, host, controller, state, set }: AgentOptions): readonly Said[] {
  const short = [
    { option: "--role", path: ["agent", "role"], value: role },
    { option: "--host", path: ["agent", "host"], value: host },
    { option: "--controller", path: ["agent", "controllers"], value: controller },
    { option: "--state", path: ["agent", "state"], value: state && resolve(state) },
  ];
  return saidBy(short, set);
}

export function machineOf({ agent: { role, host, controllers, state, flow_offload: flowOffload } }: AgentFile): AgentSettings {
  return { role, host, controller: controllers, state, flowOffload };
}
