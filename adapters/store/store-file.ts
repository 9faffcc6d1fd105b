/** A store's file as a thing to copy, to check and to read, whoever may have it open. */
import { createHash } from "node:crypto";
import { createReadStream, closeSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import type { Entry } from "#contracts/store.ts";
import { formatOf } from "./sqlite-schema.ts";
import { statementsOf } from "./sqlite-statements.ts";

/** All pages at once: another's commit in between would make SQLite begin anew. Readers do not hold up writers. */
const ALL_PAGES = 2 ** 31 - 1;

/** Copies the store as it is at one moment into a new file of one piece, which is on the disk when it answers. Rejects where there is a file. */
export async function copyStore(path: string, into: string): Promise<void> {
  closeSync(openSync(into, "wx", 0o600));
  const from = new DatabaseSync(path, { readOnly: true });
  try {
    await backup(from, into, { rate: ALL_PAGES });
  } finally {
    from.close();
  }
  const copy = new DatabaseSync(into);
  try {
    // Without a log beside it, the file alone is everything.
    copy.exec("PRAGMA journal_mode = DELETE");
  } finally {
    copy.close();
  }
  flush(into);
  flush(dirname(into));
}

function flush(path: string): void {
  const opened = openSync(path, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** Everything that a store's file holds; throws, with the reason, when it is no store, of a newer program, or damaged. */
export function readStore(path: string): readonly Entry[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    if (formatOf(database, path) === 0) throw new Error(`Cannot open the store "${path}": it is empty`);
    const [first] = database.prepare("PRAGMA integrity_check").all();
    const verdict = first?.["integrity_check"];
    if (verdict !== "ok") throw new Error(`Cannot read the store "${path}": it is damaged: ${String(verdict)}`);
    return statementsOf(database).entries("");
  } finally {
    database.close();
  }
}

/** In lower case hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
