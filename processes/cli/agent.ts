/** `margay agent`: keeps this machine as the cloud wants it, in the foreground until SIGTERM or SIGINT, as systemd wants it. */
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { jsonLog } from "#adapters/log/json.ts";
import { agent } from "../agent/agent.ts";
import { ROLES } from "../agent/settings.ts";
import type { AgentSettings } from "../agent/settings.ts";

export function command(): Command {
  return new Command("agent")
    .description("keep this machine as the cloud wants it: compute host, gateway or route reflector")
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
  // Configurations may hold passwords, and logs addresses: nobody else's to read.
  process.umask(0o077);
  const log = jsonLog("agent");
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  process.on("uncaughtException", (error) => {
    log.error("a bug: the agent ends, and can be started again", { error });
    process.exit(1);
  });
  try {
    await agent({ ...options, state: resolve(options.state) }, stop.signal, log);
  } catch (error) {
    log.error("the agent ends", { error });
    process.exitCode = 1;
  }
}
