/**
 * `margay backup FILE`: the store of a running controller as one file, of one moment, while it goes on. The file is a store:
 * `margay store check --store FILE` looks into it, `margay restore FILE` brings it back, a controller can be started on it.
 * It holds everything that the controller keeps, secrets included; it is readable for its owner only.
 */
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { fetchFile } from "#adapters/http/transfer.ts";
import { CHECKSUM_HEADER, STORE_PATH } from "#engine/store-door.ts";
import { Complaint, doorOf, endpointOf, unreachable, wordsOf } from "./client.ts";
import { complaining } from "./complaining.ts";
import { checksumLine, rowsInFile, summaryOf } from "./store-summary.ts";

/** Of silence: before its first word, the controller copies its store. */
const PATIENCE = 300_000;

export function command(): Command {
  return new Command("backup")
    .description("Copy the store of a running controller into a file, with its checksum beside it")
    .argument("<file>", "where to; there must be none yet")
    .option("--url <url>", "where the API is; else MARGAY_URL, else OS_ENDPOINT")
    .action(async (file: string, { url }: { readonly url?: string }) =>
      complaining(() => backup(resolve(file), endpointOf(url, process.env))),
    );
}

async function backup(file: string, endpoint: string): Promise<number> {
  if (existsSync(file)) throw new Complaint(`${file}: is there already`);
  const { door, base } = doorOf(endpoint);
  const token = process.env["OS_TOKEN"];
  const question = { door, path: `${base}${STORE_PATH}backup`, headers: token ? { "x-auth-token": token } : {}, file };
  const got = await fetchFile(question, { timeout: PATIENCE }).catch((error: NodeJS.ErrnoException) => {
    throw error.syscall === "open" ? new Complaint(`${file}: ${error.message}`) : unreachable(door, error);
  });
  if (got.status !== 200) throw new Complaint(`${door}${question.path}: ${got.status}: ${wordsOf(got.text)}`);
  if (got.sha256 !== got.headers[CHECKSUM_HEADER]) throw new Complaint(`${file}: did not arrive as it was sent; do not use it`);
  writeFileSync(`${file}.sha256`, checksumLine(file, got.sha256), { mode: 0o600 });
  process.stdout.write(`${file}: ${got.bytes} bytes, SHA-256 ${got.sha256}\n${summaryOf(rowsInFile(file))}\n`);
  return 0;
}
