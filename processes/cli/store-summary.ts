/** What a store's file holds, in a line or as rows; and the checksum beside it. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { readStore, sha256Of } from "#adapters/store/store-file.ts";
import { systemFresh } from "#adapters/clock/fresh.ts";
import { systemClock } from "#adapters/clock/system.ts";
import { forward, versionedRows } from "#engine/rows-version.ts";
import type { VersionedRows } from "#engine/rows-version.ts";
import { Complaint } from "./client.ts";

/** Throws a complaint when it is no store, of a newer program, or damaged. Older rows are shown as this program would keep them. */
export function rowsInFile(file: string): VersionedRows {
  try {
    const held = versionedRows(readStore(file));
    return { ...held, rows: forward(held, systemFresh(systemClock())) };
  } catch (error) {
    throw new Complaint(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `120 rows of version 2: 4 networks, 100 ports` */
export function summaryOf({ rows, version }: VersionedRows): string {
  const counts = Map.groupBy(rows.keys(), (key) => key.split("/")[0] ?? "");
  const tables = [...counts].map(([table, keys]) => `${table} ${keys.length}`).toSorted();
  return `${rows.size} rows of version ${version}${tables.length > 0 ? `: ${tables.join(", ")}` : ""}`;
}

/** `sha256sum -c` understands it. */
export function checksumLine(file: string, sha256: string): string {
  return `${sha256}  ${basename(file)}\n`;
}

/** Of the file; a complaint when a checksum lies beside it and says otherwise. */
export async function checkedSum(file: string): Promise<string> {
  const sha256 = await sha256Of(file).catch((error: Error) => {
    throw new Complaint(`${file}: cannot be read: ${error.message}`);
  });
  const beside = besideIt(`${file}.sha256`);
  if (beside !== undefined && beside !== sha256)
    throw new Complaint(`${file}: its SHA-256 is ${sha256}, and ${file}.sha256 says ${beside}`);
  return sha256;
}

function besideIt(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").split(" ")[0];
  } catch {
    return undefined;
  }
}
