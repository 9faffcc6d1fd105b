/** Lists of prefixes mean what plain sets of addresses mean. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ipOf } from "./address.ts";
import { addressAt, covers, overlaps, prefixOf, readCidr, sizeOf } from "./prefix.ts";
import type { Cidr } from "./prefix.ts";
import { common, compacted, firstFit, without } from "./prefix-set.ts";

const cidr = (text: string) => readCidr(text) ?? assert.fail(text);

/** Blocks within a /24 of either family, so that they meet often. */
const block = fc
  .record({ family: fc.constantFrom(4 as const, 6 as const), host: fc.nat(255), length: fc.integer({ min: 0, max: 8 }) })
  .map(({ family, host, length }) =>
    family === 4
      ? prefixOf(ipOf(4, 0x0a000000n + BigInt(host)), 24 + length)
      : prefixOf(ipOf(6, (0x20010db8n << 96n) + BigInt(host)), 120 + length),
  );
const blocks = fc.array(block, { maxLength: 12 });

function addresses(prefixes: readonly Cidr[]): Set<string> {
  return new Set(prefixes.flatMap((prefix) => Array.from({ length: Number(sizeOf(prefix)) }, (_, at) => addressAt(prefix, BigInt(at)))));
}

describe("a list of prefixes", () => {
  test("has the addresses that a plain set would have", () => {
    fc.assert(
      fc.property(blocks, blocks, (left, right) => {
        const [mine, theirs] = [addresses(left), addresses(right)];
        assert.deepEqual(addresses(compacted(left)), mine);
        assert.deepEqual(addresses(without(left, right)), new Set([...mine].filter((address) => !theirs.has(address))));
        assert.deepEqual(addresses(common(left, right)), new Set([...mine].filter((address) => theirs.has(address))));
      }),
      { numRuns: 300 },
    );
  });

  test("is as short as can be: no two parts meet, or make up one", () => {
    fc.assert(
      fc.property(blocks, (some) => {
        const parts = compacted(some);
        for (const [at, part] of parts.entries())
          for (const other of parts.slice(at + 1)) {
            assert.ok(!overlaps(part, other), `${part} and ${other} overlap`);
            assert.equal(compacted([part, other]).length, 2, `${part} and ${other} are one`);
          }
      }),
      { numRuns: 100 },
    );
  });

  test("reaches from end to end of a family", () => {
    assert.deepEqual(compacted([cidr("0.0.0.0/1"), cidr("128.0.0.0/1"), cidr("::/0")]), ["0.0.0.0/0", "::/0"]);
    assert.deepEqual(without([cidr("::/0")], [cidr("8000::/1")]), ["::/1"]);
  });

  test("gives the smallest part that is large enough, and of equals the first", () => {
    const parts = ["10.0.0.0/15", "10.9.0.0/24", "10.8.0.0/24", "10.7.0.0/26"].map(cidr);
    assert.equal(firstFit(parts, 26), "10.7.0.0/26");
    assert.equal(firstFit(parts, 25), "10.9.0.0/25");
    assert.equal(firstFit(parts, 20), "10.0.0.0/20");
    assert.equal(firstFit(parts, 14), undefined);
    const fit = firstFit(parts, 32);
    assert.ok(fit !== undefined && covers(cidr("10.7.0.0/26"), fit));
  });
});
