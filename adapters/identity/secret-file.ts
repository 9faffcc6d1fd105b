/** Files that hold secrets: written aside and renamed, so that nobody reads half of one, for their owner's eyes alone. */
import { chmodSync, chownSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isMissing } from "../linux/errors.ts";

/** Undefined: there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A file that is there keeps its owner and mode: a controller that is another user still reads it. */
export function writeSecret(path: string, text: string): void {
  const before = statSync(path, { throwIfNoEntry: false });
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    const file = openSync(aside, "wx", 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (before !== undefined) {
      chmodSync(aside, before.mode & 0o777);
      if (process.getuid?.() === 0) chownSync(aside, before.uid, before.gid);
    }
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}
