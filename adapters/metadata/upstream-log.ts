/** Whether Nova's metadata API answers: told when that changes, not at each question. */
import type { Log } from "#contracts/log.ts";
import type { MetadataAnswer } from "#contracts/metadata.ts";

export interface UpstreamLog {
  configured(is: boolean): void;
  heard(answer: MetadataAnswer): void;
  /** `answers`, `not asked yet`, `not configured`, or why it does not answer. */
  state(): string;
}

const ANSWERS = "answers";

export function upstreamLog(log: Log): UpstreamLog {
  let state = "not configured";
  let down = false;
  return {
    state: () => state,
    configured: (is) => {
      state = is ? "not asked yet" : "not configured";
      down = false;
    },
    heard: (answer) => {
      // What one VM asked wrongly says nothing of Nova.
      if (answer.state === "invalid") return;
      state = answer.state === "answered" ? ANSWERS : answer.reason;
      if (down === (answer.state !== "answered")) return;
      down = !down;
      if (down) log.warn("the metadata API does not answer", { reason: state });
      else log.info("the metadata API answers again");
    },
  };
}
