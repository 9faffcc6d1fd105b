/** A host's BIRD as the BGP speaker. */
import type { Speaker } from "#contracts/speaker.ts";
import { readBgpProtocols } from "#core/birdc/answers.ts";
import { askBird } from "./control.ts";

export function birdSpeaker(control: string): Speaker {
  return {
    sessions: async () => {
      const answer = await askBird(control, "show protocols").catch(() => undefined);
      if (answer === undefined) return undefined;
      const sessions = readBgpProtocols(answer.join("\n"));
      return {
        established: sessions.filter(({ established }) => established).length,
        down: sessions.flatMap(({ name, established }) => (established ? [] : [name])).toSorted(),
      };
    },
  };
}
