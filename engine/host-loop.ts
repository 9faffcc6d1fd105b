/**
 * The loop that keeps one host as it is wanted. It owns all of its state: whoever has news wakes it, and news that come
 * while it is at work are seen to together afterwards. There are never two rounds at once.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { Report, View } from "#core/feed/item.ts";
import type { Part } from "#core/intent/intent.ts";
import type { Ref } from "#core/kinds/kind.ts";
import { changesOf } from "./change-lines.ts";
import { round } from "./round.ts";
import type { Entry, RoundResult } from "./round.ts";
import { setbacks } from "./setbacks.ts";
import type { Track } from "./track.ts";

/** However still it is, each kind on the host is compared with what it should hold this often: what is amiss is healed within ten seconds. */
export const DRIFT_MS = 8000;

/** What must be held, and the revision of the cloud that this follows from. The same object as long as it is the same. */
export interface Plan {
  readonly parts: readonly Part[];
  /** The view that they follow from. */
  readonly view: View;
  readonly revision: number;
  /** `remembered`: from a former life of the agent. Then nothing is removed, as not everything that is wanted has been heard. */
  readonly source: "told" | "remembered";
  /** What VMs have told before the controller knew, as in a report. */
  readonly signs?: Pick<Report, "arrived" | "taken">;
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
  /** The view may have changed. */
  wake(): void;
  /** Anything on the host may have changed while nobody looked. */
  look(): void;
  /** Answers once no round is at work; none will be. Whatever is on the host stays. */
  stop(): Promise<void>;
}

/** What is due for one kind, or under way. */
interface Look {
  takeBack: () => void;
  working: Promise<void> | undefined;
}

export function hostLoop({ tracks, plan, clock, log, finished }: HostLoopParts): HostLoop {
  const failing = setbacks();
  let last: { readonly plan: Plan; readonly undone: ReadonlyMap<Ref, Entry> } | undefined;
  let takeBack: () => void = () => {};
  const told = { news: false, stopped: false };
  let working: Promise<void> | undefined;

  const once = async (now: Plan) => {
    const start = clock.now();
    const resting = (item: Parameters<typeof failing.resting>[0]) => failing.resting(item, start);
    const result = await round(tracks, now.parts, { prune: now.source === "told", look: "where there is cause", resting });
    failing.learn(result.news, clock.now());
    const undone = new Map(result.news.filter(({ outcome }) => outcome.state !== "done").map((entry) => [entry.ref, entry]));
    const changes = changesOf(result.news, last?.undone);
    for (const { level, event, fields } of changes) log[level](event, fields);
    const changed = changes.length > 0 || last?.plan !== now || last.undone.size !== undone.size;
    last = { plan: now, undone };
    finished({ plan: now, result, changed });
  };

  const work = async () => {
    do {
      told.news = false;
      const now = plan();
      await (now === undefined ? undefined : once(now));
    } while (told.news && !told.stopped);
    working = undefined;
    const due = failing.due();
    if (told.stopped || due === undefined) return;
    takeBack();
    takeBack = clock.after(Math.max(0, due - clock.now()), wake);
  };

  function wake(): void {
    told.news = true;
    if (told.stopped || working !== undefined) return;
    working = work();
  }

  const look = () => {
    for (const track of tracks) track.mistrust();
    wake();
  };
  /** Beside the rounds, and each kind at a time of its own: who waits for a change waits for one listing at the most. */
  const looks = tracks.map((track, at): Look => {
    const look: Look = { takeBack: () => {}, working: undefined };
    const due = async () => {
      if (last !== undefined) await track.look();
      look.working = undefined;
      if (told.stopped) return;
      again(DRIFT_MS);
      wake();
    };
    const again = (ms: number) => (look.takeBack = clock.after(ms, () => (look.working = due())));
    again((DRIFT_MS * (at + 1)) / tracks.length);
    return look;
  });
  const watches = tracks.map((track) => track.watch(wake));

  return {
    wake,
    look,
    stop: async () => {
      told.stopped = true;
      for (const end of [takeBack, ...looks.map((each) => each.takeBack), ...watches]) end();
      await Promise.all([working, ...looks.map((each) => each.working)]);
    },
  };
}
