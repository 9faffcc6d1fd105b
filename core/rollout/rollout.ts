/**
 * A change of the data centre under way: kept in the store, so that it goes on, or back, whatever becomes of who asked for it. It goes
 * through its stages; each must stand before the next one is applied. The last may have to be confirmed in time; what is not confirmed,
 * or does not come to stand, goes back to what was before.
 */
import type { DataCenter } from "../datacenter/data-center.ts";

/** The row `rollout/this`. */
export interface Rollout {
  readonly state: "under way" | "to be confirmed" | "going back" | "done" | "gone back" | "stuck";
  /** What was before it, and is again if it goes back. */
  readonly previous: DataCenter;
  /** What is still to be applied, in order. */
  readonly stages: readonly DataCenter[];
  /** Whose networks are made. */
  readonly project: string;
  /** Machines that were not there when it began, and what else was amiss then: it is not held back by that. */
  readonly absent: readonly string[];
  readonly amiss: readonly string[];
  /** Seconds that it may wait to be confirmed; absent: nobody has to confirm it. */
  readonly confirm?: number;
  /** RFC 3339, UTC: until then the present stage must stand, or be confirmed. */
  readonly until: string;
  /** Why it went back, or is stuck. */
  readonly reason?: string;
}

/** Seconds that a stage may take until it stands: BIRD's longest wait for a peer among them. */
export const PATIENCE = 60;

export type Step = "next stage" | "ask to confirm" | "end" | { readonly back: string };

/** What is to be done now; undefined: wait. `missing`: what does not stand yet. */
export function stepOf({ state, stages, confirm, until }: Rollout, { missing, now }: Moment): Step | undefined {
  const late = now >= until;
  switch (state) {
    case "under way":
      if (missing.length === 0) return stages.length > 0 ? "next stage" : confirm === undefined ? "end" : "ask to confirm";
      return late ? { back: `it did not stand within ${PATIENCE} s: ${missing.join("; ")}` } : undefined;
    case "to be confirmed":
      return late ? { back: `nobody confirmed it within ${confirm} s` } : undefined;
    case "going back":
      // What was before is what is wanted by now, whether it stands or not.
      return missing.length > 0 && !late ? undefined : stages.length > 0 ? "next stage" : "end";
    default:
      return undefined;
  }
}

export interface Moment {
  readonly missing: readonly string[];
  /** RFC 3339, UTC. */
  readonly now: string;
}

export function isUnderWay(rollout: Rollout | undefined): rollout is Rollout {
  return rollout !== undefined && ["under way", "to be confirmed", "going back"].includes(rollout.state);
}
