/** Every story in a lab, with packets. */
import { readFileSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { down } from "#lab/down.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { raiseExample } from "#lab/raise.ts";
import { play } from "./play.ts";
import { realWorld } from "./real-world.ts";
import { readStory } from "./story.ts";
import type { Story } from "./story.ts";

const lab = await ownLab("stories");
const stories = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".case"))
  .map((file) => readStory(file, readFileSync(new URL(file, import.meta.url), "utf8")))
  .filter(isPlayable);

/**
 * In the one lab that there is, with VMs that stay on their hosts: how one moves is in lab/move.real.test.ts, and who takes an address
 * over in lab/handover.real.test.ts.
 */
function isPlayable({ datacenter, steps }: Story): boolean {
  return datacenter === "guide" && !steps.some(({ what }) => "do" in what && what.do === "sign");
}

before(() => raiseExample(lab, "guide"));
after(() => down(lab));

for (const story of stories) {
  test(`with packets: ${story.title}`, async () => {
    const world = realWorld(lab);
    try {
      await play(story, world);
    } finally {
      await world.close();
    }
  });
}
