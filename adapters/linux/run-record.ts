/**
 * What is remembered of a daemon on the host itself: which process it is, and what it has been told. With it, an agent that
 * starts anew finds the daemons of the one before. One JSON file per daemon.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Daemon } from "#core/kinds/daemon.ts";
import { isMissing } from "./errors.ts";
import { replaceFile } from "./replace-file.ts";
import type { ProcessName } from "./process.ts";

export interface RunRecord {
  readonly process: ProcessName;
  /** As it was started and last loaded; `loaded` is empty until it has said that it serves. */
  readonly daemon: Daemon;
  /** Its stamp when it had loaded that, where it has one. */
  readonly stamp?: string;
  /** Where it has written its number, if it is one that does. */
  readonly pidFile?: string;
  /** The links that its memory depends on, by the numbers with which they were seen. */
  readonly links?: Readonly<Record<string, number>>;
}

export interface RunRecords {
  all(): readonly RunRecord[];
  of(name: string): RunRecord | undefined;
  /** One at a time. */
  write(record: RunRecord): Promise<void>;
  remove(name: string): void;
}

const SUFFIX = ".run.json";

export function runRecords(directory: string): RunRecords {
  mkdirSync(directory, { recursive: true });
  const place = (name: string) => join(directory, name + SUFFIX);
  const read = reader();
  const of = (name: string) => read(place(name));
  return {
    of,
    all: () =>
      readdirSync(directory)
        .filter((entry) => entry.endsWith(SUFFIX))
        .flatMap((entry) => of(entry.slice(0, -SUFFIX.length)) ?? []),
    write: (record) => replaceFile(place(record.daemon.name), JSON.stringify(record)),
    remove: (name) => rmSync(place(name), { force: true }),
  };
}

/** They are long and looked at often: one that has not been written since is not read again. */
function reader(): (path: string) => RunRecord | undefined {
  const known = new Map<string, { readonly version: string; readonly record: RunRecord | undefined }>();
  return (path) => {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined) return undefined;
    const version = `${status.ino} ${status.mtimeMs} ${status.size}`;
    const last = known.get(path);
    if (last?.version === version) return last.record;
    const record = readRecord(path);
    known.set(path, { version, record });
    return record;
  };
}

/** A record that cannot be read is as good as none: the daemon is found by its environment and started anew. */
function readRecord(path: string): RunRecord | undefined {
  try {
    // We wrote it ourselves, whole or not at all.
    return JSON.parse(readFileSync(path, "utf8")) as RunRecord;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
