/** A store whose commits are measured: each is one batch of the writer, or what the identity service keeps. */
import { statSync } from "node:fs";
import type { Store } from "#contracts/store.ts";
import type { Registry } from "./registry.ts";

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const ROWS = [1, 2, 5, 10, 20, 50, 100, 1000];

export function measuredStore<S extends Store>(store: S, metrics: Registry): S {
  const commits = metrics.counter({
    name: "margay_store_commits_total",
    help: "Commits: committed; stale, because another controller was faster, and decided again; failed.",
  });
  const seconds = metrics.histogram({ name: "margay_store_commit_seconds", help: "Until a commit is on the disk.", buckets: BUCKETS });
  const rows = metrics.histogram({ name: "margay_store_commit_rows", help: "Rows that a batch of the writer wrote.", buckets: ROWS });
  const commit: Store["commit"] = async (transaction) => {
    const begun = performance.now();
    try {
      const revision = await store.commit(transaction);
      commits.add({ outcome: revision === undefined ? "stale" : "committed" });
      seconds.observe({}, (performance.now() - begun) / 1000);
      rows.observe({}, transaction.writes.length);
      return revision;
    } catch (error) {
      commits.add({ outcome: "failed" });
      throw error;
    }
  };
  return { ...store, commit };
}

/** Of the database and of the log beside it. */
export function measureStoreFiles(path: string, metrics: Registry): void {
  metrics.gauge({
    name: "margay_store_bytes",
    help: "Size of the store's files.",
    read: () =>
      [
        ["database", path],
        ["log", `${path}-wal`],
      ].map(([file = "", name = ""]) => ({ labels: { file }, value: statSync(name, { throwIfNoEntry: false })?.size ?? 0 })),
  });
}
