/** What every driver keeps, over a model or over the real thing. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { refOf } from "#core/kinds/kind.ts";
import type { Kind } from "#core/kinds/kind.ts";
import { diff } from "#core/reconcile/diff.ts";
import { DONE } from "./driver.ts";
import type { Driver } from "./driver.ts";

export interface DriverSample<V> {
  readonly kind: Kind<V>;
  /** A driver with no memory, on the host of this test. */
  readonly fresh: () => Driver<V>;
  readonly one: V;
  readonly other: V;
  /** Has the key of `one` and is not the same; absent where the key says all. */
  readonly changed?: V;
  /** Somebody else takes away `one`, which stands, or changes it. Absent where the driver has no `watch`. */
  readonly disturb?: () => Promise<unknown> | void;
  /** Cannot be made, and why not. */
  readonly impossible?: { readonly value: V; readonly reason: RegExp };
}

/** `open` gives a host on which nothing of the sample stands; whatever it leaves behind is removed by `t.after`. */
export function driverContract<V>(name: string, open: (t: TestContext) => Promise<DriverSample<V>> | DriverSample<V>): void {
  describe(`${name} is a driver:`, () => {
    test("invariant 4: what was made is listed by a driver that knows nothing of it", async (t) => {
      const sample = await open(t);
      assert.deepEqual(await make(sample, [sample.one, sample.other]), [DONE, DONE]);
      await holds(sample, [sample.one, sample.other]);
    });

    test("making again what stands is done and changes nothing", async (t) => {
      const sample = await open(t);
      await make(sample, [sample.one]);
      const again = { op: "create", ref: refOf(sample.kind, sample.one), want: sample.one } as const;
      assert.deepEqual(await sample.fresh().apply([again]), [DONE]);
      await holds(sample, [sample.one]);
    });

    test("what was replaced stands as it is wanted now, and the rest as it was", async (t) => {
      const sample = await open(t);
      if (sample.changed === undefined) return t.skip("there is nothing to replace");
      await make(sample, [sample.one, sample.other]);
      assert.deepEqual(await make(sample, [sample.changed, sample.other]), [DONE]);
      await holds(sample, [sample.changed, sample.other]);
    });

    test("what is no longer wanted goes, and nothing else", async (t) => {
      const sample = await open(t);
      await make(sample, [sample.one, sample.other]);
      const outcomes = await sample.fresh().apply([{ op: "delete", ref: refOf(sample.kind, sample.one), have: sample.one }]);
      assert.deepEqual(outcomes, [DONE]);
      const left = await sample.fresh().list([sample.other]);
      assert.deepEqual(left.map(sample.kind.key), [sample.kind.key(sample.other)]);
    });

    test("to delete what is gone already is done", async (t) => {
      const sample = await open(t);
      await make(sample, [sample.other]);
      assert.deepEqual(await sample.fresh().apply([{ op: "delete", ref: refOf(sample.kind, sample.one), have: sample.one }]), [DONE]);
      await holds(sample, [sample.other]);
    });

    test("one that cannot be made says why, and keeps no other from being made", async (t) => {
      const sample = await open(t);
      if (sample.impossible === undefined) return t.skip("everything can be made");
      const outcomes = await make(sample, [sample.one, sample.impossible.value, sample.other]);
      const [first, middle, last] = outcomes;
      assert.deepEqual([first, last], [DONE, DONE]);
      assert.equal(middle?.state, "failed");
      assert.match(middle.state === "failed" ? middle.reason : "", sample.impossible.reason);
      await holds(sample, [sample.one, sample.other]);
    });

    test("what is read back is as the host holds it, and nothing of what it does not hold", async (t) => {
      const sample = await open(t);
      const { kind, fresh, one, other, changed } = sample;
      const read = async (...values: readonly V[]) => fresh().read?.(values);
      if ((await read()) === undefined) return t.skip("nothing is cheaper than to list all");
      const listed = async () => (await fresh().list([one, other])).map(kind.key).filter((key) => [one, other].map(kind.key).includes(key));
      assert.deepEqual((await read(one, other))?.map(kind.key), await listed());
      await make(sample, [one, other]);
      assert.deepEqual(diff(kind, [one], (await read(one)) ?? [], { prune: true }), []);
      assert.deepEqual(diff(kind, [other, one], (await read(other, one)) ?? [], { prune: true }), []);
      if (changed !== undefined) {
        await make(sample, [changed]);
        assert.deepEqual(diff(kind, [changed], (await read(changed)) ?? [], { prune: true }), []);
        const ops = diff(kind, [one], (await read(one)) ?? [], { prune: true }).map(({ op }) => op);
        assert.deepEqual(ops, ["replace"]);
      }
      const gone = (await read(one)) ?? [];
      await fresh().apply(gone.map((have) => ({ op: "delete", ref: refOf(kind, have), have })));
      assert.deepEqual((await read(one, other))?.map(kind.key).toSorted(), (await listed()).toSorted());
    });

    test("somebody else's change is told at once, as one that may concern what it concerns, until nobody wants to know", async (t) => {
      const sample = await open(t);
      const driver = sample.fresh();
      if (driver.watch === undefined || sample.disturb === undefined) return t.skip("nobody tells");
      await driver.apply([{ op: "create", ref: refOf(sample.kind, sample.one), want: sample.one }]);
      let stop = () => {};
      const told = new Promise<void>((resolve) => {
        stop = driver.watch?.((concerned) => (concerned?.(sample.one) === false ? undefined : resolve())) ?? stop;
      });
      t.after(stop);
      await sample.disturb();
      await told;
    });

    test("no changes are no outcomes", async (t) => {
      const sample = await open(t);
      assert.deepEqual(await sample.fresh().apply([]), []);
    });
  });
}

/** One pass: list, subtract, apply. */
async function make<V>({ kind, fresh }: DriverSample<V>, want: readonly V[]) {
  const driver = fresh();
  return driver.apply(diff(kind, want, await driver.list(want), { prune: false }));
}

async function holds<V>({ kind, fresh }: DriverSample<V>, want: readonly V[]): Promise<void> {
  const held = await fresh().list(want);
  assert.deepEqual(diff(kind, want, held, { prune: false }), []);
}
