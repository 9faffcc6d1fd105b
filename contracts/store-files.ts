/** The store as a file that can be kept elsewhere: made of a running store, and read back before anything is replaced by it. */
import type { Result } from "#core/result.ts";
import type { Entry } from "./store.ts";

/** A copy that waits to be fetched. */
export interface StoreCopy {
  readonly bytes: number;
  /** Of all of it, in lower case hex. */
  readonly sha256: string;
  chunks(): AsyncIterable<Uint8Array>;
  /** Ends it; also when not all of it was fetched. */
  remove(): Promise<void>;
}

/** A copy that was brought, on its way in. */
export interface BroughtCopy {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What they must amount to. */
  readonly sha256: string;
}

export interface StoreFiles {
  /** Of the store as it is at one moment; commits go on meanwhile. */
  copy(): Promise<StoreCopy>;
  /** Keeps such a copy beside the store; answers where. `name` says why: `backup-v1-20261123T080000Z`. */
  keep(name: string): Promise<string>;
  /** What a copy holds. Refused when it did not arrive as it was sent, is no store, is of a newer program, or is damaged. */
  take(brought: BroughtCopy): Promise<Result<readonly Entry[]>>;
}
