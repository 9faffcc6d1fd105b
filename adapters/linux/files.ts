/** Files in those directories below the state directory that are ours alone. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join, normalize, relative } from "node:path";
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { File } from "#core/kinds/file.ts";
import { isMissing, reasonOf } from "./errors.ts";
import { replaceFile } from "./replace-file.ts";

export interface FilesOptions {
  readonly state: string;
  /** Directories below it in which nothing but ours may lie: `bird`, `dnsmasq`. */
  readonly owned: readonly string[];
}

/** Listed in one go on purpose: a few hundred small files of one directory, in the page cache. */
export function linuxFiles({ state, owned }: FilesOptions): Driver<File> {
  const place = (path: string) => {
    const clean = normalize(path);
    if (!owned.some((directory) => clean.startsWith(`${directory}/`)))
      throw new Error(`${path} lies in none of ${owned.join(", ")} below ${state}`);
    return join(state, clean);
  };
  const outcomeOf = (step: () => Promise<void>): Promise<Outcome> =>
    step().then(
      () => DONE,
      (error: unknown) => ({ state: "failed", reason: reasonOf(error) }),
    );
  return {
    list: async () =>
      owned
        .flatMap((directory) => filesBelow(join(state, directory)))
        .map((path) => ({ path: relative(state, path), content: readFileSync(path, "utf8") })),
    apply: (changes) =>
      Promise.all(
        changes.map((change) =>
          outcomeOf(async () =>
            change.op === "delete" ? rm(place(change.have.path), { force: true }) : write(place(change.want.path), change.want.content),
          ),
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

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, content);
}
