/**
 * The store: an ordered map from text keys to JSON texts, with one revision counter for all of it. A commit is atomic
 * and durable when it answers (but for what is `retold`); every watcher sees every commit, in order, whole.
 */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** The revision of the commit that wrote it. */
  readonly revision: number;
}

export interface Write {
  readonly key: string;
  /** Absent: the key is deleted. */
  readonly value?: string;
}

/** Holds while the key's revision is this one; 0 means that the key is absent. */
export interface Condition {
  readonly key: string;
  readonly revision: number;
}

/** What one commit changed, in the order of its transaction. */
export interface Commit {
  readonly revision: number;
  readonly writes: readonly Write[];
}

export interface Transaction {
  readonly if: readonly Condition[];
  readonly writes: readonly Write[];
  /**
   * Whoever told what it writes tells it again after a failure. Then it need not have reached the disk when the commit answers: it outlives
   * this process, and a machine that loses power may lose it, never anything before it. The next commit without this takes it to the disk.
   */
  readonly retold?: true;
}

export interface Store {
  /** All entries whose key begins with `prefix`, in key order, and the revision at which this was so. */
  range(prefix: string): Promise<{ readonly revision: number; readonly entries: readonly Entry[] }>;
  /**
   * The new revision, or undefined when a condition did not hold; then nothing was written. A transaction that changes
   * nothing (deleting what is absent) leaves the revision as it is. Rejects when the store cannot say whether it holds.
   */
  commit(transaction: Transaction): Promise<number | undefined>;
  /**
   * Calls `each` for every commit after revision `from` that touched a key with this prefix (with those writes only),
   * in order, past ones first. Throws when `from` is older than what the store remembers. Returns a function that ends it.
   */
  watch(prefix: string, from: number, each: (commit: Commit) => void): () => void;
  close(): Promise<void>;
}

/** A store that can be asked whether it would take a write. */
export interface StoreProbe {
  /** Writes to where commits go, and leaves nothing behind: no revision, and nobody is told. Rejects with the reason when it cannot. */
  tryWrite(): Promise<void>;
}

/** Throws when a key is written twice: which of the two would hold depends on what the store is made of. */
export function refuseTwice(writes: readonly Write[]): void {
  const keys = new Set<string>();
  for (const { key } of writes) {
    if (keys.has(key)) throw new Error(`Cannot commit: the key "${key}" is written twice`);
    keys.add(key);
  }
}
