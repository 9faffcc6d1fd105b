/**
 * What is remembered of a daemon on the host itself: which process it is, and what it has been told. With it, an agent that
 * starts anew finds the daemons of the one before. One file per daemon, a line of JSON for each record: the last that is whole
 * counts. A line more costs microseconds, a file in another's place some milliseconds.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Daemon } from "#core/kinds/daemon.ts";
import { replaceFile } from "./replace-file.ts";
import { textOf } from "./text-of.ts";
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
/** Bytes; one that is longer is begun anew. */
const LONG = 1 << 20;

export function runRecords(directory: string): RunRecords {
  mkdirSync(directory, { recursive: true });
  const place = (name: string) => join(directory, name + SUFFIX);
  const known = memory();
  const of = (name: string) => known.read(place(name));
  return {
    of,
    all: () =>
      readdirSync(directory)
        .filter((entry) => entry.endsWith(SUFFIX))
        .flatMap((entry) => of(entry.slice(0, -SUFFIX.length)) ?? []),
    write: async (record) => {
      const path = place(record.daemon.name);
      await append(path, JSON.stringify(record));
      known.note(path, record);
    },
    remove: (name) => rmSync(place(name), { force: true }),
  };
}

/** A line begins with its break: one before it that was not written to its end stays by itself. */
async function append(path: string, line: string): Promise<void> {
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 };
  await (size > LONG ? replaceFile(path, line) : appendFile(path, `\n${line}`));
}

interface Memory {
  read(path: string): RunRecord | undefined;
  /** This is what was written last. */
  note(path: string, record: RunRecord): void;
}

/** They are long and looked at often: one that has not been written since is not read again. */
function memory(): Memory {
  const known = new Map<string, { readonly version: string; readonly record: RunRecord | undefined }>();
  const read = (path: string) => {
    const version = versionOf(path);
    if (version === undefined) return undefined;
    const last = known.get(path);
    if (last?.version === version) return last.record;
    const record = readRecord(path);
    known.set(path, { version, record });
    return record;
  };
  return {
    read,
    note: (path, record) => {
      const version = versionOf(path);
      if (version !== undefined) known.set(path, { version, record });
    },
  };
}

function versionOf(path: string): string | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? undefined : `${status.ino} ${status.mtimeMs} ${status.size}`;
}

/** A record that cannot be read is as good as none: the daemon is found by its environment and started anew. */
function readRecord(path: string): RunRecord | undefined {
  const lines = textOf(path).split("\n").toReversed();
  for (const line of lines) {
    const record = line === "" ? undefined : recordIn(line);
    if (record !== undefined) return record;
  }
  return undefined;
}

/** We wrote it ourselves; when the agent died meanwhile, in part. */
function recordIn(line: string): RunRecord | undefined {
  try {
    return JSON.parse(line) as RunRecord;
  } catch {
    return undefined;
  }
}
