/** Every story: by decisions alone, and by the real loops over fakes, plainly and by every other path. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { End } from "./fake-world.ts";
import { play } from "./play.ts";
import { pureWorld } from "./pure-world.ts";
import { readStory } from "./story.ts";
import { adventurous, anyAdventure, PLAIN, takenBack, walk, WALKS } from "./walks.ts";
import type { Adventure } from "./walks.ts";

/** Always the same few; more of them, and others, when asked for: `MARGAY_WALKS=500`. */
const RUNS = process.env["MARGAY_WALKS"] === undefined ? { numRuns: 3, seed: 20261123 } : { numRuns: Number(process.env["MARGAY_WALKS"]) };

for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith(".case"))) {
  const story = readStory(file, readFileSync(new URL(file, import.meta.url), "utf8"));
  describe(story.title, () => {
    test("decided", async () => {
      const world = await pureWorld(story.datacenter);
      await play(story, world);
      await world.close();
    });
    let plain: Promise<End> | undefined;
    const comesTo = () => (plain ??= walk(story, PLAIN));
    test("done", async () => void (await comesTo()));
    for (const other of WALKS) test(`done, ${other.title}`, async () => assert.deepEqual(await walk(story, other), await comesTo()));
    test("done, with anything happening at any moment", async () => {
      const same = async (adventure: Adventure) => assert.deepEqual(await walk(story, adventurous(adventure)), await comesTo());
      await fc.assert(fc.asyncProperty(anyAdventure, same), RUNS);
    });
    test("done, and taken back", () => takenBack(story));
  });
}
