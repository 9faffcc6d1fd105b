/** `margay store check`: does what a store holds make sense? Of a running controller, or of a file. Ends with 1 when it does not. */
import { resolve } from "node:path";
import { Command } from "commander";
import { inconsistencies } from "#core/neutron/consistency.ts";
import type { Finding } from "#core/neutron/consistency-finding.ts";
import { STORE_PATH } from "#engine/store-door.ts";
import { Complaint, endpointOf, getFrom } from "./client.ts";
import { complaining } from "./complaining.ts";
import { rowsInFile } from "./store-summary.ts";

interface Options {
  readonly store?: string;
  readonly url?: string;
  readonly json?: true;
}

export function command(): Command {
  const store = new Command("store").description("Look into what keeps the state");
  store
    .command("check")
    .description("Does what it holds make sense: every row as declared, everything named is there, addresses once and in their subnets")
    .option("--store <file>", "a store's file, or a backup; else what a running controller holds")
    .option("--url <url>", "where the API is; else MARGAY_URL, else OS_ENDPOINT")
    .option("--json", "for programs")
    .action(async (options: Options) => complaining(() => check(options)));
  return store;
}

interface Checked {
  readonly rows: number;
  readonly findings: readonly Finding[];
}

async function check({ store, url, json }: Options): Promise<number> {
  const { rows, findings } = store === undefined ? await running(endpointOf(url, process.env)) : inFile(resolve(store));
  if (json === true) process.stdout.write(`${JSON.stringify({ rows, findings }, undefined, 2)}\n`);
  else
    process.stdout.write(`${findingsText(findings)}${rows} rows, ${findings.length === 1 ? "1 finding" : `${findings.length} findings`}\n`);
  return findings.length === 0 ? 0 : 1;
}

function inFile(file: string): Checked {
  const { rows } = rowsInFile(file);
  return { rows: rows.size, findings: inconsistencies(rows) };
}

async function running(endpoint: string): Promise<Checked> {
  const { rows, findings } = await getFrom(endpoint, `${STORE_PATH}check`, process.env["OS_TOKEN"]);
  if (typeof rows !== "number" || !Array.isArray(findings))
    throw new Complaint("no findings in the answer: is this another version of Margay?");
  // Said by the controller, by the same declaration of what a finding is.
  return { rows, findings: findings as readonly Finding[] };
}

/** A line for what is wrong, and one for what to do. */
export function findingsText(findings: readonly Finding[]): string {
  return findings.map(({ place, problem, advice }) => `${place}: ${problem}\n    ${advice}\n`).join("");
}
