/**
 * What the host was told before, for an agent that starts while nobody tells it anything: after a boot, a host without its controller
 * serves its VMs by the last view that was kept. By such a view things are made and changed, and nothing is removed: what it does not
 * speak of may be wanted by now. VMs that have moved away meanwhile do no harm: Nova makes no tap for them here, and of two hosts that
 * announce one address, the one that it moved to later is taken by all.
 */
import type { Clock } from "#contracts/clock.ts";
import type { LastView } from "#contracts/last-view.ts";
import type { Log } from "#contracts/log.ts";
import type { Heard } from "./replica.ts";

/** A controller that is there has told everything long before. */
export const COLD_MS = 3000;
/** How often what is kept is said to be still so. */
export const CONFIRM_MS = 3_600_000;

export interface RememberingParts {
  readonly last: LastView;
  readonly clock: Clock;
  readonly log: Log;
  /** What has been told to this agent. */
  readonly told: () => Heard | undefined;
  readonly isConnected: () => boolean;
  /** There is something to go by. */
  readonly recalled: () => void;
}

export interface Remembering {
  /** What was told, else what is remembered. */
  heard(): Heard | undefined;
  /** Something complete has been told. */
  keep(heard: Heard): void;
  stop(): void;
}

export function remembering({ last, clock, log, told, isConnected, recalled }: RememberingParts): Remembering {
  let remembered: Heard | undefined;
  const takeBack = clock.after(COLD_MS, () => {
    if (told() !== undefined) return;
    const recall = last.recall();
    if (recall.state === "none") return log.warn("nobody tells what is wanted here, and nothing is remembered", { reason: recall.reason });
    remembered = { view: recall.view, revision: recall.revision };
    log.warn("nobody tells what is wanted here: going by what was told last", { revision: recall.revision });
    recalled();
  });
  let endConfirming = () => {};
  const confirm = () => {
    if (isConnected() && told() !== undefined) last.confirm();
    endConfirming = clock.after(CONFIRM_MS, confirm);
  };
  endConfirming = clock.after(CONFIRM_MS, confirm);
  return {
    heard: () => told() ?? remembered,
    keep: (heard) => {
      remembered = undefined;
      last.keep(heard);
    },
    stop: () => {
      takeBack();
      endConfirming();
      last.close();
    },
  };
}
