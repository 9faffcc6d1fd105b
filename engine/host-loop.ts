/**
 * The loop that keeps one host as it is wanted. It owns all of its state: whoever has news wakes it, and news that come
 * while it is at work are seen to together afterwards. There are never two rounds at once.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { Report } from "#core/feed/item.ts";
import type { Intent } from "#core/intent/intent.ts";
import type { Ref } from "#core/kinds/kind.ts";
import { changesOf } from "./change-lines.ts";
import { round } from "./round.ts";
import type { Entry, RoundResult } from "./round.ts";
import { setbacks } from "./setbacks.ts";
import type { Track } from "./track.ts";

/** However still it is, the host is compared with what it should hold this often. */
export const DRIFT_MS = 10_000;

/** What must be held, and the revision of the cloud that this follows from. The same object as long as it is the same. */
export interface Plan {
  readonly intent: Intent;
  readonly revision: number;
  /** VMs that have come before the controller knew, as in a report. */
  readonly arrived?: Report["arrived"];
}

export interface Finished {
  readonly plan: Plan;
  readonly result: RoundResult;
  /** Is anything another than after the last round? */
  readonly changed: boolean;
}

export interface HostLoopParts {
  readonly tracks: readonly Track[];
  /** By the last complete view; undefined before there is one: then nothing on the host is touched. */
  readonly plan: () => Plan | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each round. */
  readonly finished: (finished: Finished) => void;
}

export interface HostLoop {
  /** Something may have changed: the view, a link. */
  wake(): void;
  /** Answers once no round is at work; none will be. Whatever is on the host stays. */
  stop(): Promise<void>;
}

export function hostLoop({ tracks, plan, clock, log, finished }: HostLoopParts): HostLoop {
  const failing = setbacks();
  let last: { readonly plan: Plan; readonly entries: ReadonlyMap<Ref, Entry> } | undefined;
  let takeBack: () => void = () => {};
  const told = { news: false, stopped: false };
  let working: Promise<void> | undefined;

  const once = async (now: Plan) => {
    const start = clock.now();
    const result = await round(tracks, now.intent, { prune: true, resting: (item) => failing.resting(item, start) });
    failing.learn(result.entries, clock.now());
    const entries = new Map(result.entries.map((entry) => [entry.ref, entry]));
    const changes = changesOf(result, { before: last?.entries, sameIntent: last?.plan.intent === now.intent });
    for (const { level, event, fields } of changes) log[level](event, fields);
    const changed = changes.length > 0 || last?.plan !== now || last.entries.size !== entries.size;
    last = { plan: now, entries };
    finished({ plan: now, result, changed });
  };

  const work = async () => {
    do {
      told.news = false;
      const now = plan();
      await (now === undefined ? undefined : once(now));
    } while (told.news && !told.stopped);
    working = undefined;
    if (!told.stopped) takeBack = clock.after(Math.max(0, Math.min(DRIFT_MS, (failing.due() ?? Infinity) - clock.now())), wake);
  };

  function wake(): void {
    told.news = true;
    if (told.stopped || working !== undefined) return;
    takeBack();
    working = work();
  }

  return {
    wake,
    stop: async () => {
      told.stopped = true;
      takeBack();
      await working;
    },
  };
}
