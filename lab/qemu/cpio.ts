/** An archive that Linux unpacks into its first file system: cpio in the "newc" form (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). */

export interface Entry {
  /** Without a slash in front: `bin/busybox`. */
  readonly path: string;
  /** A directory when absent. */
  readonly content?: Uint8Array | string;
  /** Permission bits; 0o755 unless told. */
  readonly mode?: number;
}

const [DIRECTORY, FILE] = [0o040000, 0o100000];

/** Directories must come before what is in them. */
export function cpio(entries: readonly Entry[]): Uint8Array {
  const records = entries.flatMap(({ path, content, mode = 0o755 }, at) =>
    record(path, content ?? "", { mode: mode | (content === undefined ? DIRECTORY : FILE), inode: at + 1 }),
  );
  return Buffer.concat([...records, ...record("TRAILER!!!", "", { mode: 0, inode: 0 })]);
}

/** Header and name together, and the content, each filled up to a multiple of four. */
function record(path: string, content: Uint8Array | string, { mode, inode }: { readonly mode: number; readonly inode: number }): Buffer[] {
  const [name, data] = [Buffer.from(`${path}\0`), Buffer.from(content)];
  // inode, mode, uid, gid, links, mtime, size, device (2), device that it is (2), length of the name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return [Buffer.concat([header, name, filling(header.length + name.length)]), data, filling(data.length)];
}

function filling(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
