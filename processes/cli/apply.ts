/**
 * `margay apply FILE`: makes the data centre so. The file is checked here first, where its lines are known; the controller
 * says what would change, and does it once that is confirmed.
 */
import { createInterface } from "node:readline/promises";
import { Command, InvalidArgumentError } from "commander";
import { readDataCenterFile } from "#adapters/yaml/datacenter-file.ts";
import type { AppliedBody, ApplyBody } from "#core/rollout/api.ts";
import { countText, differenceText, retiringText } from "./apply-text.ts";
import { Complaint, endpointOf, post } from "./client.ts";
import { followed } from "./rollout-follow.ts";

interface Options {
  readonly yes?: true;
  readonly url?: string;
  readonly confirm?: number;
  readonly verify?: string;
}

/** How the command ends, besides 0. */
const STATUS = { failed: 1, wrongFile: 2, notConfirmed: 3, wentBack: 4 } as const;

export function command(): Command {
  return new Command("apply")
    .description("Make a data centre so: its networks, subnets, quotas, and what every host is told")
    .argument("<file>", "datacenter.yaml")
    .option("-y, --yes", "do it without asking")
    .option(
      "--confirm <seconds>",
      "take it back unless it is confirmed this soon after it stands: by --verify, else by `margay rollout confirm`",
      seconds,
    )
    .option("--verify <command>", "confirms it if the command ends well, takes it back if not (with --confirm)")
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

async function apply(file: string, { yes, url, confirm, verify }: Options): Promise<number> {
  if (verify !== undefined && confirm === undefined)
    throw new Complaint("--verify needs --confirm SECONDS: else there is nothing to take back");
  const reading = await readDataCenterFile(file);
  if (!reading.ok) {
    process.stderr.write(`${reading.problems.join("\n")}\n`);
    return STATUS.wrongFile;
  }
  const endpoint = endpointOf(url, process.env);
  const ask = async (dry_run: boolean) => {
    const body: ApplyBody = { document: reading.document, dry_run, ...(confirm !== undefined && { confirm }) };
    return appliedIn(await post(endpoint, "/margay/v1/apply", { body, token: process.env["OS_TOKEN"] }));
  };
  const planned = await ask(true);
  const leaving = retiringText(planned.retiring);
  if (planned.difference.length === 0) {
    process.stdout.write(`nothing to change\n${leaving}`);
    return 0;
  }
  process.stdout.write(`${leaving}${differenceText(planned.difference)}${countText(planned.difference)}\n${orderText(planned)}`);
  if (yes !== true && !(await confirmed())) {
    process.stderr.write("nothing has been changed; confirm with --yes\n");
    return STATUS.notConfirmed;
  }
  const done = await ask(false);
  const same = JSON.stringify(done.difference) === JSON.stringify(planned.difference);
  // Somebody may have been faster: then what was done is not what was shown.
  if (!same) process.stdout.write(`meanwhile others changed the cloud; this was left to do:\n${differenceText(done.difference)}`);
  const good = !done.under_way || (await followed(endpoint, { confirm, verify, say: (line) => process.stdout.write(`${line}\n`) }));
  if (good) process.stdout.write("done\n");
  return good ? 0 : STATUS.wentBack;
}

function orderText({ stages, ahead }: AppliedBody): string {
  const warnings = ahead.map((one) => `warning: ${one}\n`).join("");
  return stages > 1
    ? `in steps: what is new beside what is there; once that stands, nobody uses what goes; then without it\n${warnings}`
    : warnings;
}

function seconds(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("a whole number of seconds.");
}

function appliedIn(answer: Readonly<Record<string, unknown>>): AppliedBody {
  if (!Array.isArray(answer["difference"])) throw new Complaint("no difference in the answer: is this another version of Margay?");
  // Said by the controller that read the same document; `AppliedBody` is its word for it.
  return answer as unknown as AppliedBody;
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
