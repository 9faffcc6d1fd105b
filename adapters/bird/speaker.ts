/** A host's BIRD as the BGP speaker. */
import type { Speaker } from "#contracts/speaker.ts";
import { askBird } from "./control.ts";

export function birdSpeaker(control: string): Speaker {
  return {
    sessions: async () => {
      const answer = await askBird(control, "show protocols").catch(() => undefined);
      if (answer === undefined) return undefined;
      const sessions = answer.flatMap(sessionIn);
      return {
        established: sessions.filter(({ up }) => up).length,
        down: sessions.flatMap(({ name, up }) => (up ? [] : [name])).toSorted(),
      };
    },
  };
}

/** `host:h1   BGP   ---   up   14:05:11.123  Established`; names and columns hold no spaces. */
function sessionIn(line: string): { readonly name: string; readonly up: boolean }[] {
  const [name = "", protocol, , state, ...info] = line.trim().split(/\s+/);
  return protocol === "BGP" ? [{ name, up: state === "up" && info.includes("Established") }] : [];
}
