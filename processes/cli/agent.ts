/** `margay agent`: keeps this machine as the cloud wants it, in the foreground until SIGTERM or SIGINT, as systemd wants it. */
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { agent } from "../agent/agent.ts";
import { service } from "../service.ts";
import { ROLES } from "../agent/settings.ts";
import type { AgentSettings } from "../agent/settings.ts";

export function command(): Command {
  return new Command("agent")
    .description("Keep this machine as the cloud wants it: compute host, gateway or route reflector")
    .addOption(new Option("--role <role>", "what this machine is").choices(ROLES).makeOptionMandatory())
    .requiredOption("--host <name>", "its name in the declaration and in Nova")
    .requiredOption("--controller <url>", "http://HOST:PORT, https://HOST:PORT or unix:/PATH; may be given several times", several)
    .requiredOption("--state <directory>", "where files, logs and records of daemons are kept")
    .action(run);
}

function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/**
 * Young objects get 2 MB instead of 16: an agent makes much that is short-lived and keeps little, and each program that it starts
 * costs time in proportion to its size. Node takes this only at its start, so the process starts itself anew, in its own place.
 */
const HEAP = "--max-semi-space-size=2";

async function run(options: AgentSettings): Promise<void> {
  if (!process.execArgv.includes(HEAP))
    process.execve?.(process.execPath, [process.execPath, HEAP, ...process.execArgv, ...process.argv.slice(1)], process.env);
  await service("agent", (stop, log) => agent({ ...options, state: resolve(options.state) }, stop, log));
}
