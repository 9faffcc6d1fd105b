/** What every way to tell Nova keeps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { NovaEvent } from "#core/neutron/nova-events.ts";
import type { NovaWorld } from "./nova.fake.ts";
import type { Nova } from "./nova.ts";

const [ONE, OTHER, UNKNOWN] = ["a", "b", "c"].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`) as [string, string, string];
const plugged = (server_uuid: string): NovaEvent => ({
  name: "network-vif-plugged",
  server_uuid,
  tag: `port of ${server_uuid}`,
  status: "completed",
});
const changed = (server_uuid: string): NovaEvent => ({ name: "network-changed", server_uuid, tag: `port of ${server_uuid}` });

/** `open` gives one that tells the Nova of that world. */
export function novaContract(name: string, open: (t: TestContext) => Promise<{ readonly nova: Nova; readonly world: NovaWorld }>): void {
  describe(`${name} tells Nova:`, () => {
    const both = async (t: TestContext) => {
      const it = await open(t);
      for (const id of [ONE, OTHER]) it.world.instances.set(id, "hosted");
      return it;
    };

    test("events arrive as they are, in order, and each is answered", async (t) => {
      const { nova, world } = await both(t);
      const events = [plugged(ONE), changed(OTHER), { ...plugged(OTHER), status: "failed" } as const];
      assert.deepEqual(await nova.tell(events), { heard: true, codes: [200, 200, 200] });
      assert.deepEqual(await nova.tell([changed(ONE)]), { heard: true, codes: [200] });
      assert.deepEqual(world.heard, [events, [changed(ONE)]]);
    });

    test("an instance that is not there, or has no host, is no reason not to hear of the others", async (t) => {
      const { nova, world } = await both(t);
      world.instances.set(OTHER, "unhosted");
      assert.deepEqual(await nova.tell([changed(UNKNOWN), changed(OTHER), changed(ONE)]), { heard: true, codes: [404, 422, 200] });
      assert.deepEqual(await nova.tell([changed(UNKNOWN), changed(UNKNOWN)]), { heard: true, codes: [404, 404] });
    });

    test("one that is away or broken may hear later; one that refuses will not", async (t) => {
      const { nova, world } = await both(t);
      for (const [state, again] of [
        ["away", true],
        ["broken", true],
        ["refusing", false],
      ] as const) {
        world.state = state;
        const told = await nova.tell([changed(ONE)]);
        assert.deepEqual({ heard: told.heard, again: !told.heard && told.again }, { heard: false, again }, state);
        assert.ok(!told.heard && told.reason.length > 0);
      }
      world.state = "there";
      assert.deepEqual(await nova.tell([changed(ONE)]), { heard: true, codes: [200] });
    });
  });
}
