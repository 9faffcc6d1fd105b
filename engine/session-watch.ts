/** Whether a host's BGP sessions stand: asked every second, and sooner as long as one does not. */
import type { Clock } from "#contracts/clock.ts";
import type { Speaker } from "#contracts/speaker.ts";
import type { Sessions } from "#core/feed/item.ts";

const [USUAL_MS, SOON_MS] = [1000, 250] as const;

export interface SessionWatch {
  /** As they stood when they were asked last; undefined: nobody answered, or they may be others since. */
  now(): Sessions | undefined;
  /** The speaker has been told something else: what is known of its sessions is out of date. */
  mistrust(): void;
  stop(): void;
}

export function sessionWatch(parts: { readonly speaker: Speaker; readonly clock: Clock; readonly changed: () => void }): SessionWatch {
  const { speaker, clock, changed } = parts;
  let known: Sessions | undefined;
  /** Answers to questions from before count no more. */
  let turn = 0;
  let takeBack = () => {};
  const ask = async () => {
    const mine = turn;
    const answer = await speaker.sessions();
    if (mine !== turn) return;
    const same = JSON.stringify(answer) === JSON.stringify(known);
    known = answer;
    takeBack = clock.after(answer === undefined || answer.down.length === 0 ? USUAL_MS : SOON_MS, ask);
    if (!same) changed();
  };
  void ask();
  return {
    now: () => known,
    mistrust: () => {
      turn++;
      known = undefined;
      takeBack();
      void ask();
    },
    stop: () => {
      turn++;
      takeBack();
    },
  };
}
