/** A file that takes another's place. */
import { rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Written aside and renamed, so that no reader sees half a file; beside whatever else is done, as some file systems bring to the disk
 * what is renamed over another. The name begins with a dot because dnsmasq reads every new file of a directory at once, but for those.
 * No fsync: after a power failure, the first round writes it again. Rejects as Node does; then what stood stands.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const aside = join(dirname(path), `.${basename(path)}.new`);
  await writeFile(aside, content);
  await rename(aside, path);
}
