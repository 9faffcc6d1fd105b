/** Classes of prefixes: each prefix has one that stands for it, and none stands for what is not there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipOf } from "../net/address.ts";
import { covers, prefixOf, readCidr } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { cellsOf } from "./cells.ts";
import { memberOf, placeOf } from "./evaluate.ts";
import type { Place } from "./evaluate.ts";

const BASE = 0x0a00_0000n;
const small = fc
  .tuple(fc.nat(31), fc.integer({ min: 27, max: 32 }))
  .map(([host, length]) => prefixOf(ipOf(4, BASE + BigInt(host)), length));

/** Every prefix that lies in 10.0.0.0/27. */
const UNIVERSE = Array.from({ length: 6 }, (_, at) => 27 + at).flatMap((length) =>
  Array.from({ length: 1 << (length - 27) }, (_, at) => prefixOf(ipOf(4, BASE + (BigInt(at) << BigInt(32 - length))), length)),
);

const held = (boundaries: readonly Cidr[], prefix: Cidr) =>
  boundaries
    .filter((boundary) => covers(boundary, prefix))
    .toSorted()
    .join();
const shown = ({ bits, length }: Place) => prefixOf(ipOf(4, bits), length);

test("whatever prefix there is, one of the same length stands for it, held by the same boundaries", () => {
  fc.assert(
    fc.property(fc.array(small, { maxLength: 8 }), (boundaries) => {
      const cells = cellsOf(4, boundaries).map((place) => `${place.length} ${held(boundaries, shown(place))}`);
      assert.equal(new Set(cells).size, cells.length, "no two stand for the same");
      for (const prefix of UNIVERSE)
        assert.ok(cells.includes(`${placeOf(prefix).length} ${held(boundaries, prefix)}`), `${prefix} of ${boundaries.join()}`);
    }),
    { numRuns: 200 },
  );
});

test("a set of ranges tells prefixes apart only as their classes do", () => {
  const range = fc
    .tuple(small, fc.nat(5), fc.nat(5))
    .map(([prefix, one, other]) => ({ prefix, least: 27 + Math.min(one, other), most: 27 + Math.max(one, other) }));
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 6 }), (ranges) => {
      const inSet = memberOf({ name: "", family: 4, ranges });
      const boundaries = ranges.map(({ prefix }) => prefix);
      const cells = cellsOf(4, boundaries);
      for (const prefix of UNIVERSE) {
        const same = cells.find(
          (place) => place.length === placeOf(prefix).length && held(boundaries, shown(place)) === held(boundaries, prefix),
        );
        assert.equal(inSet(placeOf(prefix)), same !== undefined && inSet(same), `${prefix}`);
        const meant = ranges.some(
          (each) => covers(each.prefix, prefix) && placeOf(prefix).length >= each.least && placeOf(prefix).length <= each.most,
        );
        assert.equal(inSet(placeOf(prefix)), meant, `${prefix}`);
      }
    }),
    { numRuns: 200 },
  );
});

test("a family is searched from the default route to single addresses", () => {
  const whole = cellsOf(6, []);
  assert.deepEqual([whole.length, whole[0]?.length, whole.at(-1)?.length], [129, 0, 128]);
  const halves = cellsOf(
    6,
    ["::/1", "8000::/1"].map((text) => readCidr(text) ?? assert.fail(text)),
  );
  // The two halves leave nothing beside them but the whole itself.
  assert.equal(halves.length, 1 + 2 * 128);
});
