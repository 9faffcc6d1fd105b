/** What every clock keeps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Clock } from "./clock.ts";

export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets at least `ms` pass. */
  readonly pass: (ms: number) => Promise<void> | void;
}

export function clockContract(name: string, open: () => ClockUnderTest): void {
  describe(`${name} is a clock:`, () => {
    test("it goes forward", async () => {
      const { clock, pass } = open();
      const before = clock.now();
      await pass(5);
      assert.ok(clock.now() >= before + 5);
    });

    test("it calls once, not before its time, and what is due sooner first", async () => {
      const { clock, pass } = open();
      const calls: string[] = [];
      const start = clock.now();
      clock.after(20, () => {
        calls.push("later");
        // A timer may be a millisecond early by the wall clock, which is read apart from it.
        assert.ok(clock.now() >= start + 19);
      });
      clock.after(0, () => calls.push("at once"));
      clock.after(5, () => calls.push("soon"));
      assert.deepEqual(calls, []);
      await pass(100);
      assert.deepEqual(calls, ["at once", "soon", "later"]);
    });

    test("a call that is taken back is not made", async () => {
      const { clock, pass } = open();
      const calls: string[] = [];
      const takeBacks = [0, 5].map((ms) => clock.after(ms, () => calls.push("called")));
      for (const takeBack of takeBacks) takeBack();
      await pass(20);
      for (const takeBack of takeBacks) takeBack();
      assert.deepEqual(calls, []);
    });
  });
}
