/** Stories with packets, in the one lab that there is for them. */
import { readFileSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { down } from "#lab/down.ts";
import type { Lab } from "#lab/place.ts";
import { raiseExample } from "#lab/raise.ts";
import { play } from "./play.ts";
import { realWorld } from "./real-world.ts";
import { readStory } from "./story.ts";
import type { Story } from "./story.ts";

const stories = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".case"))
  .map((file) => readStory(file, readFileSync(new URL(file, import.meta.url), "utf8")))
  .filter(isPlayable);

/** With VMs that stay on their hosts: how one moves is in lab/move.real.test.ts, and who takes an address over in lab/handover.real.test.ts. */
function isPlayable({ datacenter, steps }: Story): boolean {
  return datacenter === "guide" && !steps.some(({ what }) => "do" in what && what.do === "sign");
}

/** Does it say how fast something is? */
export function measuresPace({ steps }: Story): boolean {
  return steps.some(({ what }) => "see" in what && what.see === "pace");
}

export function playInLab(lab: Lab, chosen: (story: Story) => boolean): void {
  before(() => raiseExample(lab, "guide"));
  after(() => down(lab));
  for (const story of stories.filter(chosen))
    test(`with packets: ${story.title}`, async () => {
      const world = realWorld(lab);
      try {
        await play(story, world);
      } finally {
        await world.close();
      }
    });
}
