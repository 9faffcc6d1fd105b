/** A gateway's speaker that also tells, while it is drained, how many flows it still translates. */
import { readFileSync } from "node:fs";
import type { Speaker } from "#contracts/speaker.ts";

/** Of this network namespace; a gateway tracks what it translates, and nothing else. */
const COUNT = "/proc/sys/net/netfilter/nf_conntrack_count";

export function tellingFlows(speaker: Speaker, isDrained: () => boolean): Speaker {
  return {
    sessions: async () => {
      const sessions = await speaker.sessions();
      return sessions === undefined || !isDrained() ? sessions : { ...sessions, translated: Number(readFileSync(COUNT, "utf8")) };
    },
  };
}
