/** Copies of a running SQLite store, to be fetched or kept, and copies that are brought. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import type { StoreFiles } from "#contracts/store-files.ts";
import { ok, refused } from "#core/result.ts";
import type { Result } from "#core/result.ts";
import { copyStore, readStore, sha256Of } from "./store-file.ts";

/** Files that are on their way lie beside the store: there is room for another of its size, or the copy fails before anything happens. */
export function storeFiles(path: string): StoreFiles {
  const aside = (what: string) => `${path}.${what}-${randomUUID()}`;
  return {
    copy: async () => {
      const file = aside("leaving");
      const remove = () => rm(file, { force: true });
      try {
        await copyStore(path, file);
        const [{ size: bytes }, sha256] = await Promise.all([stat(file), sha256Of(file)]);
        return { bytes, sha256, chunks: () => createReadStream(file) as AsyncIterable<Uint8Array>, remove };
      } catch (error) {
        await remove();
        throw error;
      }
    },
    keep: async (name) => {
      const file = `${path}.${name}`;
      await copyStore(path, file);
      return file;
    },
    take: async ({ chunks, sha256 }) => {
      const file = aside("arriving");
      try {
        const arrived = await written(file, chunks);
        if (arrived !== sha256) return broken(`it did not arrive as it was sent: SHA-256 ${arrived} instead of ${sha256}`);
        return ok(readStore(file));
      } catch (error) {
        return broken(error instanceof Error ? error.message.replaceAll(file, "that was brought") : String(error));
      } finally {
        await Promise.all([file, `${file}-wal`, `${file}-shm`].map((one) => rm(one, { force: true })));
      }
    },
  };
}

/** The SHA-256 of what was written. */
async function written(file: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  const target = await open(file, "wx", 0o600);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      await target.write(chunk);
    }
  } finally {
    await target.close();
  }
  return hash.digest("hex");
}

function broken(reason: string): Result<never> {
  return refused({ status: 400, type: "InvalidStore", message: `Cannot take the store: ${reason}` });
}
