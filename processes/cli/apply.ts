/**
 * `margay apply FILE`: makes the data centre so. The file is checked here first, where its lines are known; the controller
 * says what would change, and does it once that is confirmed.
 */
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { readDataCenterFile } from "#adapters/yaml/datacenter-file.ts";
import type { ApplyBody } from "#core/datacenter/api.ts";
import type { Difference } from "#core/datacenter/apply-difference.ts";
import { countText, differenceText } from "./apply-text.ts";
import { Complaint, endpointOf, post } from "./client.ts";

interface Options {
  readonly yes?: true;
  readonly url?: string;
}

/** How the command ends, besides 0. */
const STATUS = { failed: 1, wrongFile: 2, notConfirmed: 3 } as const;

export function command(): Command {
  return new Command("apply")
    .description("Make a data centre so: its networks, subnets, quotas, and what every host is told")
    .argument("<file>", "datacenter.yaml")
    .option("-y, --yes", "do it without asking")
    .option("--url <url>", "where the API is; else MARGAY_URL, else OS_ENDPOINT")
    .action(async (file: string, options: Options) => {
      try {
        process.exitCode = await apply(file, options);
      } catch (error) {
        if (!(error instanceof Complaint)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = STATUS.failed;
      }
    });
}

async function apply(file: string, { yes, url }: Options): Promise<number> {
  const reading = await readDataCenterFile(file);
  if (!reading.ok) {
    process.stderr.write(`${reading.problems.join("\n")}\n`);
    return STATUS.wrongFile;
  }
  const ask = async (dry_run: boolean) =>
    differenceIn(await post(endpointOf(url, process.env), "/margay/v1/apply", bodyOf(reading.document, dry_run)));
  const planned = await ask(true);
  if (planned.length === 0) {
    process.stdout.write("nothing to change\n");
    return 0;
  }
  process.stdout.write(`${differenceText(planned)}${countText(planned)}\n`);
  if (yes !== true && !(await confirmed())) {
    process.stderr.write("nothing has been changed; confirm with --yes\n");
    return STATUS.notConfirmed;
  }
  const done = await ask(false);
  const same = JSON.stringify(done) === JSON.stringify(planned);
  // Somebody may have been faster: then what was done is not what was shown.
  process.stdout.write(same ? "done\n" : `done, but meanwhile others changed the cloud; this was left to do:\n${differenceText(done)}`);
  return 0;
}

function bodyOf(document: unknown, dry_run: boolean): { readonly body: ApplyBody; readonly token: string | undefined } {
  return { body: { document, dry_run }, token: process.env["OS_TOKEN"] };
}

function differenceIn(answer: Readonly<Record<string, unknown>>): Difference {
  if (!Array.isArray(answer["difference"])) throw new Complaint("no difference in the answer: is this another version of Margay?");
  // Said by the controller that read the same document; `AppliedBody` is its word for it.
  return answer["difference"] as Difference;
}

/** Only a person at a terminal can say yes. */
export async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question("Do it? [y/N] ")).trim());
  } finally {
    terminal.close();
  }
}
