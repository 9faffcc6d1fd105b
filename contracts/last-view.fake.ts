/** A last view in memory. */
import type { Kept, LastView, Recalled } from "./last-view.ts";

export interface FakeLastView extends LastView {
  /** From now on it cannot be gone by. */
  spoil(reason: string): void;
}

export function fakeLastView(): FakeLastView {
  let kept: Kept | undefined;
  let spoiled: string | undefined;
  return {
    keep: (one) => (kept = one),
    confirm: () => undefined,
    recall: (): Recalled => {
      if (spoiled !== undefined) return { state: "none", reason: spoiled };
      return kept === undefined ? { state: "none", reason: "nothing was kept" } : { state: "whole", ...kept };
    },
    close: () => undefined,
    spoil: (reason) => (spoiled = reason),
  };
}
