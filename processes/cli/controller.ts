/** `margay controller`: runs a controller in the foreground until SIGTERM or SIGINT, as systemd wants it. */
import { Command, Option } from "commander";
import { jsonLog } from "#adapters/log/json.ts";
import type { Listen } from "#adapters/http/server.ts";
import { controller } from "../controller/controller.ts";
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
  // The store and the socket are nobody else's to read: whoever reaches the socket is an administrator.
  process.umask(0o077);
  const log = jsonLog("controller");
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  process.on("uncaughtException", (error) => {
    log.error("a bug: the controller ends, and can be started again", { error });
    process.exit(1);
  });
  try {
    await controller(settings, stop.signal, log);
  } catch (error) {
    log.error("the controller ends", { error });
    process.exitCode = 1;
  }
}
