/** What every neighbourhood keeps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Watched } from "#core/intent/bfd.ts";
import type { Neighbourhood } from "./neighbourhood.ts";

export interface NeighbourhoodHost {
  readonly neighbourhood: Neighbourhood;
  /** Whose kernel answers, with whom there is a session of BGP, and one of BFD that is down. */
  readonly there: Watched;
  /** Whose kernel does not answer, and with whom there is no session. */
  readonly nobody: Watched;
  /** The process that speaks it ends, or begins anew; resolves once it answers nobody, or does. */
  readonly speaker: (which: "BFD" | "BGP", state: "ends" | "begins") => Promise<void> | void;
}

export function neighbourhoodContract(name: string, open: (t: TestContext) => Promise<NeighbourhoodHost> | NeighbourhoodHost): void {
  describe(`${name} is asked of neighbours:`, () => {
    test("BFD's sessions are told as often as they are asked for", async (t) => {
      const { neighbourhood, there } = await open(t);
      const down = [{ ip: there.peer, interface: there.interface, state: "Down" }];
      for (let times = 0; times < 3; times++) assert.deepEqual(await neighbourhood.bfd(), down);
    });

    test("while nobody speaks BFD nothing is known; of another process that does nothing at first, either", async (t) => {
      const { neighbourhood, speaker } = await open(t);
      assert.equal((await neighbourhood.bfd())?.length, 1);
      await speaker("BFD", "ends");
      for (let times = 0; times < 2; times++) assert.equal(await neighbourhood.bfd(), undefined);
      await speaker("BFD", "begins");
      assert.equal((await neighbourhood.bfd())?.length, 1);
      await speaker("BFD", "ends");
      await speaker("BFD", "begins");
      assert.deepEqual([await neighbourhood.bfd(), (await neighbourhood.bfd())?.length], [undefined, 1]);
    });

    test("a kernel answers an echo request, or does not", async (t) => {
      const { neighbourhood, there, nobody } = await open(t);
      assert.deepEqual([await neighbourhood.echo(there), await neighbourhood.echo(nobody)], [true, false]);
    });

    test("a session is ended by its name; none is where there is no such session, or no BIRD", async (t) => {
      const { neighbourhood, there, nobody, speaker } = await open(t);
      await neighbourhood.leave(there);
      await assert.rejects(neighbourhood.leave(nobody));
      await speaker("BGP", "ends");
      await assert.rejects(neighbourhood.leave(there));
      await speaker("BGP", "begins");
      await neighbourhood.leave(there);
    });
  });
}
