import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Wanted } from "#core/kinds/kind.ts";
import { route } from "#core/kinds/route.ts";
import type { Route } from "#core/kinds/route.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { gathering } from "./gather.ts";
import type { Gathering, Item } from "./gather.ts";

const plain = ({ ref, show, because, needs, value }: Item<Route>) => ({ ref, show, because, needs, value });

function contentOf(all: Gathering<Route>) {
  const items = [...all.all()].map(plain).toSorted((one, other) => (one.ref < other.ref ? -1 : 1));
  return {
    items,
    contested: all
      .contested()
      .map(plain)
      .toSorted((one, other) => (one.ref < other.ref ? -1 : 1)),
    causes: [...all.causes()].toSorted(),
  };
}

/** Few names and few devices, so that the same is often wanted twice, alike or otherwise. */
const wanted: fc.Arbitrary<Wanted<Route>> = fc
  .record({
    prefix: fc.constantFrom("10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32"),
    dev: fc.constantFrom("tap1", "tap2"),
    cause: fc.constantFrom("port/a", "port/b", "port/c"),
  })
  .map(({ prefix, dev, cause }) => ({ value: { prefix: prefix as Cidr, to: { dev }, metric: 1, after: [] }, because: [cause] }));
const lists = fc.array(fc.array(wanted, { maxLength: 4 }), { minLength: 4, maxLength: 4 });
/** Which of the lists there are, in which order; and whether each is the same list as before, or another one of the same. */
const views = fc.array(fc.tuple(fc.shuffledSubarray([0, 1, 2, 3]), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })), {
  maxLength: 8,
});

test("what is gathered part by part, over whatever went before, is what is gathered at once", () => {
  fc.assert(
    fc.property(lists, views, (all, steps) => {
      const one = gathering(route);
      const current = [...all];
      for (const [which, renewed] of steps) {
        for (const [at, isOther] of renewed.entries()) if (isOther) current[at] = [...(current[at] ?? [])];
        const asked = which.map((at) => current[at] ?? []);
        const before = new Map([...one.all()].map((item) => [item.ref, plain(item)]));
        const changed = one.take(asked);
        const fresh = gathering(route);
        fresh.take(asked);
        assert.deepEqual(contentOf(one), contentOf(fresh));
        for (const ref of new Set([...before.keys(), ...[...one.all()].map((item) => item.ref)])) {
          const [was, is] = [before.get(ref), one.get(ref)];
          if (!changed.has(ref)) assert.deepEqual(is === undefined ? undefined : plain(is), was);
          else assert.deepEqual(changed.get(ref) === undefined ? undefined : plain(changed.get(ref) as Item<Route>), was);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("parts that are the same are not looked at, and neither is what another part holds on to", () => {
  let looks = 0;
  const counting = gathering<Route>({ ...route, key: (value) => (looks++, route.key(value)) });
  const each = (n: number): Wanted<Route> => ({
    value: { prefix: `10.0.${n >> 8}.${n & 255}/32` as Cidr, to: { dev: "tap1" }, metric: 1, after: [] },
    because: [],
  });
  const parts = Array.from({ length: 100 }, (_, part) => Array.from({ length: 10 }, (_, n) => each(part * 10 + n)));
  counting.take(parts);
  assert.equal(looks, 1000);
  const [first = [], ...rest] = parts;
  assert.equal(counting.take([...rest, [...first.slice(1), each(5000)]]).size, 2);
  assert.equal(looks, 1002);
});
