/**
 * The one way to change the cloud, with group commit: decisions that wait are made one after the other, where each sees what
 * the ones before it wrote; then all their writes are committed together, readers' state takes them in, and everybody is
 * answered. So a commit's wait for the disk is shared by all who wait for it; where all of it is told again if it is lost, nobody waits.
 *
 * A batch depends on the revision of the one before it. When somebody else's came between, it is taken in, and the batch's
 * decisions are made again: never merged.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { Store, Transaction } from "#contracts/store.ts";
import type { Rows, Writer } from "#contracts/writer.ts";
import type { Decide, Decision, Fresh } from "#core/neutron/decision.ts";
import { ok } from "#core/result.ts";
import type { Refusal, Result } from "#core/result.ts";
import { HEAD, signedHead } from "./head.ts";
import type { Present } from "./present.ts";
import { trialOn } from "./trial.ts";
import type { Pending, Trial } from "./trial.ts";

/** A decision that is stale this many times is refused. */
const ATTEMPTS = 5;
/** A batch takes no further decision once it has this many rows: a transaction of etcd holds 128 operations. */
const ROWS_PER_BATCH = 100;

export interface WriterParts<S> {
  readonly store: Store;
  readonly present: Present<S>;
  readonly fresh: () => Fresh;
  readonly clock: Clock;
  readonly log: Log;
}

/** One asker, from being asked to being answered. */
interface Waiting<S> {
  readonly decide: (trial: Trial<S>) => void;
  /** Tells the asker what was decided last. */
  readonly answer: () => void;
  readonly refuse: (refusal: Refusal) => void;
  readonly fail: (error: unknown) => void;
  readonly isRetold: boolean;
  attempts: number;
}

/** Decisions that throw, and a store that throws, are told to the asker alone: neither leaves a trace in the state. */
export function writer<S extends Rows>(parts: WriterParts<S>): Writer<S> {
  let queue: Waiting<S>[] = [];
  let busy = false;

  const wake = (): void => {
    if (busy || queue.length === 0) return;
    busy = true;
    // Not at once: whatever else has arrived by now joins the batch.
    parts.clock.after(0, () => void round());
  };
  const round = async (): Promise<void> => {
    const batch = decideSome(parts.present, queue);
    queue = queue.slice(batch.considered);
    const stale = await commit(parts, batch);
    queue = [...stale, ...queue];
    busy = false;
    wake();
  };

  return {
    write: (decide, { retold = false } = {}) =>
      new Promise((resolve, reject) => {
        queue.push({ ...waiting(parts.fresh, decide, { resolve, reject }), isRetold: retold });
        wake();
      }),
  };
}

interface Asker<T> {
  readonly resolve: (result: Result<T>) => void;
  readonly reject: (error: unknown) => void;
}

function waiting<S, T>(fresh: () => Fresh, decide: Decide<S, T>, asker: Asker<T>): Omit<Waiting<S>, "isRetold"> {
  let result: Result<Decision<T>> | undefined;
  return {
    decide: (trial) => {
      result = decide(trial.state, fresh());
      if (result.ok) trial.write(result.value.writes);
    },
    answer: () => {
      if (result !== undefined) asker.resolve(result.ok ? ok(result.value.answer) : result);
    },
    refuse: (refusal) => asker.resolve({ ok: false, refusal }),
    fail: asker.reject,
    attempts: 0,
  };
}

interface Batch<S> {
  readonly decided: readonly Waiting<S>[];
  /** How many of the queue it took, with those that threw. */
  readonly considered: number;
  readonly writes: readonly Pending[];
  /** What it was decided on. */
  readonly head: number;
}

function decideSome<S extends Rows>(present: Present<S>, queue: readonly Waiting<S>[]): Batch<S> {
  const trial = trialOn(present);
  const decided: Waiting<S>[] = [];
  let considered = 0;
  for (const one of queue) {
    if (trial.size() >= ROWS_PER_BATCH) break;
    considered += 1;
    try {
      one.attempts += 1;
      one.decide(trial);
      decided.push(one);
    } catch (error) {
      one.fail(error);
    }
  }
  trial.takeBack();
  return { decided, considered, writes: trial.pending(), head: present.head() };
}

/** Answers the batch, or gives those back that must be decided again. */
async function commit<S>(parts: WriterParts<S>, { decided, writes, head }: Batch<S>): Promise<readonly Waiting<S>[]> {
  const retold = decided.every(({ isRetold }) => isRetold);
  const transaction = { ...transactionOf(writes, { head, by: parts.present.self }), ...(retold && { retold }) };
  const outcome = writes.length === 0 ? "nothing to do" : await tryCommit(parts.store, transaction);
  if (outcome === "stale") {
    await parts.present.headOtherThan(head);
    return again(decided);
  }
  if (outcome instanceof Error) {
    parts.log.error("the store did not commit", { error: outcome, writes: writes.length });
    for (const one of decided) one.refuse(unavailable(`the store did not commit: ${outcome.message}`));
    return [];
  }
  if (outcome !== "nothing to do") parts.present.take(outcome, writes);
  for (const one of decided) one.answer();
  return [];
}

/** Those that may try once more; the others are refused. */
function again<S>(batch: readonly Waiting<S>[]): readonly Waiting<S>[] {
  for (const one of batch) if (one.attempts === ATTEMPTS) one.refuse(unavailable(`others changed it ${ATTEMPTS} times meanwhile`));
  return batch.filter((one) => one.attempts < ATTEMPTS);
}

/** The new revision. An error may be one of the way back: then it was committed all the same, and the watch tells it like anybody else's. */
async function tryCommit(store: Store, transaction: Transaction): Promise<number | "stale" | Error> {
  try {
    return (await store.commit(transaction)) ?? "stale";
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function transactionOf(writes: readonly Pending[], { head, by }: { readonly head: number; readonly by: string | undefined }): Transaction {
  const puts = writes.map(({ key, text }) => (text === undefined ? { key } : { key, value: text }));
  return { if: [{ key: HEAD, revision: head }], writes: [...puts, { key: HEAD, value: signedHead(by) }] };
}

function unavailable(reason: string): Refusal {
  return { status: 503, type: "ServiceUnavailable", message: `Cannot change the cloud: ${reason}` };
}
