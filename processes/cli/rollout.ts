/** `margay rollout`: how the last change of the data centre goes; `confirm` keeps it, `back` takes it back. */
import { Command } from "commander";
import { Complaint, endpointOf } from "./client.ts";
import { complaining } from "./complaining.ts";
import { judge, lineOf, rolloutAt } from "./rollout-follow.ts";

interface Options {
  readonly url?: string;
}

export function command(): Command {
  const rollout = new Command("rollout")
    .description("The last change of the data centre: how it goes, whether it is kept")
    .argument("[action]", "confirm: it is good; back: as it was before")
    .option("--url <url>", "where the API is; else MARGAY_URL, else OS_ENDPOINT");
  return rollout.action((action: string | undefined, { url }: Options) =>
    complaining(async () => {
      const endpoint = endpointOf(url, process.env);
      if (action === "confirm" || action === "back") await judge(endpoint, action);
      else if (action !== undefined) throw new Complaint(`${action}: neither confirm nor back`);
      process.stdout.write(`${lineOf(await rolloutAt(endpoint))}\n`);
      return 0;
    }),
  );
}
