/**
 * `margay restore FILE`: what a backup holds in place of everything that a running controller holds, in one commit; agents and
 * API follow it. The controller keeps its present state beside its store first, and says where.
 */
import { resolve } from "node:path";
import { Command } from "commander";
import { sendFile } from "#adapters/http/transfer.ts";
import { inconsistencies } from "#core/neutron/consistency.ts";
import { CHECKSUM_HEADER, RESTORE_PATH } from "#engine/store-door.ts";
import { confirmed } from "./apply.ts";
import { Complaint, doorOf, endpointOf, unreachable, wordsOf } from "./client.ts";
import { complaining } from "./complaining.ts";
import { findingsText } from "./store.ts";
import { checkedSum, rowsInFile, summaryOf } from "./store-summary.ts";

/** Of silence: the controller reads all of it before it answers. */
const PATIENCE = 300_000;

interface Options {
  readonly yes?: true;
  readonly force?: true;
  readonly url?: string;
}

/** How the command ends, besides 0 and 1. */
const NOT_CONFIRMED = 3;

export function command(): Command {
  return new Command("restore")
    .description("Put a backup in place of everything that a running controller holds")
    .argument("<file>", "a backup, or any store that no controller has open")
    .option("-y, --yes", "do it without asking")
    .option("--force", "also where what it holds makes no sense together")
    .option("--url <url>", "where the API is; else MARGAY_URL, else OS_ENDPOINT")
    .action(async (file: string, options: Options) => complaining(() => restore(resolve(file), options)));
}

async function restore(file: string, { yes, force, url }: Options): Promise<number> {
  const { door, base } = doorOf(endpointOf(url, process.env));
  const sha256 = await checkedSum(file);
  const held = rowsInFile(file);
  process.stdout.write(`${file}: ${summaryOf(held)}\n`);
  if (yes !== true && !(await confirmed())) {
    process.stderr.write("nothing has been changed; confirm with --yes\n");
    return NOT_CONFIRMED;
  }
  const token = process.env["OS_TOKEN"];
  const headers = { [CHECKSUM_HEADER]: sha256, ...(token ? { "x-auth-token": token } : {}) };
  const path = `${base}${RESTORE_PATH}${force === true ? "?force=true" : ""}`;
  const { status, text } = await sendFile({ door, path, headers, file }, { timeout: PATIENCE }).catch((error: NodeJS.ErrnoException) => {
    throw unreachable(door, error);
  });
  if (status === 409) process.stderr.write(findingsText(inconsistencies(held.rows)));
  if (status !== 200)
    throw new Complaint(`${door}${path}: ${status}: ${wordsOf(text)}${status === 409 ? "; --force takes it all the same" : ""}`);
  const { made, changed, removed, kept } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  process.stdout.write(`restored: ${made} rows made, ${changed} changed, ${removed} removed; what was there before is kept in ${kept}\n`);
  return 0;
}
