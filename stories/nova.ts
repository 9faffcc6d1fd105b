/** Nova's part in a story: a VM's tap is on the host that its port is bound to, and goes before its port does. */
import type { Cast } from "./cast.ts";
import type { Change } from "./story.ts";

export interface Sockets {
  plug(host: string, tap: string): void | Promise<void>;
  unplug(host: string, tap: string): void | Promise<void>;
  rename(host: string, tap: string, to: string): void | Promise<void>;
}

/** Plays a change with all that Nova does around it; for changes that are requests, or taps. */
export function withNova(cast: Cast, { plug, unplug, rename }: Sockets): (change: Change) => Promise<void> {
  const tapOf = (name: string) => cast.taps.get(name) ?? name;
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
      case "expect":
        await cast.play(change);
        return plug(change.host, tapOf(change.name));
      case "activate":
        await cast.play(change);
        return before === undefined ? undefined : unplug(before, tapOf(change.name));
      case "give-up":
        await unplug(change.host, tapOf(change.name));
        return cast.play(change);
      case "delete":
        if (before !== undefined) await unplug(before, tapOf(change.name));
        return cast.play(change);
      // A tap that is down carries nothing: to whoever needs it, it is not there.
      case "plug":
      case "up":
        return plug(change.host, tapOf(change.name));
      case "unplug":
      case "down":
        return unplug(change.host, tapOf(change.name));
      case "flap":
        for (let times = 0; times < change.times; times++) {
          await unplug(change.host, tapOf(change.name));
          await plug(change.host, tapOf(change.name));
        }
        return;
      case "rename":
        return rename(change.host, tapOf(change.from), tapOf(change.to));
      case "stray":
        await cast.play(change);
        return plug(change.host, tapOf(change.stray));
      default:
        return cast.play(change);
    }
  };
}
