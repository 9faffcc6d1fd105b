/**
 * What is remembered of a daemon on the host itself: which process it is, and what it has been told. With it, an agent that
 * starts anew finds the daemons of the one before. One JSON file per daemon.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Daemon } from "#core/kinds/daemon.ts";
import { isMissing } from "./errors.ts";
import type { ProcessName } from "./process.ts";

export interface RunRecord {
  readonly process: ProcessName;
  /** As it was started and last loaded; `loaded` is empty until it has said that it serves. */
  readonly daemon: Daemon;
  /** Its stamp when it had loaded that, where it has one. */
  readonly stamp?: string;
}

export interface RunRecords {
  all(): readonly RunRecord[];
  of(name: string): RunRecord | undefined;
  write(record: RunRecord): void;
  remove(name: string): void;
}

const SUFFIX = ".run.json";

export function runRecords(directory: string): RunRecords {
  mkdirSync(directory, { recursive: true });
  const place = (name: string) => join(directory, name + SUFFIX);
  const of = (name: string) => read(place(name));
  return {
    of,
    all: () =>
      readdirSync(directory)
        .filter((entry) => entry.endsWith(SUFFIX))
        .flatMap((entry) => of(entry.slice(0, -SUFFIX.length)) ?? []),
    write: (record) => {
      writeFileSync(`${place(record.daemon.name)}.new`, JSON.stringify(record));
      renameSync(`${place(record.daemon.name)}.new`, place(record.daemon.name));
    },
    remove: (name) => rmSync(place(name), { force: true }),
  };
}

/** A record that cannot be read is as good as none: the daemon is found by its environment and started anew. */
function read(path: string): RunRecord | undefined {
  try {
    // We wrote it ourselves, whole or not at all.
    return JSON.parse(readFileSync(path, "utf8")) as RunRecord;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
