/** Events that wait to be told: in order, and no more than a bounded number of them. */
import type { NovaEvent } from "#core/neutron/nova-events.ts";

export interface NovaQueue {
  add(event: NovaEvent): void;
  /** The oldest, up to `most`. */
  take(most: number): readonly NovaEvent[];
  /** Those that were taken, and not heard. */
  putBack(events: readonly NovaEvent[]): void;
  size(): number;
  /** Does an instance wait to run until one of these is told? */
  isUrgent(): boolean;
  /** How many had to go untold, since the beginning. */
  dropped(): number;
}

export function novaQueue(limit: number): NovaQueue {
  let waiting = new Map<string, NovaEvent>();
  let added = 0;
  let dropped = 0;
  // Nova asks what is new when it hears that something is: hearing it twice before that says no more. All else counts each time.
  const nameOf = (event: NovaEvent) => (isNews(event) ? `${event.server_uuid} ${event.tag}` : `${added++}`);
  const drop = () => {
    for (const [name, event] of waiting) if (isNews(event)) return waiting.delete(name);
    const [oldest = ""] = waiting.keys();
    return waiting.delete(oldest);
  };
  const limited = () => {
    while (waiting.size > limit && drop()) dropped += 1;
  };
  return {
    add: (event) => {
      const name = nameOf(event);
      if (!waiting.has(name)) waiting.set(name, event);
      limited();
    },
    take: (most) => {
      const taken = [...waiting].slice(0, most);
      for (const [name] of taken) waiting.delete(name);
      return taken.map(([, event]) => event);
    },
    putBack: (events) => {
      waiting = new Map([...events.map((event) => [nameOf(event), event] as const), ...waiting]);
      limited();
    },
    size: () => waiting.size,
    isUrgent: () => [...waiting.values()].some(({ name }) => name === "network-vif-plugged"),
    dropped: () => dropped,
  };
}

/** What Nova would learn by itself in time: the first to go where there are too many. */
function isNews({ name }: NovaEvent): boolean {
  return name === "network-changed";
}
