/** Files in those directories below the state directory that are ours alone. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, normalize, relative } from "node:path";
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { File } from "#core/kinds/file.ts";
import { isMissing, reasonOf } from "./errors.ts";

export interface FilesOptions {
  readonly state: string;
  /** Directories below it in which nothing but ours may lie: `bird`, `dnsmasq`. */
  readonly owned: readonly string[];
}

/** Synchronous on purpose: a few hundred small files of one directory, in the page cache. */
export function linuxFiles({ state, owned }: FilesOptions): Driver<File> {
  const place = (path: string) => {
    const clean = normalize(path);
    if (!owned.some((directory) => clean.startsWith(`${directory}/`)))
      throw new Error(`${path} lies in none of ${owned.join(", ")} below ${state}`);
    return join(state, clean);
  };
  const outcomeOf = (step: () => void): Outcome => {
    try {
      step();
      return DONE;
    } catch (error) {
      return { state: "failed", reason: reasonOf(error) };
    }
  };
  return {
    list: async () =>
      owned
        .flatMap((directory) => filesBelow(join(state, directory)))
        .map((path) => ({ path: relative(state, path), content: readFileSync(path, "utf8") })),
    apply: async (changes) =>
      changes.map((change) =>
        outcomeOf(() =>
          change.op === "delete" ? rmSync(place(change.have.path), { force: true }) : write(place(change.want.path), change.want.content),
        ),
      ),
  };
}

/** Sockets and the like are the daemons' own. */
function filesBelow(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/**
 * Written aside and renamed, so that no reader sees half a file. The name begins with a dot because dnsmasq reads every
 * new file of a directory at once, but for those. No fsync: after a power failure, the first round writes it again.
 */
function write(path: string, content: string): void {
  const aside = join(dirname(path), `.${basename(path)}.new`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(aside, content);
  renameSync(aside, path);
}
