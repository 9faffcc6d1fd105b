/**
 * `margay agent`: keeps this machine as the cloud wants it, in the foreground until SIGTERM or SIGINT, as systemd wants it; SIGHUP makes it
 * read its settings again.
 */
import { Command, Option } from "commander";
import { ROLES } from "#core/datacenter/roles.ts";
import { AGENT, AGENT_SETTINGS_FILE } from "#core/settings/agent.ts";
import { agentSettings } from "../agent/settings.ts";
import type { AgentOptions } from "../agent/settings.ts";
import { rereading } from "../rereading.ts";
import { service } from "../service.ts";
import { settingsHelp } from "./settings-help.ts";

export function command(): Command {
  return new Command("agent")
    .description("Keep this machine as the cloud wants it: compute host, gateway, route reflector or top-of-rack router")
    .option("--config <file>", `the settings file; else ${AGENT_SETTINGS_FILE}, where it is there`)
    .addOption(new Option("--role <role>", "agent.role: what this machine is").choices(ROLES))
    .option("--host <name>", "agent.host: its name in the declaration and in Nova")
    .option(
      "--controller <url>",
      "agent.controllers: http://HOST:PORT, https://HOST:PORT or unix:/PATH; may be given several times",
      several,
    )
    .option("--state <directory>", "agent.state: where files, logs and records of daemons are kept")
    .option("--set <name=value>", "any setting, as in the file: --set log.level=debug; may be given several times", several)
    .addHelpText("after", () => settingsHelp(AGENT, "margay settings --agent"))
    .action(run);
}

function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

async function run(options: AgentOptions): Promise<void> {
  // Most of the program, for which the help has no use.
  const { agent } = await import("../agent/agent.ts");
  const read = agentSettings(options);
  const first = read();
  if (!first.ok) {
    process.stderr.write(`${first.problems.join("\n")}\n`);
    process.exitCode = 2;
    return;
  }
  await service("agent", async (stop, log) => {
    const live = rereading(AGENT, { read, first: first.value, log });
    log.setLevel(first.value.settings.log.level);
    live.listen(({ settings }) => log.setLevel(settings.log.level));
    process.on("SIGHUP", live.reread);
    await agent(live, stop, log);
  });
}
