/** `margay why ADDRESS|PORT`: the chain from the API object to what the kernel holds, each link with its outcome, and one verdict. */
import { Command } from "commander";
import { chainOf } from "#core/why/chain.ts";
import type { Records } from "#core/why/records.ts";
import { controllerSocket, labNamed } from "#lab/place.ts";
import { complaining } from "./complaining.ts";
import { endpointOf, getFrom } from "./client.ts";
import { localPlace, labPlace } from "./why-ask.ts";
import { chainText } from "./why-text.ts";

interface Options {
  readonly url?: string;
  readonly state?: string;
  readonly lab?: string;
  readonly json?: boolean;
}

export function command(): Command {
  return new Command("why")
    .description("Why an address or a port is served, or is not: from the API object to the kernel's objects")
    .argument("<address|port>", "an address (fixed, floating, of a pair, nobody's), or a port: its id, its tap or its name")
    .option("--url <url>", "where the API is; else MARGAY_URL, else OS_ENDPOINT")
    .option("--state <directory>", "state directory of the agent on this machine, to ask it and its BIRD; else MARGAY_STATE")
    .option("--lab <lab>", "ask in this lab, on all its machines; else MARGAY_LAB")
    .option("--json", "the chain as JSON")
    .addHelpText("after", "\nEnds with 0 when it is served, 1 when it is not or cannot be asked, 2 when nobody knows.")
    .action((asked: string, options: Options) => complaining(() => why(asked, options)));
}

const STATUS = { yes: 0, no: 1, unknown: 2 } as const;

async function why(asked: string, options: Options): Promise<number> {
  const env = process.env;
  const lab = options.lab || env["MARGAY_LAB"] || undefined;
  const url = endpointOf(options.url ?? (lab === undefined ? undefined : `unix:${controllerSocket(labNamed(lab))}`), env);
  // The controller answers what its own declaration says: recordsOf.
  const records = (await getFrom(url, `/margay/v1/why/${encodeURIComponent(asked)}`, env["OS_TOKEN"])) as unknown as Records;
  const place = lab === undefined ? localPlace(options.state ?? env["MARGAY_STATE"]) : labPlace(labNamed(lab));
  const chain = chainOf({ records, host: await place.host(records), birds: await place.birds(records) });
  process.stdout.write(options.json === true ? `${JSON.stringify(chain, undefined, 2)}\n` : `${chainText(chain)}\n`);
  return STATUS[chain.served];
}
