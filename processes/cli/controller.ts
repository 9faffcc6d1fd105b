/** `margay controller`: runs a controller in the foreground until SIGTERM or SIGINT, as systemd wants it. */
import { Command, Option } from "commander";
import type { Listen } from "#adapters/http/server.ts";
import { controller } from "../controller/controller.ts";
import { service } from "../service.ts";
import { readListen } from "../controller/settings.ts";
import type { ControllerSettings } from "../controller/settings.ts";

export function command(): Command {
  return new Command("controller")
    .description("Neutron API, address management and the agents' feed")
    .requiredOption("--store <path>", "the SQLite file that keeps the state; made when it is not there")
    .requiredOption("--listen <address>", "HOST:PORT, [IPV6]:PORT or unix:/PATH; may be given several times", listens)
    .addOption(
      new Option("--auth <how>", "closed: nobody is let in by TCP; none: everybody is, as administrator")
        .choices(["closed", "none"])
        .default("closed"),
    )
    .action(run);
}

function listens(text: string, before: readonly Listen[] = []): readonly Listen[] {
  return [...before, readListen(text)];
}

async function run(settings: ControllerSettings): Promise<void> {
  await service("controller", (stop, log) => controller(settings, stop, log));
}
