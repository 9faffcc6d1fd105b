/** Nova's part in a story: a VM's tap is on the host that its port is bound to, and goes before its port does. */
import type { Cast } from "./cast.ts";
import type { Change } from "./story.ts";

export interface Sockets {
  plug(host: string, tap: string): void | Promise<void>;
  unplug(host: string, tap: string): void | Promise<void>;
}

/** Plays a change with all that Nova does around it; for changes that are requests, or taps. */
export function withNova(cast: Cast, { plug, unplug }: Sockets): (change: Change) => Promise<void> {
  const tapOf = (name: string) => cast.taps.get(name) ?? "";
  return async (change) => {
    const before = "name" in change ? cast.people.get(change.name)?.host : undefined;
    switch (change.do) {
      case "port":
        await cast.play(change);
        return plug(change.host, tapOf(change.name));
      case "move":
        if (before !== undefined) await unplug(before, tapOf(change.name));
        await cast.play(change);
        return plug(change.host, tapOf(change.name));
      case "delete":
        if (before !== undefined) await unplug(before, tapOf(change.name));
        return cast.play(change);
      case "plug":
        return plug(change.host, tapOf(change.name));
      case "unplug":
        return unplug(change.host, tapOf(change.name));
      default:
        return cast.play(change);
    }
  };
}
