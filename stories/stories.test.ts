/** Every story, by decisions alone. */
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { play } from "./play.ts";
import { pureWorld } from "./pure-world.ts";
import { readStory } from "./story.ts";

for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith(".case"))) {
  const story = readStory(file, readFileSync(new URL(file, import.meta.url), "utf8"));
  test(`decided: ${story.title}`, async () => {
    const world = await pureWorld(story.datacenter);
    await play(story, world);
    await world.close();
  });
}
