/**
 * Whose changes of the packet filter are whose. The kernel numbers its states; what is changed by our own sockets is not told to
 * us, but a script is run by a program: which states it led to is known by the numbers before and after.
 */
import type { Channel } from "../netlink/channel.ts";
import type { KernelWatch } from "../netlink/watch.ts";
import { generation } from "./listing.ts";

export interface Generations {
  /** Runs a script of ours, which is one transaction or none. */
  script<T>(run: () => Promise<T>): Promise<T>;
  /** All that was so in this state is known. */
  listed(state: number): void;
  watch(changed: () => void): () => void;
}

export function generations(netfilter: Channel, watch: KernelWatch["nft"]): Generations {
  /** States that scripts of ours led to, since the last listing. */
  const ours = new Set<number>();
  let [known, running] = [0, 0];
  let waiting: (() => void)[] = [];
  const isNews = (state: number | undefined) => state === undefined || (state > known && !ours.has(state));
  return {
    script: async (run) => {
      running++;
      const before = generation(netfilter);
      try {
        return await run();
      } finally {
        running--;
        // More than one state further, and it is not known which is ours: then it is news.
        const after = generation(netfilter);
        if (after === before + 1) ours.add(after);
        const all = waiting;
        waiting = [];
        all.forEach((tell) => tell());
      }
    },
    listed: (state) => {
      known = state;
      for (const each of ours) if (each <= state) ours.delete(each);
    },
    watch: (changed) =>
      watch(({ generation: state }) => {
        const tell = () => (isNews(state) ? changed() : undefined);
        // A script's own change is told before its end.
        if (running > 0) waiting.push(tell);
        else tell();
      }),
  };
}
