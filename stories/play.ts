/** Plays a story in a world, and tells the first sentence that does not hold, with what was there instead. */
import assert from "node:assert/strict";
import { isChange } from "./story.ts";
import type { Expectation, Story } from "./story.ts";
import type { World } from "./world.ts";

export async function play(story: Story, world: World): Promise<void> {
  let rests = true;
  for (const { line, text, what } of story.steps) {
    if (isChange(what)) {
      await world.change(what);
      rests = false;
      continue;
    }
    if (!rests) await world.settle();
    rests = true;
    await eventually(world.patience, () => expect(world, what, `line ${line}: ${text}`));
  }
}

/** Tries again until it holds, or until patience ends; then it fails with its last words. */
async function eventually(patience: number, attempt: () => Promise<void>): Promise<void> {
  const end = Date.now() + patience;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function expect(world: World, what: Expectation, said: string): Promise<void> {
  switch (what.see) {
    case "holds":
    case "lacks": {
      const held = await world.holdings(what.host);
      const kind = what.object.split(" ")[0] ?? "";
      assert.equal(
        held.includes(what.object),
        what.see === "holds",
        `${said}\n${what.host} holds of this kind:\n${held.filter((one) => one.startsWith(`${kind} `)).join("\n")}`,
      );
      return;
    }
    case "holds-nothing": {
      const held = await world.holdings(what.host);
      assert.deepEqual(
        held.filter((one) => one.includes(`tap(${what.port})`)),
        [],
        said,
      );
      return;
    }
    case "status": {
      const status = await world.status(what.port);
      if (status !== undefined) assert.equal(status, what.status, said);
      return;
    }
    case "pace": {
      const mbit = await world.pace(what.from, what.to);
      const is = `it is ${mbit ?? "as fast as it can be"}`;
      if (what.mbit === undefined) return assert.equal(mbit, undefined, `${said}\n${is}`);
      assert.ok(mbit !== undefined && mbit > 0.8 * what.mbit && mbit < 1.15 * what.mbit, `${said}\n${is}`);
      return;
    }
    case "reach":
      return expectReach(world, what, said);
  }
}

async function expectReach(world: World, what: Extract<Expectation, { see: "reach" }>, said: string): Promise<void> {
  const found = await world.reach(what.from, what.to, what.flow);
  assert.ok(found.length > 0, `${said}\nthey have no family in common`);
  for (const { family, reaches, evidence } of found) {
    assert.equal(reaches, what.reaches, `${said}\nover IPv${family}: ${evidence}`);
    if (what.as !== undefined) assert.equal(evidence, what.as, `${said}\nover IPv${family}`);
  }
}
