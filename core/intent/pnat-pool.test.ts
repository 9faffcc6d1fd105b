import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipOf } from "../net/address.ts";
import { addressAt, sizeOf } from "../net/prefix.ts";
import { addressesOf, prefixesOf } from "./pnat-pool.ts";

test("the prefixes of a pool hold exactly its addresses, and no two of them could be one", () => {
  fc.assert(
    fc.property(fc.nat({ max: 0xffff_fc00 }), fc.nat({ max: 700 }), (first, more) => {
      const pool = { start: ipOf(4, BigInt(first)), end: ipOf(4, BigInt(first + more)) };
      const prefixes = prefixesOf(pool);
      const held = prefixes.flatMap((prefix) => Array.from({ length: Number(sizeOf(prefix)) }, (_, at) => addressAt(prefix, BigInt(at))));
      assert.deepEqual(held, addressesOf(pool));
      assert.ok(prefixes.length <= 2 * Math.ceil(Math.log2(more + 2)));
    }),
  );
});

test("a pool of one address is one address", () => {
  const ip = ipOf(4, 0xc633_6402n);
  assert.deepEqual(addressesOf({ start: ip, end: ip }), ["198.51.100.2"]);
  assert.deepEqual(prefixesOf({ start: ip, end: ip }), ["198.51.100.2/32"]);
});
