/** The store of a lab's controller, put back by force as something else than it was: by a copy of it, as an operator would. */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sendFile } from "#adapters/http/transfer.ts";
import { copyStore, readStore, sha256Of } from "#adapters/store/store-file.ts";
import { CHECKSUM_HEADER, RESTORE_PATH } from "#engine/store-door.ts";
import { versionedRows } from "#engine/rows-version.ts";
import { controllerSocket } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import type { Rows } from "./cast.ts";

export async function restoreChanged(lab: Lab, change: (rows: Rows) => Rows): Promise<void> {
  const file = join(lab.directory, `changed-${randomUUID()}.sqlite`);
  await copyStore(join(lab.directory, "store.sqlite"), file);
  try {
    const { rows } = versionedRows(readStore(file));
    write(file, rows, change(rows));
    const headers = { [CHECKSUM_HEADER]: await sha256Of(file) };
    const question = { door: `unix:${controllerSocket(lab)}`, path: `${RESTORE_PATH}?force=true`, headers, file };
    const { status, text } = await sendFile(question, { timeout: 10_000 });
    if (status !== 200) throw new Error(`the store was not restored: ${status} ${text}`);
  } finally {
    rmSync(file);
  }
}

function write(file: string, before: Rows, after: Rows): void {
  const database = new DatabaseSync(file);
  const [put, remove] = [
    database.prepare("INSERT INTO entry VALUES (?, ?, 1) ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
    database.prepare("DELETE FROM entry WHERE key = ?"),
  ];
  for (const key of before.keys()) if (!after.has(key)) remove.run(key);
  for (const [key, row] of after) if (before.get(key) !== row) put.run(key, JSON.stringify(row));
  database.close();
}
