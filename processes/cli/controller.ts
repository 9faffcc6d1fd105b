/** `margay controller`: runs a controller in the foreground until SIGTERM or SIGINT, as systemd wants it; SIGHUP makes it read its settings again. */
import { Command } from "commander";
import { CONTROLLER, SETTINGS_FILE } from "#core/settings/controller.ts";
import { controller } from "../controller/controller.ts";
import { liveSettings } from "../controller/live-settings.ts";
import { controllerSettings } from "../controller/settings.ts";
import type { ControllerOptions } from "../controller/settings.ts";
import { service } from "../service.ts";
import { settingsHelp } from "./settings-help.ts";

export function command(): Command {
  return new Command("controller")
    .description("Neutron API, address management and the agents' feed")
    .option("--config <file>", `the settings file; else ${SETTINGS_FILE}, where it is there`)
    .option("--store <path>", "store.path: the SQLite file that keeps the state")
    .option("--listen <address>", "listen.api: HOST:PORT, [IPV6]:PORT or unix:/PATH; may be given several times", several)
    .option("--auth <how>", "auth.how: how the asker is known by TCP")
    .option("--set <name=value>", "any setting, as in the file: --set log.level=debug; may be given several times", several)
    .addHelpText("after", () => settingsHelp(CONTROLLER, "margay settings"))
    .action(run);
}

function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

async function run(options: ControllerOptions): Promise<void> {
  const read = controllerSettings(options);
  const first = read();
  if (!first.ok) {
    process.stderr.write(`${first.problems.join("\n")}\n`);
    process.exitCode = 2;
    return;
  }
  await service("controller", async (stop, log) => {
    const live = liveSettings(read, first.value, log);
    log.setLevel(first.value.settings.log.level);
    live.listen(({ log: { level } }) => log.setLevel(level));
    process.on("SIGHUP", live.reread);
    await controller(live, stop, log);
  });
}
